package dev.adjoint.nn.norm;

import com.google.common.base.CharMatcher;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.op.Reductions;
import dev.adjoint.op.Standardize;
import dev.adjoint.op.Standardize.Rule;
import dev.adjoint.op.Standardize.Standardized;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes activations: {@code h = g * (x - mu) / sigma + b}, the one formula of batch, layer,
 * instance, group and RMS norm.
 *
 * <p>What differs is which elements share a {@code mu} and a {@code sigma}, those along the
 * <em>reduction axes</em>; whether the mean is subtracted ({@code sigma} is the deviation) or not
 * ({@code sigma} is the root of the mean square); and which have a {@code g} and a {@code b} of
 * their own, those along the <em>feature axes</em>. {@code sigma = sqrt(variance + epsilon)}, with
 * the biased variance. g and b are the weights named weight and bias, and start at 1 and 0; with a
 * {@linkplain #zeroCenteredGain zero-centered gain} the weight is {@code g - 1}.
 *
 * <p>A norm of one's own extends this and says its axes; by default the features are the last axes,
 * along which elements share their statistics, too.
 *
 * @param <N> the norm itself, which its options return
 */
public abstract class Normalization<N extends Normalization<N>> extends Layer implements Transform {

  private final Shape features = shape("features").get();
  private final boolean centered;
  private final boolean shifted;
  private final double usualEpsilon;
  private final Setting<Double> epsilon;
  private final Setting<Boolean> epsilonOutsideRoot =
      flag("epsilon_outside_root").printedAs(() -> "");
  private final Setting<Boolean> zeroCenteredGain = flag("zero_centered_gain");
  private @Nullable Weight weight;
  private @Nullable Weight bias;

  /** Creates a norm from its description, with g of shape {@code features}, and b if centered. */
  protected Normalization(Description from, boolean centered) {
    this(from, centered, centered);
  }

  /** Creates a norm from its description that subtracts the mean or not, with a b or without. */
  protected Normalization(Description from, boolean centered, boolean shifted) {
    this(from, centered, shifted, 1e-5);
  }

  /** Creates a norm from its description with an epsilon that is the default of its own. */
  @SuppressWarnings("this-escape") // to Layer, which is initialized
  Normalization(Description from, boolean centered, boolean shifted, double usualEpsilon) {
    super(from);
    if (features.size() == 0) {
      throw new IllegalArgumentException(
          "%s: features of shape %s; expected sizes of at least 1".formatted(type(), features));
    }
    this.centered = centered;
    this.shifted = shifted;
    this.usualEpsilon = usualEpsilon;
    epsilon = decimal("epsilon", usualEpsilon).printedAs(this::printedEpsilon);
    declareAffine();
  }

  private void declareAffine() {
    weight = optional("weight", features, zeroCenteredGain.get() ? 0 : 1);
    bias = shifted ? optional("bias", features, 0) : null;
  }

  // ---- options ---------------------------------------------------------------------------------

  /** Sets what is added to the variance, under the root; defaults to 1e-5 in most norms. */
  public N epsilon(double underTheRoot) {
    return setEpsilon(underTheRoot, false);
  }

  /** Divides by {@code sqrt(variance) + epsilon} instead, as some papers' code does. */
  public N epsilonOutsideRoot(double besideTheRoot) {
    return setEpsilon(besideTheRoot, true);
  }

  N setEpsilon(double value, boolean outsideRoot) {
    epsilon.set(value);
    epsilonOutsideRoot.set(outsideRoot);
    return self();
  }

  /**
   * Lets the weight be {@code g - 1}, 0 at first, as in Gemma and Qwen3-Next: what is computed
   * stays the same, and weight decay pulls g to 1 instead of 0.
   */
  public N zeroCenteredGain() {
    if (weight != null && !zeroCenteredGain.get()) {
      weight.assign(weight.value().minus(1));
    }
    zeroCenteredGain.set(true);
    return self();
  }

  /** Leaves out b. */
  public N withoutBias() {
    drop("bias");
    bias = null;
    return self();
  }

  /** Brings back g and b, which {@link InstanceNorm} starts without. */
  public N withAffine() {
    if (weight == null) {
      declareAffine();
    }
    return self();
  }

  /** Leaves out g and b. */
  public N withoutAffine() {
    drop("weight");
    weight = null;
    return withoutBias();
  }

  // ---- the formula -----------------------------------------------------------------------------

  /**
   * Returns the normalized activations, of the same shape.
   *
   * @throws IllegalArgumentException if the input does not have the features
   */
  @Override
  public Tensor forward(Tensor x) {
    requireFeatures(x);
    return observed(normalized(x));
  }

  /** Returns {@code g * (x - mu) / sigma + b} of an input that has the features. */
  protected Tensor normalized(Tensor x) {
    return normalize(x, null, placement(x), reductionAxes(x)).y();
  }

  /** Returns the axes along which elements share their statistics; defaults to the feature axes. */
  protected int[] reductionAxes(Tensor x) {
    int first = featureAxis(x);
    return IntStream.range(first, first + features.rank()).toArray();
  }

  /** Returns the axis of an input at which the feature axes start; by default they are the last. */
  protected int featureAxis(Tensor x) {
    return x.rank() - features.rank();
  }

  /** Says in messages what inputs are expected; the default is like "(..., 8)". */
  protected String expected() {
    return "(..., %s)".formatted(CharMatcher.anyOf("()").trimFrom(features.toString()));
  }

  /** Returns the sizes of the feature axes. */
  protected final Shape features() {
    return features;
  }

  /** Returns what is added under the root, for statistics of a type. */
  protected double epsilon(DType dtype) {
    return epsilon.get();
  }

  /** Says how sets of a type are standardized. */
  final Rule rule(DType dtype) {
    return new Rule(
        centered,
        epsilonOutsideRoot.get() ? epsilon.get() : epsilon(dtype),
        epsilonOutsideRoot.get());
  }

  /**
   * Normalizes along axes. Elements where a mask is 0 count as 0, and take no part in the
   * statistics.
   *
   * @param sizes the shape in which g and b broadcast over x
   */
  final Standardized normalize(Tensor x, @Nullable Tensor mask, int[] sizes, int... axes) {
    if (mask == null) {
      Tensor g = weight == null ? null : gain(x.dtype()).reshape(sizes);
      Tensor b = bias == null ? null : bias.value().reshape(sizes);
      return Standardize.normalize(x, g, b, rule(x.dtype()), axes);
    }
    Standardized known = standardize(x, mask, axes);
    return new Standardized(affine(known.y(), sizes), known.mean(), known.variance());
  }

  /** Normalizes as {@link #normalize} does, without g and b. */
  final Standardized standardize(Tensor x, @Nullable Tensor mask, int... axes) {
    if (mask == null) {
      return Standardize.normalize(x, null, null, rule(x.dtype()), axes);
    }
    Tensor counted = mask.to(x.dtype()).expand(x.shape());
    Tensor zero = Tensor.scalar(0, x.dtype());
    Tensor count = counted.sum(Keep.AXES, axes).clamp(1, Double.MAX_VALUE);
    Tensor known = Where.where(counted, x, zero);
    Tensor mean = centered ? known.sum(Keep.AXES, axes).div(count) : zero.expand(count.shape());
    // Centered twice, since a large mean is rounded by more than the deviations have digits.
    Tensor deviation =
        centered ? centered(centered(known, counted, count, axes), counted, count, axes) : known;
    Tensor shares = deviation.div(count.sqrt()); // whose squares add up to the variance
    Tensor variance = deviation.untracked().square().sum(Keep.AXES, axes).div(count);
    Shape sets = x.shape().reduced(x.shape().axes("standardize", axes), false);
    return new Standardized(
        deviation.div(sigma(shares, axes)), mean.untracked().reshape(sets), variance.reshape(sets));
  }

  private static Tensor centered(Tensor x, Tensor counted, Tensor count, int... axes) {
    Tensor mean = x.sum(Keep.AXES, axes).div(count);
    return Where.where(counted, x.minus(mean), Tensor.scalar(0, x.dtype()));
  }

  /** Returns sigma from deviations that are divided by the root of their number. */
  final Tensor sigma(Tensor shares, int... axes) {
    return epsilonOutsideRoot.get()
        ? Reductions.length(shares, 0, true, axes).plus(epsilon.get())
        : Reductions.length(shares, epsilon(shares.dtype()), true, axes);
  }

  /** Returns 1 / sigma of given variances. */
  final Tensor inverse(Tensor variance) {
    return epsilonOutsideRoot.get()
        ? variance.sqrt().plus(epsilon.get()).reciprocal()
        : variance.plus(epsilon(variance.dtype())).rsqrt();
  }

  /** Returns {@code g * y + b}. */
  final Tensor affine(Tensor y) {
    return affine(y, placement(y));
  }

  private Tensor affine(Tensor y, int[] sizes) {
    Tensor scaled = weight == null ? y : y.times(gain(y.dtype()).reshape(sizes));
    return bias == null ? scaled : scaled.plus(bias.value().reshape(sizes));
  }

  /** Returns g, or ones. */
  final Tensor gain(DType dtype) {
    if (weight == null) {
      return Tensors.ones(features, dtype);
    }
    return zeroCenteredGain.get() ? weight.value().plus(1) : weight.value();
  }

  /** Returns b, or zeros. */
  final Tensor shift(DType dtype) {
    return bias == null ? Tensors.zeros(features, dtype) : bias.value();
  }

  /** Returns the shape in which one value a feature broadcasts over x. */
  final int[] placement(Tensor x) {
    int after = Math.max(0, x.rank() - featureAxis(x) - features.rank());
    int[] sizes = Arrays.copyOf(features.toArray(), features.rank() + after);
    Arrays.fill(sizes, features.rank(), sizes.length, 1);
    return sizes;
  }

  final void requireFeatures(Tensor x) {
    int axis = featureAxis(x);
    boolean fits = axis >= 0 && axis + features.rank() <= x.rank();
    for (int i = 0; fits && i < features.rank(); i++) {
      fits = x.size(axis + i) == features.size(i);
    }
    requireInput(fits, x, this::expected);
  }

  /** Throws if the features have several axes, for an option that knows of one only. */
  final void requireOneAxis(String option) {
    if (features.rank() != 1) {
      throw new IllegalStateException(
          "%s: %s for features of shape %s; expected one axis".formatted(this, option, features));
    }
  }

  private String printedEpsilon() {
    return epsilonOutsideRoot.get()
        ? "epsilon %s outside the root".formatted(epsilon.get())
        : isUsualEpsilon() ? "" : "epsilon " + epsilon.get();
  }

  /** Tells whether epsilon is the default, and under the root. */
  boolean isUsualEpsilon() {
    return epsilon.get() == usualEpsilon;
  }

  @SuppressWarnings("unchecked") // N is the class itself
  final N self() {
    return (N) this;
  }
}
