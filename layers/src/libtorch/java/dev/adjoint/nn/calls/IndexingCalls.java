package dev.adjoint.nn.calls;

import static dev.adjoint.nn.calls.CallRow.row;
import static dev.adjoint.nn.calls.CallRow.values;
import static dev.adjoint.nn.calls.Libtorch.optional;
import static dev.adjoint.nn.calls.Libtorch.scalar;

import dev.adjoint.op.Indexing;
import dev.adjoint.op.Masking;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.List;
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
                      x -> Indexing.scatterAdd(x[0], axis, index, x[1]),
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
}
