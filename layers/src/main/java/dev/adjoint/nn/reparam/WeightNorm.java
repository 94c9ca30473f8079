package dev.adjoint.nn.reparam;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Reparametrization;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Learns the length and the direction of each output's weights apart: {@code w = g v / |v|}
 * (Salimans and Kingma 2016, arXiv:1602.07868).
 *
 * <pre>{@code
 * Linear layer = WeightNorm.on(new Linear(3, 4, generator));
 * layer.reparametrize("weight", w -> new WeightNorm(w).overAll()); // with an option
 * }</pre>
 *
 * <p>There is a g for each position of axis 0, of size 1 in the other axes. At first g is |v|, so
 * that the weight does not change, as in PyTorch. A vector of zeros has no direction and could
 * never learn one: it is refused, where PyTorch computes NaN. Should v become 0 later, so is w, and
 * the gradients are finite.
 */
public final class WeightNorm extends Reparametrization {

  private final Weight v = parameter("v");
  private final Setting<int[]> axes = integers("axes", Lengths.allBut(0, v.shape()));
  private Weight g;

  /**
   * Creates the reparametrization of a weight, for {@link Layer#reparametrize}.
   *
   * @throws IllegalArgumentException if the weight has less than two axes, or a vector of zeros
   */
  public WeightNorm(Weight original) {
    this(Description.of(WeightNorm::new).with("v", original));
    freezeLikeDirections();
  }

  /** Creates a layer from its description. */
  public WeightNorm(Description from) {
    super(from);
    g = lengths();
  }

  /** Lets a layer learn the lengths and directions of its weight, and returns the layer. */
  public static <L extends Layer> L on(L layer) {
    return on(layer, "weight");
  }

  /** Lets a layer learn the lengths and directions of a weight, and returns the layer. */
  public static <L extends Layer> L on(L layer, String weight) {
    layer.reparametrize(weight, WeightNorm::new);
    return layer;
  }

  /**
   * Chooses g and b of every weight-normed linear layer and convolution such that their outputs
   * have mean 0 and deviation 1 on a batch: the paper's initialization by data.
   *
   * <p>The model runs once, in its mode. Layers are initialized in the order in which they run,
   * each on what those before it compute then. Where there is no bias, the mean stays.
   *
   * @throws IllegalArgumentException if an output is the same for the whole batch, if a layer has
   *     not a g for each output, or if the model runs no layer with weight norm
   */
  public static void initialize(Transform model, Tensor x) {
    new WeightNormInitializer().run(model, x);
  }

  /** Gives each position of another axis a g; the default is 0. */
  public WeightNorm axis(int kept) {
    return over(Lengths.allBut(kept, v.shape()));
  }

  /** Takes the whole weight for one vector, with one g, a scalar. */
  public WeightNorm overAll() {
    return over();
  }

  private WeightNorm over(int... newAxes) {
    axes.set(newAxes);
    drop("g");
    g = lengths();
    freezeLikeDirections();
    return this;
  }

  private Weight lengths() {
    int[] over = axes.get();
    Shape shape = over.length == 0 ? Shape.of() : v.shape().reduced(over, true);
    return parameter("g", shape, any -> requireDirections(length(v.value())));
  }

  private Tensor requireDirections(Tensor lengths) {
    if (lengths.equal(0).any().item() != 0) {
      throw new IllegalArgumentException(
          "WeightNorm: weight of shape %s with a vector of zeros; expected vectors with a direction"
              .formatted(v.shape()));
    }
    return lengths;
  }

  /** Freezes g if v is frozen. */
  private void freezeLikeDirections() {
    if (v.isParameter() && v.parameter().isFrozen()) {
      g.parameter().freeze();
    }
  }

  private Tensor length(Tensor value) {
    int[] over = axes.get();
    return over.length == 0 ? value.norm(2) : value.norm(2, Keep.AXES, over);
  }

  /** Returns how many lengths there are. */
  int count() {
    return g.shape().size();
  }

  /** Divides the lengths by deviations of outputs. */
  void divideBy(Tensor deviations) {
    g.assign(g.value().div(deviations.reshape(g.shape())));
  }

  @Override
  protected Tensor compute() {
    Tensor direction = v.value();
    return direction.times(g.value().div(Lengths.divisor(length(direction))));
  }
}
