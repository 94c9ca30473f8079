package dev.adjoint.nn.norm;

import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Description;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Subtracts the mean of each channel over the batch and divides by nothing: {@code x - mu + b}, the
 * companion of {@linkplain dev.adjoint.nn.reparam.WeightNorm weight norm} (Salimans and Kingma
 * 2016, arXiv:1602.07868).
 *
 * <p>Inputs are those of {@link BatchNorm}. In eval mode mu is the running mean, the buffer
 * running_mean.
 */
public final class MeanOnlyBatchNorm extends RunningNorm<MeanOnlyBatchNorm> {

  private final Buffer runningMean = buffer("running_mean", features(), 0);

  /** Creates a norm of some channels. */
  public MeanOnlyBatchNorm(int channels) {
    this(Description.of(MeanOnlyBatchNorm::new).set("features", channels).with("weight", null));
  }

  /** Creates a layer from its description. */
  public MeanOnlyBatchNorm(Description from) {
    super(from);
  }

  @Override
  MeanOnlyBatchNorm setEpsilon(double value, boolean outsideRoot) {
    throw new UnsupportedOperationException("MeanOnlyBatchNorm: it divides by nothing");
  }

  @Override
  Tensor normalized(Tensor x, @Nullable Tensor mask) {
    if (usesRunningStatistics()) {
      return affine(x.minus(runningMean.value().reshape(placement(x))));
    }
    Tensor sum = Shards.total(x.sum(Keep.AXES, reductionAxes(x)));
    Tensor mean = sum.div(Math.max(1, count(x, mask)));
    move(Map.of(runningMean, mean.untracked().reshape(features())));
    return affine(x.minus(mean));
  }
}
