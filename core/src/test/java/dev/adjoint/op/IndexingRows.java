package dev.adjoint.op;

import static dev.adjoint.op.Domain.MASK;
import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.tensor.IntTensor;
import java.util.ArrayList;
import java.util.List;

/** Rows for what takes indices: many of them are equal, so that gradients have to add up. */
final class IndexingRows {

  private IndexingRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    elements(rows);
    slices(rows);
    losses(rows);
    return rows;
  }

  private static void elements(List<OpCase> rows) {
    rows.add(
        op(
                "gather along the last axis",
                x -> Indexing.gather(x[0], 1, indices(x[0].size(1), x[0].size(0), 6)),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), 6},
                        i -> x[0].at(i[0], index(x[0].size(1), 6 * i[0] + i[1]))),
                in(REAL, "m n"))
            .covers("Indexing.gather(Tensor, int, IntTensor)")
            .uses("Indexing.Gather")
            .nonEmpty("n"));
    rows.add(
        op(
                "gather along the first axis, of fewer columns",
                x -> Indexing.gather(x[0], 0, indices(x[0].size(0), 7, x[0].size(1) / 2)),
                x -> {
                  int columns = x[0].size(1) / 2;
                  return Dense.of(
                      new int[] {7, columns},
                      i -> x[0].at(index(x[0].size(0), columns * i[0] + i[1]), i[1]));
                },
                in(REAL, "m n"))
            .covers("Indexing.gather(Tensor, int, IntTensor)")
            .nonEmpty("m"));
    rows.add(
        op(
                "takeAlongAxis of a broadcast index",
                x -> Indexing.takeAlongAxis(x[0], 1, indices(x[0].size(1), 1, 3, 1)),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), 3, x[0].size(2)},
                        i -> x[0].at(i[0], index(x[0].size(1), i[1]), i[2])),
                in(REAL, "b m n"))
            .covers("Indexing.takeAlongAxis(Tensor, int, IntTensor)")
            .nonEmpty("m"));
    rows.add(
        op(
                "scatterAdd",
                x ->
                    Indexing.scatterAdd(
                        x[0], 0, indices(x[0].size(0), x[1].size(0), x[1].size(1)), x[1]),
                x ->
                    Dense.of(
                        x[0].sizes(),
                        i -> {
                          double sum = x[0].at(i);
                          for (int j = 0; j < x[1].size(0); j++) {
                            boolean here = index(x[0].size(0), j * x[1].size(1) + i[1]) == i[0];
                            sum += here ? x[1].at(j, i[1]) : 0;
                          }
                          return sum;
                        }),
                in(REAL, "m n"),
                in(REAL, "k n"))
            .covers("Indexing.scatterAdd(Tensor, int, IntTensor, Tensor)")
            .uses("Indexing.ScatterAdd")
            .tolerance(2)
            .nonEmpty("m"));
    rows.add(
        op(
                "maskedFill",
                x -> Indexing.maskedFill(x[0], x[1], 1.5),
                x -> Dense.of(x[0].sizes(), i -> x[1].at(i) != 0 ? 1.5 : x[0].at(i)),
                in(REAL, "m n"),
                in(MASK, "n"))
            .covers("Indexing.maskedFill(Tensor, Tensor, double)"));
  }

  private static void slices(List<OpCase> rows) {
    rows.add(
        op(
                "indexSelect, squared, so that its pullback is recorded",
                x -> Indexing.indexSelect(x[0], 1, indices(x[0].size(1), 5)).square(),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), 5, x[0].size(2)},
                        i -> Math.pow(x[0].at(i[0], index(x[0].size(1), i[1]), i[2]), 2)),
                in(REAL, "b m n"))
            .covers("Indexing.indexSelect(Tensor, int, IntTensor)")
            .uses("Indexing.Select", "Indexing.SelectAdd")
            .nonEmpty("m"));
    rows.add(
        op(
                "embedding",
                x -> Indexing.embedding(x[0], indices(x[0].size(0), 2, 3)),
                x ->
                    Dense.of(
                        new int[] {2, 3, x[0].size(1)},
                        i -> x[0].at(index(x[0].size(0), 3 * i[0] + i[1]), i[2])),
                in(REAL, "m n"))
            .covers("Indexing.embedding(Tensor, IntTensor)")
            .nonEmpty("m"));
  }

  private static void losses(List<OpCase> rows) {
    rows.add(
        op(
                "crossEntropy",
                x -> Losses.crossEntropy(x[0], indices(x[0].size(1), x[0].size(0))),
                x -> {
                  double sum = 0;
                  for (int row = 0; row < x[0].size(0); row++) {
                    sum += surprise(x[0], index(x[0].size(1), row), row);
                  }
                  return new Dense(new double[] {sum / x[0].size(0)});
                },
                in(REAL, "m n"))
            .covers("Losses.crossEntropy(Tensor, IntTensor)")
            .uses("Losses.CrossEntropy")
            .nonEmpty("n"));
    rows.add(
        op(
                "crossEntropyPerRow",
                x ->
                    Losses.crossEntropyPerRow(
                        x[0], indices(x[0].size(2), x[0].size(0), x[0].size(1))),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), x[0].size(1)},
                        i ->
                            surprise(
                                x[0], index(x[0].size(2), i[0] * x[0].size(1) + i[1]), i[0], i[1])),
                in(REAL, "b m n"))
            .covers("Losses.crossEntropyPerRow(Tensor, IntTensor)")
            .uses("Losses.CrossEntropy")
            .nonEmpty("n"));
  }

  private static double surprise(Dense x, int target, int... row) {
    int[] index = new int[row.length + 1];
    System.arraycopy(row, 0, index, 0, row.length);
    double sum = 0;
    for (int i = 0; i < x.size(-1); i++) {
      index[row.length] = i;
      sum += Math.exp(x.at(index));
    }
    index[row.length] = target;
    return Math.log(sum) - x.at(index);
  }

  /** Returns indices below a bound, in no order, some of them equal. */
  private static IntTensor indices(int bound, int... sizes) {
    int[] values = new int[Dense.product(sizes)];
    for (int i = 0; i < values.length; i++) {
      values[i] = index(bound, i);
    }
    return IntTensor.of(values, sizes);
  }

  private static int index(int bound, int position) {
    return (int) ((position * 7919L + position / 3) % bound);
  }
}
