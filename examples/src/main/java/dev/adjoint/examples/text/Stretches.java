package dev.adjoint.examples.text;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.Dataset;

/** Gives stretches of a text of one length, and for each of their characters the one after it. */
public final class Stretches implements Dataset<IntTensor, IntTensor> {

  private final int[] codes;
  private final int length;
  private final int stride;

  /**
   * Cuts a text.
   *
   * @param stride by how much stretches are apart: with less than the length they overlap
   */
  public Stretches(int[] codes, int length, int stride) {
    if (codes.length <= length) {
      throw new IllegalArgumentException(
          "Stretches: %d characters for stretches of %d; expected more"
              .formatted(codes.length, length));
    }
    this.codes = codes;
    this.length = length;
    this.stride = stride;
  }

  @Override
  public int size() {
    return 1 + (codes.length - 1 - length) / stride;
  }

  /** Returns stretches of shape (n, length), and what follows their characters, (n * length). */
  @Override
  public Batch<IntTensor, IntTensor> batch(IntTensor numbers) {
    int n = numbers.size();
    int[] inputs = new int[n * length];
    int[] targets = new int[n * length];
    for (int i = 0; i < n; i++) {
      int from = numbers.get(i) * stride;
      System.arraycopy(codes, from, inputs, i * length, length);
      System.arraycopy(codes, from + 1, targets, i * length, length);
    }
    return new Batch<>(IntTensor.of(inputs, n, length), IntTensor.of(targets), n * length);
  }
}
