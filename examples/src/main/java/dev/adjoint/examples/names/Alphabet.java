package dev.adjoint.examples.names;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Numbers the characters of names from 1; 0 is what comes before the first and after the last.
 *
 * @param characters the code points in order
 */
public record Alphabet(int[] characters) {

  /** The number of what is around names. */
  public static final int END = 0;

  /** Collects the characters of all names. */
  public static Alphabet of(Names names) {
    return new Alphabet(
        Stream.of(names.training(), names.validation())
            .flatMap(List::stream)
            .flatMapToInt(String::codePoints)
            .distinct()
            .sorted()
            .toArray());
  }

  /** Returns how many numbers there are, the end included. */
  public int size() {
    return characters.length + 1;
  }

  /** Returns the numbers of a name's characters, and the end. */
  public int[] encode(String name) {
    int[] points = name.codePoints().toArray();
    int[] codes = new int[points.length + 1];
    for (int i = 0; i < points.length; i++) {
      codes[i] = 1 + Arrays.binarySearch(characters, points[i]);
    }
    return codes;
  }

  /** Returns the character of a number that is not the end. */
  public String decode(int code) {
    return Character.toString(characters[code - 1]);
  }
}
