package dev.adjoint.examples;

import java.util.Arrays;
import java.util.List;

/**
 * Numbers the characters of names from 1; 0 is what comes before the first and after the last.
 *
 * @param characters the code points in order
 */
record Alphabet(int[] characters) {

  static final int END = 0;

  /** Collects the characters of names. */
  static Alphabet of(List<String> names) {
    return new Alphabet(
        names.stream().flatMapToInt(String::codePoints).distinct().sorted().toArray());
  }

  /** Returns how many numbers there are, the end included. */
  int size() {
    return characters.length + 1;
  }

  /** Returns the numbers of a name's characters, and the end. */
  int[] encode(String name) {
    int[] points = name.codePoints().toArray();
    int[] codes = new int[points.length + 1];
    for (int i = 0; i < points.length; i++) {
      codes[i] = 1 + Arrays.binarySearch(characters, points[i]);
    }
    return codes;
  }

  /** Returns the character of a number that is not the end. */
  String decode(int code) {
    return Character.toString(characters[code - 1]);
  }
}
