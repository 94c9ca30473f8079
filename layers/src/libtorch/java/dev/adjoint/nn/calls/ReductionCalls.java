package dev.adjoint.nn.calls;

import static dev.adjoint.nn.calls.CallRow.row;
import static dev.adjoint.nn.calls.CallRow.values;
import static dev.adjoint.nn.calls.Libtorch.longs;
import static dev.adjoint.nn.calls.Libtorch.scalar;

import dev.adjoint.op.Indexed;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Reductions over any axes, and what runs along one. */
final class ReductionCalls {

  private ReductionCalls() {}

  static List<CallRow> rows() {
    return List.of(
        reduction(
            "sum",
            Tensor::sum,
            Tensor::sum,
            (t, axes, keep) -> torch.sum(t, axes, keep, new ScalarTypeOptional())),
        reduction(
            "mean",
            Tensor::mean,
            Tensor::mean,
            (t, axes, keep) -> torch.mean(t, axes, keep, new ScalarTypeOptional())),
        reduction(
            "biased variance",
            Tensor::biasedVariance,
            Tensor::biasedVariance,
            (t, axes, keep) -> torch.var(t, axes, new ScalarOptional(scalar(0)), keep)),
        reduction(
            "unbiased variance",
            Tensor::unbiasedVariance,
            Tensor::unbiasedVariance,
            (t, axes, keep) -> torch.var(t, axes, new ScalarOptional(scalar(1)), keep)),
        reduction("max over axes", Tensor::max, Tensor::max, torch::amax),
        reduction("min over axes", Tensor::min, Tensor::min, torch::amin),
        reduction("logsumexp", Tensor::logsumexp, Tensor::logsumexp, torch::logsumexp),
        reduction("prod", Values.MODERATE, Tensor::prod, Tensor::prod, ReductionCalls::prod),
        withoutGradient(
            reduction(
                "any", Tensor::any, Tensor::any, (t, axes, keep) -> torch.any(t, axes, keep))),
        withoutGradient(
            reduction(
                "all", Tensor::all, Tensor::all, (t, axes, keep) -> torch.all(t, axes, keep))),
        reduction(
            "biased std",
            Values.DISTINCT,
            Tensor::biasedStd,
            Tensor::biasedStd,
            (t, axes, keep) -> torch.std(t, axes, new ScalarOptional(scalar(0)), keep)),
        reduction(
            "unbiased std",
            Values.DISTINCT,
            Tensor::unbiasedStd,
            Tensor::unbiasedStd,
            (t, axes, keep) -> torch.std(t, axes, new ScalarOptional(scalar(1)), keep)),
        norm("norm 0", 0),
        norm("norm 3", 3),
        norm("norm 1.5", Values.DISTINCT, 1.5),
        norm("norm -infinity", Double.NEGATIVE_INFINITY),
        norm("norm 1", 1),
        norm("norm 2", 2),
        norm("norm infinity", Double.POSITIVE_INFINITY),
        values("argmax", d -> along(d, Tensor::argmax, ReductionCalls::argmax)),
        values("argmin", d -> along(d, Tensor::argmin, ReductionCalls::argmin)),
        row("cumprod", d -> along(d, Values.MODERATE, Tensor::cumprod, torch::cumprod)),
        row(
            "logcumsumexp",
            d -> along(d, Values.MODERATE, Tensor::logcumsumexp, torch::logcumsumexp)),
        row("cummax", d -> along(d, Values.DISTINCT, both(Tensor::cummax), torch::cummax)),
        row("cummin", d -> along(d, Values.DISTINCT, both(Tensor::cummin), torch::cummin)),
        row(
            "diff",
            d -> {
              int n = d.whole("n", 1, 3);
              return along(
                  d,
                  (x, axis) -> x.diff(n, axis),
                  (t, axis) -> torch.diff(t, n, axis, new TensorOptional(), new TensorOptional()));
            }),
        row("cumsum", d -> along(d, Tensor::cumsum, torch::cumsum)),
        row("softmax", d -> along(d, Values.FINITE, Tensor::softmax, torch::softmax)),
        row("log softmax", d -> along(d, Values.FINITE, Tensor::logSoftmax, torch::log_softmax)));
  }

