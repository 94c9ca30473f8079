package dev.adjoint.op;

import java.util.Arrays;

/**
 * Numbers as keys to be sorted, each with its position: whole numbers in the same order, of which
 * that of NaN is the largest, and that of -0 is that of 0.
 */
final class SortKeys {

  /** The key of every NaN. */
  static final long NAN = of(Double.NaN);

  /** As many keys are sorted faster by insertion. */
  private static final int FEW = 64;

  private final int[] starts = new int[8 << 8]; // of each digit of each byte
  private long[] keys;
  private int[] positions;
  private long[] otherKeys;
  private int[] otherPositions;
  private int count;

  SortKeys(int most) {
    keys = new long[most];
    positions = new int[most];
    otherKeys = new long[most > FEW ? most : 0];
    otherPositions = new int[most > FEW ? most : 0];
  }

  /**
   * Returns the key of a number: its magnitude's bits, with its sign. The low bytes of a float32
   * are 0 in it, and need no sorting.
   */
  static long of(double x) {
    long bits = Double.doubleToLongBits(x + 0.0); // -0 becomes 0
    long sign = bits >> 63;
    return ((bits & Long.MAX_VALUE) ^ sign) - sign;
  }

  void add(long key, int position) {
    keys[count] = key;
    positions[count++] = position;
  }

  int count() {
    return count;
  }

  /** Forgets all but the first keys. */
  void keep(int first) {
    count = first;
  }

  long key(int rank) {
    return keys[rank];
  }

  int position(int rank) {
    return positions[rank];
  }

  /** Sorts the keys; equal ones stay in their order. */
  void sort() {
    if (count <= FEW) {
      insert();
    } else {
      distribute();
    }
  }

  private void insert() {
    for (int i = 1; i < count; i++) {
      long key = keys[i];
      int position = positions[i];
      int at = i;
      for (; at > 0 && keys[at - 1] > key; at--) {
        keys[at] = keys[at - 1];
        positions[at] = positions[at - 1];
      }
      keys[at] = key;
      positions[at] = position;
    }
  }

  /** Sorts by one byte after another, from the lowest; those in which all agree need no sorting. */
  private void distribute() {
    Arrays.fill(starts, 0);
    for (int i = 0; i < count; i++) {
      long key = keys[i];
      for (int shift = 0; shift < 64; shift += 8) {
        starts[digit(key, shift)]++;
      }
    }
    for (int shift = 0; shift < 64; shift += 8) {
      if (starts[digit(keys[0], shift)] < count) {
        distribute(shift);
      }
    }
  }

  private void distribute(int shift) {
    int sum = 0;
    for (int digit = shift << 5; digit < (shift + 8) << 5; digit++) {
      int size = starts[digit];
      starts[digit] = sum;
      sum += size;
    }
    for (int i = 0; i < count; i++) {
      int to = starts[digit(keys[i], shift)]++;
      otherKeys[to] = keys[i];
      otherPositions[to] = positions[i];
    }
    long[] sortedKeys = otherKeys;
    otherKeys = keys;
    keys = sortedKeys;
    int[] sortedPositions = otherPositions;
    otherPositions = positions;
    positions = sortedPositions;
  }

  /** Returns where the starts are of the keys that have the same byte. */
  private static int digit(long key, int shift) {
    return shift << 5 | (int) ((key ^ Long.MIN_VALUE) >>> shift & 255); // negative keys come first
  }
}
