package dev.adjoint.nn.reparam;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Convolutional;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.LayerObserver;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * Standardizes the outputs of weight-normed layers by their g and b, while a model runs: an output
 * is linear in both, so that what the layer computes after the change is known without running it
 * again.
 */
final class WeightNormInitializer implements LayerObserver {

  private final Set<Layer> initialized = Collections.newSetFromMap(new IdentityHashMap<>());

  void run(Transform model, Tensor x) {
    Autodiff.noGrad(() -> Layer.observe(this, () -> model.forward(x)));
    if (initialized.isEmpty()) {
      throw new IllegalArgumentException(
          "WeightNorm.initialize: %s ran no linear layer or convolution with weight norm; expected at least one"
              .formatted(model instanceof Layer layer ? layer.headline() : model));
    }
  }

  @Override
  public Tensor onOutput(Layer layer, Tensor output) {
    boolean known = layer instanceof Linear || layer instanceof Convolutional;
    return known
            && layer.namedLayers().get("weight") instanceof WeightNorm norm
            && initialized.add(layer)
        ? standardize(layer, norm, output)
        : output;
  }

  private static Tensor standardize(Layer layer, WeightNorm norm, Tensor output) {
    int channels = layer instanceof Linear ? output.rank() - 1 : 1;
    int[] axes = Lengths.allBut(channels, output.shape());
    Tensor deviation = output.biasedVariance(Keep.AXES, axes).sqrt();
    if (norm.count() != deviation.size()) {
      throw new IllegalArgumentException(
          "WeightNorm.initialize: %s with %d outputs has %d lengths; expected one for each output"
              .formatted(layer, deviation.size(), norm.count()));
    }
    if (deviation.equal(0).any().item() != 0) {
      throw new IllegalArgumentException(
          "WeightNorm.initialize: %s has an output that is the same for a whole batch, of shape %s; expected outputs that vary"
              .formatted(layer, output.shape()));
    }
    norm.divideBy(deviation);
    Parameter bias = layer.namedParameters().get("bias");
    if (bias == null) {
      return output.div(deviation);
    }
    Tensor mean = output.mean(Keep.AXES, axes);
    bias.assign(bias.value().minus(mean.reshape(-1)).div(deviation.reshape(-1)));
    return output.minus(mean).div(deviation);
  }
}
