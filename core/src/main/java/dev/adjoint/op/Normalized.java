package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Kernels.Normalizer;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Normalization by statistics that are known, as those of a batch norm in eval mode: {@code gain (x
 * - mean) inverse + bias} of (x, mean, inverse, gain, bias), where inverse is 1 / sigma.
 *
 * <p>It is elementwise, but the gradients of gain and bias are sums, which are added up without an
 * array of what is added.
 */
public final class Normalized extends ElementwiseFunction {

  private static final Standardize.Rule CENTERED = new Standardize.Rule(true, 0, false);

  /** Makes the function. */
  public Normalized() {
    super("normalized", 5, in -> in[0].minus(in[1]).times(in[2]).times(in[3]).plus(in[4]));
  }

  @Override
  public @Nullable Tensor[] pullbacks(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
    boolean isSummed = (needed[3] || needed[4]) && !needed[1] && !needed[2];
    NormLayout layout = isSummed && !Recorder.isOn() ? layout(x, y.shape()) : null;
    if (layout == null) {
      return super.pullbacks(needed, g, x, y);
    }
    DType dtype = g.dtype();
    Object affine = layout.affine(x[0], x[3], x[4]);
    double[] sums = Buffers.zeroedDoubles(2 * layout.norm().features());
    Engine.kernels(dtype)
        .normalizer()
        .pullback(
            layout.norm(),
            layout.array(g),
            layout.array(x[0]),
            affine,
            statistics(x[1], x[2]),
            null,
            sums);
    @Nullable Tensor[] cotangents = new Tensor[x.length];
    cotangents[0] = needed[0] ? g.times(x[2].times(x[3])) : null;
    for (int i = 3; i < x.length; i++) {
      cotangents[i] = needed[i] ? layout.gradient(sums, i - 3, dtype) : null;
    }
    return cotangents;
  }

  /** Returns the layout of the sets; null if the kernels have none. */
  private static @Nullable NormLayout layout(Tensor[] x, Shape shape) {
    Shape statistics = x[1].shape();
    if (!x[0].shape().equals(shape) || !x[2].shape().equals(statistics)) {
      return null;
    }
    int more = shape.rank() - statistics.rank();
    int[] axes =
        IntStream.range(0, shape.rank())
            .filter(axis -> axis < more || statistics.size(axis - more) == 1)
            .toArray();
    Shape features = Shape.broadcast("normalized", x[3].shape(), x[4].shape());
    return axes.length == 0 ? null : NormLayout.of(shape, axes, features, CENTERED);
  }

  /** Returns what the kernels keep of sets that have these statistics. */
  private static Object statistics(Tensor mean, Tensor inverse) {
    int sets = mean.size();
    Elements elements = Engine.elements(mean.dtype());
    Object statistics = elements.zeroed(Normalizer.STATISTICS * sets);
    elements.fill(statistics, 0, sets, 1);
    Object means = Engine.array(Contiguous.pack(mean.untracked().neg()));
    Object inverses = Engine.array(Contiguous.pack(inverse.untracked()));
    System.arraycopy(means, 0, statistics, sets, sets);
    System.arraycopy(inverses, 0, statistics, 2 * sets, sets);
    return statistics;
  }
}
