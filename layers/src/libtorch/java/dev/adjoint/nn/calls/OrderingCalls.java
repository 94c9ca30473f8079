package dev.adjoint.nn.calls;

import static dev.adjoint.nn.calls.CallRow.row;
import static dev.adjoint.nn.calls.CallRow.values;
import static dev.adjoint.nn.calls.Libtorch.optional;

import dev.adjoint.op.Indexed;
import dev.adjoint.op.Unique;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.global.torch;

/** What sorts. Where theirs picks any of equal elements, there are none. */
final class OrderingCalls {

  private OrderingCalls() {}

  static List<CallRow> rows() {
    return List.of(
        row(
            "sort",
            d -> {
              int[] sizes = d.sizes(0, 4);
              int axis = d.axis(Math.max(1, sizes.length));
              boolean descending = d.flag("descending");
              return d.input(Values.REAL, sizes)
                  .call(
                      x -> both(x[0].sort(axis, descending)),
                      t -> torch.sort(t[0], new BoolOptional(true), axis, descending));
            }),
        values(
            "argsort",
            d -> {
              int[] sizes = d.sizes(0, 4);
              int axis = d.axis(Math.max(1, sizes.length));
              boolean descending = d.flag("descending");
              return d.input(Values.REAL, sizes)
                  .call(
                      x -> x[0].argsort(axis, descending),
                      t -> torch.argsort(t[0], true, axis, descending));
            }),
        row(
            "top k",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.axis(sizes.length);
              int k = d.whole("k", 0, 4);
              boolean largest = d.flag("largest");
              return d.input(Values.DISTINCT, sizes)
                  .call(
                      x -> both(x[0].topK(k, axis, largest)),
                      t -> torch.topk(t[0], k, axis, largest, /* sorted= */ true));
            }),
        row(
            "median",
            d ->
                d.input(Values.REAL, d.sizes(0, 4))
                    .call(x -> x[0].median(), t -> torch.median(t[0]))),
        row(
            "median along an axis",
            d -> {
              int[] sizes = d.sizes(0, 4);
              int axis = d.axis(Math.max(1, sizes.length));
              return d.input(Values.DISTINCT, sizes)
                  .call(x -> both(x[0].median(axis)), t -> torch.median(t[0], axis, false));
            }),
        row(
            "quantile",
            d -> {
              int[] sizes = d.sizes(0, 4);
              boolean all = d.flag("all");
              boolean keep = d.flag("keep");
              int axis = d.axis(Math.max(1, sizes.length));
              double q = d.of("q", 0., 1., .5, .25, .3, 1.5);
              int[] axes = all ? new int[0] : new int[] {axis};
              return d.input(Values.DISTINCT, sizes)
                  .call(
                      x -> keep ? x[0].quantile(q, Keep.AXES, axes) : x[0].quantile(q, axes),
                      t ->
                          torch.quantile(
                              t[0], q, all ? new LongOptional() : optional(axis), keep, "linear"));
            }),
        row(
            "quantiles",
            d -> {
              int[] sizes = d.some(1, 4);
              int axis = d.axis(sizes.length);
              double[] q = {0, .9, d.real("q", 0, 1)};
              return d.input(Values.DISTINCT, sizes)
                  .call(
                      x -> x[0].quantile(q, axis),
                      t ->
                          torch.quantile(
                              t[0],
                              Libtorch.of(Tensor.of(q)).to(t[0].scalar_type()),
                              optional(axis),
                              false,
                              "linear"));
            }),
        values(
            "unique",
            d ->
                d.input(Values.FINITE, d.sizes(0, 3))
                    .call(
                        x -> {
                          Unique<Tensor> unique = x[0].unique();
                          return List.of(unique.values(), unique.inverse(), unique.counts());
                        },
                        t -> {
                          T_TensorTensorTensor_T unique =
                              torch.unique_dim(t[0].flatten(), 0, true, true, true);
                          return List.of(
                              unique.get0(), unique.get1().reshape(t[0].shape()), unique.get2());
                        })));
  }

  private static List<Object> both(Indexed chosen) {
    return List.of(chosen.values(), chosen.indices());
  }
}
