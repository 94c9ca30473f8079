package dev.adjoint.nn.norm;

import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Weight;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Learns which norm to be: {@code g * (x - mu) / sqrt(variance + epsilon) + b}, mu and variance
 * weighted means of those of instance, layer and batch norm (Luo et al. 2018, arXiv:1806.10779).
 *
 * <p>Inputs have the shape (N, C, L), (N, C, H, W) or (N, C, D, H, W). The shares are the softmax
 * of the weights mean_weight and var_weight, of shape (3) and 1 at first: of instance, layer and
 * batch norm in this order. In eval mode the batch's moments are the running ones.
 */
public final class SwitchableNorm extends RunningNorm<SwitchableNorm> {

  private final Weight meanWeight = parameter("mean_weight", Shape.of(3), 1);
  private final Weight varianceWeight = parameter("var_weight", Shape.of(3), 1);
  private final Buffer runningMean = buffer("running_mean", features(), 0);
  private final Buffer runningVariance = buffer("running_var", features(), 1);

  /** Creates a norm of some channels. */
  public SwitchableNorm(int channels) {
    this(Description.of(SwitchableNorm::new).set("features", channels));
  }

  /** Creates a layer from its description. */
  public SwitchableNorm(Description from) {
    super(from);
  }

  @Override
  Tensor normalized(Tensor x, @Nullable Tensor mask) {
    Moments instance = moments(x, mask, positions(x));
    Moments layer = moments(x, mask, IntStream.range(1, x.rank()).toArray());
    Moments batch = ofBatch(x, mask);
    Tensor m = meanWeight.value().softmax(0);
    Tensor v = varianceWeight.value().softmax(0);
    Tensor mean = mixed(m, instance.mean(), layer.mean(), batch.mean());
    Tensor variance = mixed(v, instance.variance(), layer.variance(), batch.variance());
    return affine(x.minus(mean).times(inverse(variance)));
  }

  private Moments ofBatch(Tensor x, @Nullable Tensor mask) {
    if (usesRunningStatistics()) {
      int[] sizes = placement(x);
      return new Moments(
          Tensor.scalar(0),
          runningMean.value().reshape(sizes),
          runningVariance.value().reshape(sizes));
    }
    Moments batch = moments(x, mask, reductionAxes(x)).ofAllShards();
    move(
        Map.of(
            runningMean, batch.mean().untracked().reshape(features()),
            runningVariance, batch.variance().untracked().reshape(features())));
    return batch;
  }

  private static Tensor mixed(Tensor shares, Tensor... of) {
    return of[0]
        .times(shares.select(0, 0))
        .plus(of[1].times(shares.select(0, 1)))
        .plus(of[2].times(shares.select(0, 2)));
  }
}
