package dev.adjoint.nn.reparam;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Reparametrization;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Weight;
import dev.adjoint.op.Standardize;
import dev.adjoint.tensor.Tensor;

/**
 * Gives the weights of each output mean 0 and deviation 1: {@code (w - mean) / sqrt(variance +
 * epsilon)} (Qiao et al. 2019, arXiv:1903.10520). Made for convolutions before a group norm.
 *
 * <pre>{@code
 * Conv2d layer = WeightStandardization.on(new Conv2d(3, 16, 3, generator));
 * }</pre>
 *
 * <p>Mean and biased variance are over all axes but that of the outputs. Epsilon is under the root;
 * the default is 1e-10: the variance of weights is about 1 over the inputs of an output, and
 * thousands of those would feel the 1e-5 of activations. (The authors' code takes the unbiased
 * deviation, and adds 1e-5 to that.)
 */
public final class WeightStandardization extends Reparametrization {

  private final Weight original = parameter("original");
  private final Setting<Double> epsilon = decimal("epsilon", 1e-10);
  private final Setting<Integer> axis = integer("axis", 0);
  private final int[] axes;

  /**
   * Creates the reparametrization of a weight, for {@link Layer#reparametrize}.
   *
   * @throws IllegalArgumentException if an output has only one weight, which has no variance
   */
  public WeightStandardization(Weight original) {
    this(original, 0);
  }

  /**
   * Creates the reparametrization of a weight.
   *
   * @param axis of the weight that counts outputs: 1 for a transposed convolution
   */
  public WeightStandardization(Weight original, int axis) {
    this(Description.of(WeightStandardization::new).with("original", original).set("axis", axis));
  }

  /** Creates a layer from its description. */
  public WeightStandardization(Description from) {
    super(from);
    axes = Lengths.allBut(axis.get(), original.shape());
    if (original.shape().size() == original.shape().size(axis.get())) {
      throw new IllegalArgumentException(
          "WeightStandardization: weight of shape %s has 1 value for each output, which has no variance; expected at least 2"
              .formatted(original.shape()));
    }
  }

  /** Lets a layer use its weight standardized, and returns the layer. */
  public static <L extends Layer> L on(L layer) {
    int axis = Lengths.outputAxis(layer);
    layer.reparametrize("weight", w -> new WeightStandardization(w, axis));
    return layer;
  }

  /** Sets what is added to the variance, under the root; defaults to 1e-10. */
  public WeightStandardization epsilon(double underTheRoot) {
    epsilon.set(underTheRoot);
    return this;
  }

  @Override
  protected Tensor compute() {
    return Standardize.standardize(original.value(), true, epsilon.get(), axes).y();
  }
}
