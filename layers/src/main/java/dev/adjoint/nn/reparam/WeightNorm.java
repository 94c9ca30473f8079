package dev.adjoint.nn.reparam;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Convolutional;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.LayerObserver;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Reparametrization;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * Learns the length and the direction of each output's weights apart: {@code w = g v / |v|}
 * (Salimans and Kingma 2016, arXiv:1602.07868).
 *
 * <pre>{@code
 * Linear layer = WeightNorm.on(new Linear(3, 4, generator));
 * layer.reparametrize("weight", w -> new WeightNorm(w).overAll()); // with an option
 * }</pre>
 *
 * <p>There is a g for each position of axis 0, of size 1 in the other axes; {@link #on} takes axis
 * 1 of a transposed convolution, which counts its outputs. At first g is |v|, so that the weight
 * does not change, as in PyTorch. A vector of zeros has no direction and could never learn one: it
 * is refused, where PyTorch computes NaN. Should v become 0 later, so is w, and the gradients are
 * finite.
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
    int axis = Lengths.outputAxis(layer);
    layer.reparametrize(
        "weight", w -> axis == 0 ? new WeightNorm(w) : new WeightNorm(w).axis(axis));
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
    Set<Layer> initialized = Collections.newSetFromMap(new IdentityHashMap<>());
    LayerObserver standardizing =
        (layer, output) ->
            (layer instanceof Linear || layer instanceof Convolutional)
                    && layer.namedLayers().get("weight") instanceof WeightNorm norm
                    && initialized.add(layer)
                ? norm.standardized(layer, output)
                : output;
    Autodiff.noGrad(() -> Layer.observe(standardizing, () -> model.forward(x)));
    if (initialized.isEmpty()) {
      throw new IllegalArgumentException(
          "WeightNorm.initialize: %s ran no linear layer or convolution with weight norm; expected at least one"
              .formatted(model instanceof Layer layer ? layer.headline() : model));
    }
  }

  /** Standardizes an output, which is linear in g and b, by changing both; returns it so. */
  private Tensor standardized(Layer layer, Tensor output) {
    int channels = layer instanceof Linear ? output.rank() - 1 : 1;
    int[] over = Lengths.allBut(channels, output.shape());
    Tensor deviation = output.biasedVariance(Keep.AXES, over).sqrt();
    if (g.shape().size() != deviation.size()) {
      throw new IllegalArgumentException(
          "WeightNorm.initialize: %s with %d outputs has %d lengths; expected one for each output"
              .formatted(layer, deviation.size(), g.shape().size()));
    }
    if (deviation.equal(0).any().item() != 0) {
      throw new IllegalArgumentException(
          "WeightNorm.initialize: %s has an output that is the same for a whole batch, of shape %s; expected outputs that vary"
              .formatted(layer, output.shape()));
    }
    g.assign(g.value().div(deviation.reshape(g.shape())));
    Parameter bias = layer.namedParameters().get("bias");
    if (bias == null) {
      return output.div(deviation);
    }
    Tensor mean = output.mean(Keep.AXES, over);
    bias.assign(bias.value().minus(mean.reshape(-1)).div(deviation.reshape(-1)));
    return output.minus(mean).div(deviation);
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
    return parameter(
        "g",
        shape,
        any -> {
          Tensor lengths = length(v.value());
          if (lengths.equal(0).any().item() != 0) {
            throw new IllegalArgumentException(
                "WeightNorm: weight of shape %s with a vector of zeros; expected vectors with a direction"
                    .formatted(v.shape()));
          }
          return lengths;
        });
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

  @Override
  protected Tensor compute() {
    Tensor direction = v.value();
    return direction.times(g.value().div(Lengths.divisor(length(direction))));
  }
}
