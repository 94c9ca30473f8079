package dev.adjoint.own;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Computes {@code g * tanh(alpha x) + b} in place of a norm (Zhu et al. 2025, arXiv:2503.10622).
 */
public final class TanhNorm extends Layer implements Transform {

  private final Setting<Integer> features = size("features");
  private final Setting<Double> start = decimal("start", 0.5);
  private final Weight alpha = parameter("alpha", Shape.of(), start.get());
  private final Weight weight = parameter("weight", Shape.of(features.get()), 1);
  private final Weight bias = parameter("bias", Shape.of(features.get()), 0);

  /** Creates a layer for inputs of shape (..., features), with this alpha at first. */
  public TanhNorm(int features, double start) {
    this(Description.of(TanhNorm::new).set("features", features).set("start", start));
  }

  /** Creates what was described. */
  public TanhNorm(Description from) {
    super(from);
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor bent = x.times(alpha.value()).tanh();
    return observed(bent.times(weight.value()).plus(bias.value()));
  }
}
