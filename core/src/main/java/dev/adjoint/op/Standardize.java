package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Kernels.Normalizer;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Standardization: subtracts the mean of sets of elements and divides by their deviation, as every
 * normalization does.
 *
 * <p>A set is what lies along the reduction axes; there is one for each combination of the others.
 * With {@code mu} and {@code sigma} of its set, {@code y = (x - mu) / sigma}, where {@code sigma =
 * sqrt(variance + epsilon)}; not centered, {@code y = x / sqrt(mean(x^2) + epsilon)}. A set with
 * {@code sigma} 0 becomes zeros, with gradients 0. A gain and a bias make {@code h = gain y + bias}
 * of it in the same pass over memory.
 */
public final class Standardize {

  private Standardize() {}

  /**
   * The result of standardizing.
   *
   * @param y the standardized elements, with gain and bias if there are any, of the shape of x
   * @param mean of each set, of the shape of x without the reduction axes; 0 where not centered;
   *     untracked
   * @param variance biased, of each set; the mean square where not centered; untracked
   */
  public record Standardized(Tensor y, Tensor mean, Tensor variance) {}

  /**
   * Says how sets are standardized.
   *
   * @param centered whether the mean is subtracted
   * @param epsilon at least 0, added to the variance
   * @param outsideRoot whether it is added to the root of the variance instead
   */
  public record Rule(boolean centered, double epsilon, boolean outsideRoot) {

    /** Returns y by the definition, in tensor operations: what the kernel is compared with. */
    Tensor composed(Tensor x, int[] axes) {
      Tensor deviation = centered ? Reductions.centered(x, axes) : x;
      return deviation.times(inverse(deviation, axes));
    }

    /** Returns 1 / sigma of each set of deviations, in tensor operations; 0 where sigma is 0. */
    private Tensor inverse(Tensor deviation, int[] axes) {
      Tensor root = root(deviation, axes);
      Tensor sigma = outsideRoot ? root.plus(epsilon) : root;
      return epsilon > 0 ? sigma.reciprocal() : reciprocal(sigma);
    }

    private Tensor root(Tensor deviation, int[] axes) {
      int n = Arrays.stream(axes).map(deviation::size).reduce(1, (a, b) -> a * b);
      Tensor shares = deviation.times(1 / Math.sqrt(n));
      return Reductions.length(shares, outsideRoot ? 0 : epsilon, true, axes);
    }

    /** Returns 1 / x; 0 where x is 0. */
    private static Tensor reciprocal(Tensor x) {
      Tensor isZero = x.untracked().equal(0);
      return Where.where(isZero, Tensor.scalar(0, x.dtype()), x.plus(isZero).reciprocal());
    }

    /**
     * (q - mean(q) - y mean(q y)) / sigma. Both y and sigma are functions of x here, so that this
     * can be differentiated as often as wanted. An epsilon outside the root does not move: the last
     * term is larger by sigma / root.
     */
    private Tensor pullback(Tensor q, Tensor x, Tensor y, int[] axes) {
      Tensor deviation = centered ? Reductions.centered(x, axes) : x;
      Tensor along = y.times(Reductions.mean(q.times(y), true, axes));
      if (outsideRoot) {
        along = along.plus(along.times(reciprocal(root(deviation, axes))).times(epsilon));
      }
      Tensor rest = centered ? q.minus(Reductions.mean(q, true, axes)) : q;
      return rest.minus(along).times(inverse(deviation, axes));
    }
  }

  /**
   * Standardizes the sets of elements along the reduction axes.
   *
   * @param centered whether the mean is subtracted
   * @param epsilon at least 0, added to the variance
   * @param reductionAxes none means all
   */
  public static Standardized standardize(
      Tensor x, boolean centered, double epsilon, int... reductionAxes) {
    return normalize(x, null, null, new Rule(centered, epsilon, false), reductionAxes);
  }

