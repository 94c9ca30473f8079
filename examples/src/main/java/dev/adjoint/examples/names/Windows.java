package dev.adjoint.examples.names;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.Dataset;
import java.util.List;

/**
 * Shows names as a model sees them: the characters just before a position, and the one there.
 *
 * <p>Names lie one after another, each behind as many ends as a window is long.
 */
public final class Windows implements Dataset<IntTensor, IntTensor> {

  private final int length;
  private final int[] codes;
  private final int[] positions;

  public Windows(List<String> names, Alphabet alphabet, int length) {
    this.length = length;
    List<int[]> encoded = names.stream().map(alphabet::encode).toList();
    int characters = encoded.stream().mapToInt(name -> name.length).sum();
    this.codes = new int[characters + length * names.size()];
    this.positions = new int[characters];
    int at = 0;
    int count = 0;
    for (int[] name : encoded) {
      at += length;
      for (int code : name) {
        positions[count++] = at;
        codes[at++] = code;
      }
    }
  }

  /** Returns the number of positions: characters and ends. */
  @Override
  public int size() {
    return positions.length;
  }

  /** Returns what is before the given positions, of shape (n, length), and what is there, (n). */
  @Override
  public Batch<IntTensor, IntTensor> batch(IntTensor numbers) {
    int n = numbers.size();
    int[] windows = new int[n * length];
    int[] targets = new int[n];
    for (int i = 0; i < n; i++) {
      int position = positions[numbers.get(i)];
      System.arraycopy(codes, position - length, windows, i * length, length);
      targets[i] = codes[position];
    }
    return new Batch<>(IntTensor.of(windows, n, length), IntTensor.of(targets), n);
  }
}
