package dev.adjoint.nn.norm;

import dev.adjoint.autodiff.Held;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.op.Standardize;
import dev.adjoint.op.Standardize.Standardized;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Normalizes each feature over the batch: {@code g * (x - mu) / sqrt(variance + epsilon) + b}
 * (Ioffe and Szegedy 2015, arXiv:1502.03167).
 *
 * <p>Inputs have the shape (N, C) or (N, C, ...): C features, statistics over all other axes. In
 * training mode these are the statistics of the batch (with the biased variance), which also move
 * the running statistics; in eval mode the running statistics are used.
 *
 * <p>The running statistics start at 0 and 1, and each batch gives them {@code updateRate} of its
 * own: {@code running = (1 - updateRate) * running + updateRate * batch}, with the unbiased
 * variance. This is what PyTorch calls momentum; where momentum is the weight of the old value, as
 * in Keras, the update rate is 1 - momentum.
 *
 * <p>The parameters g and b are named weight and bias, and start at 1 and 0.
 */
public final class BatchNorm extends Layer implements Transform {

  private final int features;
  private final Parameter weight;
  private final Parameter bias;
  private double updateRate = 0.1;
  private double epsilon = 1e-5;
  private volatile Tensor runningMean;
  private volatile Tensor runningVariance;

  /** Creates a float32 layer. */
  public BatchNorm(int features) {
    this(features, DType.FLOAT32);
  }

  /** Creates a layer. */
  public BatchNorm(int features, DType dtype) {
    if (features < 1) {
      throw new IllegalArgumentException(
          "BatchNorm: %d features; expected at least 1".formatted(features));
    }
    this.features = features;
    Shape shape = Shape.of(features);
    weight = parameter("weight", Tensors.ones(shape, dtype));
    bias = parameter("bias", Tensors.zeros(shape, dtype));
    runningMean = Tensors.zeros(shape, dtype);
    runningVariance = Tensors.ones(shape, dtype);
  }

  /** Sets the weight of a new batch in the running statistics: 0.1 unless it is set. */
  public BatchNorm updateRate(double weightOfNew) {
    if (!(weightOfNew >= 0 && weightOfNew <= 1)) {
      throw new IllegalArgumentException(
          "BatchNorm: update rate %s; expected 0 to 1".formatted(weightOfNew));
    }
    updateRate = weightOfNew;
    return this;
  }

  /** Sets what is added to the variance: 1e-5 unless it is set. */
  public BatchNorm epsilon(double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "BatchNorm: epsilon %s; expected a number of at least 0".formatted(value));
    }
    epsilon = value;
    return this;
  }

  /** Returns the running mean of each feature. */
  public Tensor runningMean() {
    return runningMean;
  }

  /** Returns the running mean of each feature's unbiased variance. */
  public Tensor runningVariance() {
    return runningVariance;
  }

  @Override
  public Tensor forward(Tensor x) {
    if (x.rank() < 2 || x.size(1) != features) {
      throw new IllegalArgumentException(
          "%s: input of shape %s; expected (N, %d) or (N, %3$d, ...)"
              .formatted(this, x.shape(), features));
    }
    return affine(isTraining() ? byBatch(x) : byRunningStatistics(x));
  }

  private Tensor byBatch(Tensor x) {
    int count = x.size() / features;
    if (count < 2) {
      throw new IllegalArgumentException(
          "%s: input of shape %s has %d value for each feature, which has no variance; expected at least 2 in training, or eval()"
              .formatted(this, x.shape(), count));
    }
    int[] axes = IntStream.range(0, x.rank()).filter(axis -> axis != 1).toArray();
    Standardized batch = Standardize.standardize(x, true, epsilon, axes);
    Held.effect(() -> updateStatistics(batch, count));
    return batch.y();
  }

  private void updateStatistics(Standardized batch, int count) {
    Tensor unbiased = batch.variance().times((double) count / (count - 1));
    runningMean = moved(runningMean, batch.mean());
    runningVariance = moved(runningVariance, unbiased);
  }

  private Tensor moved(Tensor running, Tensor batch) {
    return running.times(1 - updateRate).plus(batch.times(updateRate)).to(running.dtype());
  }

  private Tensor byRunningStatistics(Tensor x) {
    Tensor mean = Held.value(() -> runningMean);
    Tensor variance = Held.value(() -> runningVariance);
    return x.minus(perFeature(mean, x)).times(perFeature(variance.plus(epsilon).rsqrt(), x));
  }

  private Tensor affine(Tensor standard) {
    return standard
        .times(perFeature(weight.value(), standard))
        .plus(perFeature(bias.value(), standard));
  }

  /** Returns one value for each feature in the shape that broadcasts over x. */
  private Tensor perFeature(Tensor values, Tensor x) {
    int[] sizes = new int[x.rank() - 1];
    Arrays.fill(sizes, 1);
    sizes[0] = features;
    return values.reshape(sizes);
  }

  @Override
  public String toString() {
    return "BatchNorm(%d)".formatted(features);
  }
}
