package dev.adjoint.nn.norm;

import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Weight;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes and activates at once: {@code g * x / max(sqrt(batch variance + epsilon), v x +
 * sqrt(instance variance + epsilon)) + b} (Liu et al. 2020, arXiv:2004.02967, EvoNorm-B0).
 *
 * <p>Inputs have the shape (N, C, ...). The batch variance is that of a channel over all examples,
 * in eval mode the running one, the buffer running_var; the instance variance is of one example.
 * Each channel has its g, v and b, 1, 1 and 0 at first. No activation belongs behind it.
 */
public final class EvoNormB0 extends RunningNorm<EvoNormB0> {

  private final Weight v = parameter("v", features(), 1);
  private final Buffer runningVariance = buffer("running_var", features(), 1);

  /** Creates a norm of some channels. */
  public EvoNormB0(int channels) {
    this(Description.of(EvoNormB0::new).set("features", channels));
  }

  /** Creates a layer from its description. */
  public EvoNormB0(Description from) {
    super(from);
  }

  @Override
  Tensor normalized(Tensor x, @Nullable Tensor mask) {
    Tensor ofBatch = runningVariance.value().reshape(placement(x));
    if (!usesRunningStatistics()) {
      ofBatch = moments(x, mask, reductionAxes(x)).ofAllShards().variance();
      move(Map.of(runningVariance, ofBatch.untracked().reshape(features())));
    }
    Tensor instance = moments(x, mask, positions(x)).variance();
    Tensor gate = x.times(perChannel(v, x)).plus(inverse(instance).reciprocal());
    return affine(x.div(inverse(ofBatch).reciprocal().max(gate)));
  }
}