  /**
   * Standardizes the sets of elements along the reduction axes, and gives them a gain and a bias:
   * {@code gain (x - mu) / sigma + bias}.
   *
   * @param gain broadcasts to x; null for 1
   * @param bias broadcasts to x; null for 0
   * @param reductionAxes none means all
   */
  public static Standardized normalize(
      Tensor x, @Nullable Tensor gain, @Nullable Tensor bias, Rule rule, int... reductionAxes) {
    if (!(rule.epsilon >= 0)) {
      throw new IllegalArgumentException(
          "standardize: epsilon %s for shape %s; expected at least 0"
              .formatted(rule.epsilon, x.shape()));
    }
    int[] axes = x.shape().axes("standardize", reductionAxes);
    Tensor g = gain == null ? Tensor.scalar(1, x.dtype()) : gain;
    Tensor b = bias == null ? Tensor.scalar(0, x.dtype()) : bias;
    Shape features = Shape.broadcast("standardize", g.shape(), b.shape());
    DType result = DType.promote(x.dtype(), DType.promote(g.dtype(), b.dtype()));
    if (BatchedInputs.hasExamples(x, g, b)) {
      Tensor whole = x.untracked();
      Tensor squares = (rule.centered ? Reductions.centered(whole, axes) : whole).square();
      Tensor mean = Reductions.mean(whole, false, axes);
      return new Standardized(
          rule.composed(x, axes).times(g).plus(b),
          rule.centered ? mean : mean.times(0),
          Reductions.mean(squares, false, axes));
    }
    NormLayout layout = NormLayout.of(x.shape(), axes, features, rule);
    if (layout == null || result != x.dtype()) {
      Standardized plain = normalize(x, null, null, rule, reductionAxes);
      return new Standardized(plain.y.times(g).plus(b), plain.mean, plain.variance);
    }
    Tensor[] inputs =
        gain == null && bias == null
            ? new Tensor[] {x}
            : new Tensor[] {x, g.to(x.dtype()), b.to(x.dtype())};
    int count = Normalizer.STATISTICS;
    int sets = layout.norm().sets();
    Object kept = Engine.uninitialized(x.dtype(), count * sets);
    Tensor h = compute(layout, kept, inputs);
    Tensor statistics = Engine.tensor(kept, x.dtype(), Shape.of(count, sets));
    int[] shape = layout.statistics().toArray();
    return new Standardized(
        Recorder.record(h, new Fused(rule, layout, statistics), inputs),
        statistics.select(0, count - 2).reshape(shape),
        statistics.select(0, count - 1).reshape(shape));
  }

  private static Tensor compute(NormLayout layout, Object statistics, Tensor... inputs) {
    DType dtype = inputs[0].dtype();
    Object in = layout.array(inputs[0]);
    Object h = Engine.uninitialized(dtype, inputs[0].size());
    Normalizer normalizer = Engine.kernels(dtype).normalizer();
    normalizer.forward(layout.norm(), in, layout.affine(inputs), h, statistics);
    return layout.tensor(h, dtype);
  }

  /**
   * Normalizes by one kernel, and differentiates by another.
   *
   * @param layout of x, gain and bias
   * @param statistics of each set, kept for the backward kernel
   */
  record Fused(Rule rule, NormLayout layout, Tensor statistics) implements Primitive {
    @Override
    public String name() {
      return "standardize";
    }

    @Override
    public Map<String, Object> attributes() {
      return Map.of("rule", rule, "axes", layout.axes());
    }

    @Override
    public Tensor forward(Tensor... x) {
      return compute(layout, Engine.uninitialized(x[0].dtype(), statistics.size()), x);
    }

    @Override
    public @Nullable Tensor[] pullbacks(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.isOn() ? composed(needed, g, x) : fused(needed, g, x);
    }

    private @Nullable Tensor[] composed(boolean[] needed, Tensor g, Tensor[] x) {
      int[] axes = layout.axes();
      Tensor y = rule.composed(x[0], axes);
      @Nullable Tensor[] cotangents = new Tensor[x.length];
      if (needed[0]) {
        cotangents[0] = rule.pullback(x.length == 1 ? g : g.times(x[1]), x[0], y, axes);
      }
      if (x.length > 1) {
        cotangents[1] = needed[1] ? g.times(y) : null;
        cotangents[2] = needed[2] ? g : null;
      }
      return cotangents;
    }

    private @Nullable Tensor[] fused(boolean[] needed, Tensor g, Tensor[] x) {
      DType dtype = x[0].dtype();
      Normalizer normalizer = Engine.kernels(dtype).normalizer();
      Object dh = layout.array(g);
      Object in = layout.array(x[0]);
      Object affine = layout.affine(x);
      Object kept = Engine.array(statistics);
      @Nullable Object dx = needed[0] ? Engine.uninitialized(dtype, x[0].size()) : null;
      double @Nullable [] sums =
          x.length > 1 && (needed[1] || needed[2])
              ? Buffers.zeroedDoubles(2 * layout.norm().features())
              : null;
      normalizer.pullback(layout.norm(), dh, in, affine, kept, dx, sums);
      @Nullable Tensor[] cotangents = new Tensor[x.length];
      cotangents[0] = dx == null ? null : layout.tensor(dx, dtype);
      for (int i = 1; sums != null && i < x.length; i++) {
        cotangents[i] = needed[i] ? layout.gradient(sums, i - 1, dtype) : null;
      }
      return cotangents;
    }
  }
}
