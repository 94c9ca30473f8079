package dev.adjoint.spark;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.Dataset;
import java.io.Serial;
import java.io.Serializable;

/**
 * A share of the rows of a {@link ShardedData}: a data set in the memory of an executor. Which rows
 * it has, and in which order, depends on all rows and the number of shards, and on nothing else.
 */
public final class Shard<Y> implements Dataset<Tensor, Y>, Serializable {

  @Serial private static final long serialVersionUID = 1;

  private final int number;
  private final int features;
  private final boolean classified;
  private final float[] inputs;

  /** The numbers to predict, or the bits of the class, of each row. */
  private final int[] targets;

  Shard(int number, int features, boolean classified, float[] inputs, int[] targets) {
    this.number = number;
    this.features = features;
    this.classified = classified;
    this.inputs = inputs;
    this.targets = targets;
  }

  /** Returns which of the shards this is, from 0. */
  public int number() {
    return number;
  }

  @Override
  public int size() {
    return inputs.length / features;
  }

  @Override
  @SuppressWarnings("unchecked") // the schema says which of both the targets are
  public Batch<Tensor, Y> batch(IntTensor numbers) {
    int width = targets.length / size();
    int[] at = numbers.toArray();
    float[] x = new float[at.length * features];
    int[] y = new int[at.length * width];
    for (int i = 0; i < at.length; i++) {
      System.arraycopy(inputs, at[i] * features, x, i * features, features);
      System.arraycopy(targets, at[i] * width, y, i * width, width);
    }
    Object wanted = classified ? IntTensor.of(y, at.length) : numbers(y, at.length, width);
    return new Batch<>(Tensor.of(x, at.length, features), (Y) wanted, at.length);
  }

  private static Tensor numbers(int[] bits, int rows, int width) {
    float[] values = new float[bits.length];
    for (int i = 0; i < bits.length; i++) {
      values[i] = Float.intBitsToFloat(bits[i]);
    }
    return Tensor.of(values, rows, width);
  }
}