  /** Ours over axes, that are dropped. */
  interface Dropping {
    Tensor apply(Tensor x, int... axes);
  }

  /** Ours over axes, that are kept. */
  interface Keeping {
    Tensor apply(Tensor x, Keep keep, int... axes);
  }

  /** Theirs over axes. */
  interface Over {
    org.bytedeco.pytorch.Tensor apply(org.bytedeco.pytorch.Tensor x, long[] axes, boolean keep);
  }

  /** Ours along an axis. */
  interface Along {
    Object apply(Tensor x, int axis);
  }

  /** Ours along an axis, that tells where, too. */
  private interface Choosing {
    Indexed apply(Tensor x, int axis);
  }

  private static Along both(Choosing function) {
    return (x, axis) -> {
      Indexed chosen = function.apply(x, axis);
      return List.of(chosen.values(), chosen.indices());
    };
  }

  /** Theirs along an axis. */
  interface AlongTheirs {
    Object apply(org.bytedeco.pytorch.Tensor x, long axis);
  }

  static CallRow reduction(String name, Dropping dropping, Keeping keeping, Over over) {
    return reduction(name, Values.REAL, dropping, keeping, over);
  }

  static CallRow reduction(
      String name, Values values, Dropping dropping, Keeping keeping, Over over) {
    return row(
        name,
        d -> {
          // One element has no deviation that could be differentiated.
          int[] sizes = values == Values.DISTINCT ? d.several(1, 4) : d.sizes(0, 4);
          int[] axes = d.axes(sizes.length);
          boolean keep = d.flag("keep");
          return d.input(values, sizes)
              .call(
                  x -> keep ? keeping.apply(x[0], Keep.AXES, axes) : dropping.apply(x[0], axes),
                  t -> over.apply(t[0], resolved(t[0], axes), keep));
        });
  }

  /** Names all axes where there is none. */
  static long[] resolved(org.bytedeco.pytorch.Tensor t, int... axes) {
    return longs(axes.length == 0 ? IntStream.range(0, (int) t.dim()).toArray() : axes);
  }

  static CallRow withoutGradient(CallRow row) {
    return new CallRow(row.name(), 0, row.call());
  }

  static CallRow norm(String name, double p) {
    return norm(name, Values.FINITE, p);
  }

  private static CallRow norm(String name, Values values, double p) {
    return reduction(
        name,
        values,
        (x, axes) -> x.norm(p, axes),
        (x, keep, axes) -> x.norm(p, keep, axes),
        (t, axes, keep) ->
            torch.linalg_vector_norm(t, scalar(p), axes, keep, new ScalarTypeOptional()));
  }

  static Call along(Draw d, Along ours, AlongTheirs theirs) {
    return along(d, Values.REAL, ours, theirs);
  }

  static Call along(Draw d, Values values, Along ours, AlongTheirs theirs) {
    int[] sizes = d.sizes(1, 4);
    int axis = d.axis(sizes.length);
    return d.input(values, sizes).call(x -> ours.apply(x[0], axis), t -> theirs.apply(t[0], axis));
  }

  private static Object argmax(org.bytedeco.pytorch.Tensor t, long axis) {
    return torch.argmax(t, new LongOptional(axis), false);
  }

  private static Object argmin(org.bytedeco.pytorch.Tensor t, long axis) {
    return torch.argmin(t, new LongOptional(axis), false);
  }

  /** Theirs takes one axis at a time. */
  private static org.bytedeco.pytorch.Tensor prod(
      org.bytedeco.pytorch.Tensor t, long[] axes, boolean keep) {
    long rank = t.dim();
    long[] last = Arrays.stream(axes).map(axis -> axis < 0 ? axis + rank : axis).sorted().toArray();
    org.bytedeco.pytorch.Tensor result = t;
    for (int i = last.length - 1; i >= 0; i--) {
      result = torch.prod(result, last[i], keep, new ScalarTypeOptional());
    }
    return result;
  }
}
