package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntBinaryOperator;
import java.util.function.UnaryOperator;

/** Rows for what only moves elements: views, joins, repetitions. */
final class ViewRows {

  private ViewRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    shapes(rows);
    orders(rows);
    parts(rows);
    repetitions(rows);
    paddings(rows);
    joins(rows);
    return rows;
  }

  private static OpCase view(
      String name, String shape, UnaryOperator<Tensor> function, UnaryOperator<Dense> oracle) {
    return op(name, x -> function.apply(x[0]), x -> oracle.apply(x[0]), in(REAL, shape));
  }

  private static void shapes(List<OpCase> rows) {
    rows.add(
        view(
                "reshape to fewer axes",
                "b m n",
                x -> x.reshape(x.size(0) * x.size(1), x.size(2)),
                x -> x.reshape(x.size(0) * x.size(1), x.size(2)))
            .covers("reshape(int[])")
            .uses("Movement.Reshape"));
    rows.add(
        view(
                "reshape to other axes",
                "b m n",
                x -> x.reshape(x.size(2), 1, x.size(0), x.size(1)),
                x -> x.reshape(x.size(2), 1, x.size(0), x.size(1)))
            .covers("reshape(int[])"));
    rows.add(
        view(
                "reshape with -1",
                "b m n",
                x -> x.reshape(x.size(0), -1),
                x -> x.reshape(x.size(0), x.size(1) * x.size(2)))
            .covers("reshape(int[])")
            .nonEmpty("b"));
    rows.add(
        view(
                "reshape to a shape",
                "m n",
                x -> x.reshape(Shape.of(x.size())),
                x -> x.reshape(x.values().length))
            .covers("reshape(Shape)"));
    rows.add(
        view(
                "flatten",
                "b m n",
                x -> x.flatten(1, -1),
                x -> x.reshape(x.size(0), x.size(1) * x.size(2)))
            .covers("flatten(int, int)"));
    rows.add(
        view("squeeze", "m 1 n", x -> x.squeeze(1), x -> x.reshape(x.size(0), x.size(2)))
            .covers("squeeze(int)"));
    rows.add(
        view("unsqueeze", "m n", x -> x.unsqueeze(1), x -> x.reshape(x.size(0), 1, x.size(1)))
            .covers("unsqueeze(int)"));
    rows.add(
        view(
                "unsqueeze at -1",
                "m n",
                x -> x.unsqueeze(-1),
                x -> x.reshape(x.size(0), x.size(1), 1))
            .covers("unsqueeze(int)"));
  }

  private static void orders(List<OpCase> rows) {
    rows.add(
        view(
                "permute",
                "b m n",
                x -> x.permute(2, 0, -2),
                x ->
                    Dense.of(
                        new int[] {x.size(2), x.size(0), x.size(1)}, i -> x.at(i[1], i[2], i[0])))
            .covers("permute(int[])")
            .uses("Movement.Permute"));
    rows.add(
        view(
                "transpose of two axes",
                "b m n",
                x -> x.transpose(0, -1),
                x ->
                    Dense.of(
                        new int[] {x.size(2), x.size(1), x.size(0)}, i -> x.at(i[2], i[1], i[0])))
            .covers("transpose(int, int)"));
    rows.add(
        view(
                "transpose",
                "b m n",
                Tensor::transpose,
                x ->
                    Dense.of(
                        new int[] {x.size(0), x.size(2), x.size(1)}, i -> x.at(i[0], i[2], i[1])))
            .covers("transpose()"));
    rows.add(
        view(
                "flip",
                "b m n",
                x -> x.flip(0, -1),
                x ->
                    Dense.of(
                        x.sizes(), i -> x.at(x.size(0) - 1 - i[0], i[1], x.size(2) - 1 - i[2])))
            .covers("flip(int[])")
            .uses("Movement.Flip"));
    rows.add(
        view("contiguous", "m n", x -> x.transpose().contiguous(), ViewRows::transposed)
            .covers("contiguous()")
            .uses("Contiguous.COPY"));
    rows.add(view("copy", "m n", x -> x.transpose().copy(), ViewRows::transposed).covers("copy()"));
    for (int shift : new int[] {2, -1, 12}) {
      rows.add(
          view(
                  "roll by " + shift,
                  "m n",
                  x -> x.roll(shift, 1),
                  x -> Dense.of(x.sizes(), i -> x.at(i[0], Math.floorMod(i[1] - shift, x.size(1)))))
              .covers("roll(int, int)"));
    }
  }

  private static Dense transposed(Dense x) {
    return Dense.of(new int[] {x.size(1), x.size(0)}, i -> x.at(i[1], i[0]));
  }

  private static void parts(List<OpCase> rows) {
    rows.add(
        view(
                "slice with a step",
                "m n",
                x -> x.slice(1, 1, 9, 2),
                x -> Dense.of(new int[] {x.size(0), x.size(1) / 2}, i -> x.at(i[0], 1 + 2 * i[1])))
            .covers("slice(int, int, int, int)")
            .uses("Movement.Slice"));
    rows.add(
        view(
                "slice",
                "n m",
                x -> x.slice(0, -3, -1),
                x ->
                    Dense.of(
                        new int[] {Math.max(0, Math.min(2, x.size(0) - 1)), x.size(1)},
                        i -> x.at(Math.max(0, x.size(0) - 3) + i[0], i[1])))
            .covers("slice(int, int, int)"));
    rows.add(
        view(
                "select",
                "b m n",
                x -> x.select(1, -1),
                x ->
                    Dense.of(
                        new int[] {x.size(0), x.size(2)}, i -> x.at(i[0], x.size(1) - 1, i[1])))
            .covers("select(int, int)")
            .nonEmpty("m"));
    rows.add(
        view(
                "split",
                "4 n",
                x -> x.split(0, 1, 0, 3).get(2).times(x.split(0, 3, 1).get(0)),
                x ->
                    Dense.of(
                        new int[] {3, x.size(1)}, i -> x.at(1 + i[0], i[1]) * x.at(i[0], i[1])))
            .covers("split(int, int[])"));
    rows.add(
        view(
                "chunk",
                "m 5",
                x -> x.chunk(3, -1).get(1).plus(x.chunk(3, -1).get(2)),
                x -> Dense.of(new int[] {x.size(0), 2}, i -> x.at(i[0], 2 + i[1]) + x.at(i[0], 4)))
            .covers("chunk(int, int)"));
  }

  private static void repetitions(List<OpCase> rows) {
    rows.add(
        view(
                "expand",
                "m 1",
                x -> x.expand(2, -1, 4),
                x -> Dense.of(new int[] {2, x.size(0), 4}, x::at))
            .covers("expand(int[])")
            .uses("Movement.Expand"));
    rows.add(
        view(
                "expand to a shape",
                "n",
                x -> x.expand(Shape.of(3, x.size(0))),
                x -> Dense.of(new int[] {3, x.size(0)}, x::at))
            .covers("expand(Shape)"));
    rows.add(
        view(
                "expand to size 0",
                "1 n",
                x -> x.expand(0, -1),
                x -> new Dense(new double[0], 0, x.size(1)))
            .covers("expand(int[])"));
    rows.add(
        view(
                "tile",
                "m n",
                x -> x.tile(2, 3),
                x ->
                    Dense.of(
                        new int[] {2 * x.size(0), 3 * x.size(1)},
                        i -> x.at(i[0] % x.size(0), i[1] % x.size(1))))
            .covers("tile(int[])"));
    rows.add(
        view(
                "repeat",
                "m n",
                x -> x.repeat(3, 0),
                x -> Dense.of(new int[] {3 * x.size(0), x.size(1)}, i -> x.at(i[0] / 3, i[1])))
            .covers("repeat(int, int)"));
    for (double value : new double[] {0, -1.5}) {
      rows.add(
          view(
                  "pad with " + value,
                  "b m n",
                  x -> x.pad(1, 2, 1, value),
                  x ->
                      Dense.of(
                          new int[] {x.size(0), x.size(1) + 3, x.size(2)},
                          i ->
                              i[1] < 2 || i[1] >= x.size(1) + 2
                                  ? value
                                  : x.at(i[0], i[1] - 2, i[2])))
              .covers("pad(int, int, int, double)")
              .uses("Pad"));
    }
  }

  private static void paddings(List<OpCase> rows) {
    padding(rows, PadMode.ZEROS, "m n", 2, 3, (i, n) -> -1);
    padding(rows, PadMode.REFLECT, "m 4", 2, 3, (i, n) -> i < 0 ? -i : i < n ? i : 2 * n - 2 - i);
    padding(rows, PadMode.REPLICATE, "m n", 2, 3, (i, n) -> Math.clamp(i, 0, n - 1));
    padding(rows, PadMode.CIRCULAR, "m 3", 2, 3, (i, n) -> Math.floorMod(i, n));
    padding(rows, PadMode.CIRCULAR, "m 3", 0, 1, (i, n) -> Math.floorMod(i, n));
    padding(rows, PadMode.REFLECT, "m 3", 1, 0, (i, n) -> Math.abs(i));
  }

  /** Pads the last axis; the source of a position outside is told, -1 for a zero. */
  private static void padding(
      List<OpCase> rows,
      PadMode mode,
      String shape,
      int before,
      int after,
      IntBinaryOperator source) {
    rows.add(
        view(
                "pad %d, %d of mode %s".formatted(before, after, mode),
                shape,
                x -> x.pad(-1, before, after, mode),
                x ->
                    Dense.of(
                        new int[] {x.size(0), before + x.size(1) + after},
                        i -> {
                          int at = i[1] - before;
                          boolean inside = at >= 0 && at < x.size(1);
                          int from = inside ? at : source.applyAsInt(at, x.size(1));
                          return from < 0 ? 0 : x.at(i[0], from);
                        }))
            .covers("pad(int, int, int, PadMode)")
            .nonEmpty(mode == PadMode.REPLICATE ? "n" : ""));
  }

  private static void joins(List<OpCase> rows) {
    Function<Tensor[], Tensor> concat = x -> Joining.concat(-1, x);
    rows.add(
        op(
                "concat along the last axis",
                concat,
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), x[0].size(1) + x[1].size(1) + x[2].size(1)},
                        i -> pick(x, i[1], 1, j -> new int[] {i[0], j})),
                in(REAL, "m n"),
                in(REAL, "m k"),
                in(REAL, "m 1"))
            .covers("Joining.concat(int, Tensor[])")
            .uses("Joining.Concat"));
    rows.add(
        op(
                "concat along the first axis",
                x -> Joining.concat(0, x),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0) + x[1].size(0), x[0].size(1)},
                        i -> pick(x, i[0], 0, j -> new int[] {j, i[1]})),
                in(REAL, "m n"),
                in(REAL, "k n"))
            .covers("Joining.concat(int, Tensor[])"));
    rows.add(
        op(
                "stack",
                x -> Joining.stack(1, x),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), 2, x[0].size(1)}, i -> x[i[1]].at(i[0], i[2])),
                in(REAL, "m n"),
                in(REAL, "m n"))
            .covers("Joining.stack(int, Tensor[])"));
    rows.add(
        op(
                "stack along a new last axis",
                x -> Joining.stack(-1, x),
                x -> Dense.of(new int[] {x[0].size(0), 2}, i -> x[i[1]].at(i[0])),
                in(REAL, "n"),
                in(REAL, "n"))
            .covers("Joining.stack(int, Tensor[])"));
  }

  /** Finds an element of several arrays joined along an axis. */
  private static double pick(Dense[] x, int at, int axis, Function<Integer, int[]> index) {
    int rest = at;
    int part = 0;
    while (rest >= x[part].size(axis)) {
      rest -= x[part++].size(axis);
    }
    return x[part].at(index.apply(rest));
  }
}
