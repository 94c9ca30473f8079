package dev.adjoint.nn.calls;

import static dev.adjoint.nn.calls.CallRow.row;
import static dev.adjoint.nn.calls.CallRow.values;
import static dev.adjoint.nn.calls.Libtorch.optional;
import static dev.adjoint.nn.calls.Libtorch.scalar;

import dev.adjoint.op.Indexing;
import dev.adjoint.op.Masking;
import dev.adjoint.op.Scattering;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptionalList;
import org.bytedeco.pytorch.global.torch;

/** Reading and writing at indices, and by masks. */
final class IndexingCalls {

  private IndexingCalls() {}

  static List<CallRow> rows() {
    return List.of(
        row(
            "gather",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.axis(sizes.length);
              IntTensor index = index(d, axis, sizes, sizes);
              return d.input(Values.REAL, sizes)
                  .call(
                      x -> Indexing.gather(x[0], axis, index),
                      t -> torch.gather(t[0], axis, Libtorch.of(index)));
            }),
        row(
            "take along axis",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.axis(sizes.length);
              int[] others = sizes.clone();
              others[d.whole("other", 0, sizes.length - 1)] = 1;
              IntTensor index = index(d, axis, sizes, others);
              return d.input(Values.REAL, sizes)
                  .call(
                      x -> Indexing.takeAlongAxis(x[0], axis, index),
                      t -> torch.take_along_dim(t[0], Libtorch.of(index), optional(axis)));
            }),
        row(
            "index select",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.axis(sizes.length);
              IntTensor index =
                  d.indices("index", sizes[Math.floorMod(axis, sizes.length)], d.whole("n", 0, 5));
              return d.input(Values.REAL, sizes)
                  .call(
                      x -> Indexing.indexSelect(x[0], axis, index),
                      t -> torch.index_select(t[0], axis, Libtorch.of(index)));
            }),
        row(
            "embedding",
            d -> {
              int[] sizes = d.some(2, 2); // of nothing they have no second gradient
              IntTensor index = d.indices("index", sizes[0], d.some(0, 3));
              return d.input(Values.REAL, sizes)
                  .call(
                      x -> Indexing.embedding(x[0], index),
                      t -> torch.embedding(t[0], Libtorch.of(index)));
            }),
        row(
            "scatter add",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.axis(sizes.length);
              IntTensor index = index(d, axis, sizes, sizes);
              return d.input(Values.REAL, sizes)
                  .input(Values.REAL, index.shape().toArray())
                  .call(
                      x -> Scattering.scatterAdd(x[0], axis, index, x[1]),
                      t -> torch.scatter_add(t[0], axis, Libtorch.of(index), t[1]));
            }),
        row(
            "masked select",
            d -> {
              int[] sizes = d.sizes(0, 4);
              Tensor mask = d.constant("mask", Values.MASK, d.broadcast(sizes));
              return d.input(Values.REAL, d.broadcast(sizes))
                  .call(
                      x -> Masking.maskedSelect(x[0], mask),
                      t -> torch.masked_select(t[0], Libtorch.mask(mask)));
            }),
        values(
            "nonzero",
            d ->
                d.input(Values.REAL, d.sizes(0, 4))
                    .call(x -> Masking.nonzero(x[0]), t -> torch.nonzero(t[0]))),
        row(
            "masked scatter",
            d -> {
              int[] sizes = d.some(1, 3);
              Tensor mask = d.constant("mask", Values.MASK, d.broadcast(sizes));
              return d.wellFormed()
                  .input(Values.FINITE, sizes)
                  .input(Values.FINITE, sizes)
                  .call(
                      x -> Masking.maskedScatter(x[0], mask, x[1]),
                      t -> torch.masked_scatter(t[0], Libtorch.mask(mask), t[1]));
            }),
        // Of several written to one place theirs may keep any.
        row(
            "scatter",
            d -> {
              int[] sizes = d.sizes(1, 3);
              int axis = d.axis(sizes.length);
              int shift = d.whole("shift", 0, 3);
              IntTensor index = shifted(sizes, axis, shift);
              return d.wellFormed()
                  .input(Values.REAL, sizes)
                  .input(Values.REAL, sizes)
                  .call(
                      x -> Scattering.scatter(x[0], axis, index, x[1]),
                      t -> torch.scatter(t[0], axis, Libtorch.of(index), t[1]));
            }),
        row(
            "scatter of a number",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.axis(sizes.length);
              IntTensor index = index(d, axis, sizes, sizes);
              return d.input(Values.REAL, sizes)
                  .call(
                      x -> Scattering.scatter(x[0], axis, index, .5),
                      t -> torch.scatter(t[0], axis, Libtorch.of(index), scalar(.5)));
            }),
        row(
            "index add",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.axis(sizes.length);
              int n = d.whole("n", 0, 4);
              int[] source = sizes.clone();
              source[Math.floorMod(axis, sizes.length)] = n;
              IntTensor index = d.indices("index", sizes[Math.floorMod(axis, sizes.length)], n);
              return d.input(Values.REAL, sizes)
                  .input(Values.REAL, source)
                  .call(
                      x -> Scattering.indexAdd(x[0], axis, index, x[1]),
                      t -> torch.index_add(t[0], axis, Libtorch.of(index), t[1]));
            }),
        row(
            "index",
            d -> {
              int[] sizes = d.some(2, 4);
              int[] shape = d.some(0, 2);
              IntTensor rows = d.indices("rows", sizes[0], d.broadcast(shape));
              IntTensor columns = d.indices("columns", sizes[1], d.broadcast(shape));
              return d.wellFormed()
                  .input(Values.FINITE, sizes)
                  .call(
                      x -> Indexing.index(x[0], rows, columns),
                      t -> torch.index(t[0], both(rows, columns)));
            }),
        row(
            "index put",
            d -> {
              int[] sizes = d.some(2, 4);
              int n = d.whole("n", 1, 4);
              IntTensor rows = d.indices("rows", sizes[0], n);
              IntTensor columns = d.indices("columns", sizes[1], n);
              int[] rest = Arrays.copyOfRange(sizes, 2, sizes.length);
              return d.wellFormed()
                  .input(Values.FINITE, sizes)
                  .input(Values.FINITE, d.broadcast(Draw.concat(new int[] {n}, rest)))
                  .call(
                      x -> Scattering.indexPut(x[0], List.of(rows, columns), x[1], true),
                      t -> torch.index_put(t[0], both(rows, columns), t[1], true));
            }),
        row(
            "masked fill",
            d -> {
              int[] sizes = d.sizes(0, 4);
              Tensor mask = d.constant("mask", Values.MASK, d.broadcast(sizes));
              double value = d.of("value", 0., -1e9, Double.NEGATIVE_INFINITY);
              return d.input(Values.REAL, sizes)
                  .call(
                      x -> Masking.maskedFill(x[0], mask, value),
                      t -> torch.masked_fill(t[0], Libtorch.mask(mask), scalar(value)));
            }));
  }

  /** Draws indices into an axis, as many as another shape has but along that axis. */
  static IntTensor index(Draw d, int axis, int[] sizes, int[] others) {
    int at = Math.floorMod(axis, sizes.length);
    int[] shape = others.clone();
    shape[at] = d.whole("n", 0, 4);
    return d.indices("index", sizes[at], sizes[at] == 0 ? new int[sizes.length] : shape);
  }

  /** Returns the places of each row, moved around. */
  private static IntTensor shifted(int[] sizes, int axis, int by) {
    int at = Math.floorMod(axis, sizes.length);
    int[] values = new int[Shape.of(sizes).size()];
    int inner = Shape.of(Arrays.copyOfRange(sizes, at + 1, sizes.length)).size();
    Arrays.setAll(values, i -> (i / inner + by) % sizes[at]);
    return IntTensor.of(values, sizes);
  }

  private static TensorOptionalList both(IntTensor rows, IntTensor columns) {
    TensorOptionalList list = new TensorOptionalList();
    list.push_back(new TensorOptional(Libtorch.of(rows)));
    list.push_back(new TensorOptional(Libtorch.of(columns)));
    return list;
  }
}
