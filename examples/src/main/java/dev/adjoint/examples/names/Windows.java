package dev.adjoint.examples.names;

import dev.adjoint.tensor.IntTensor;
import java.util.List;

/**
 * Shows names as a model sees them: the characters just before a position, and the one there.
 *
 * <p>Names lie one after another, each behind as many ends as a window is long.
 */
public final class Windows {

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
  public int size() {
    return positions.length;
  }

  /** Returns what is before the given positions, of shape (n, length). */
  public IntTensor before(int[] chosen) {
    int[] windows = new int[chosen.length * length];
    for (int i = 0; i < chosen.length; i++) {
      System.arraycopy(codes, positions[chosen[i]] - length, windows, i * length, length);
    }
    return IntTensor.of(windows, chosen.length, length);
  }

  /** Returns what is at the given positions, of shape (n). */
  public IntTensor at(int[] chosen) {
    int[] targets = new int[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      targets[i] = codes[positions[chosen[i]]];
    }
    return IntTensor.of(targets);
  }
}
