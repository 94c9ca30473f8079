package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.FloatNormLoops.LANES;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Norm;
import java.util.Arrays;

/** The lanes of one set after another: the table of their numbers, and their sums. */
final class FloatSet {

  /** So many elements are added up in the arrays' precision before they are added in double. */
  private static final int PIECE = 4096;

  /** Receives a tile of elements of one feature, or with features one after another. */
  interface Body {
    void run(int at, int rows, int to, int feature);
  }

  private final Norm norm;

  /** How far apart elements of a lane are. */
  final int stride;

  final float[] numbers = Buffers.uninitializedFloats(7 * LANES);
  final float[] lanes = Buffers.uninitializedFloats(2 * LANES);

  FloatSet(Norm norm) {
    this.norm = norm;
    stride = norm.b() == 1 ? norm.channels() : LANES;
  }

  void put(int row, double value) {
    Arrays.fill(numbers, row * LANES, (row + 1) * LANES, (float) value);
  }

  /** Puts what was measured of a set. */
  void putStatistics(float[] statistics, int c) {
    for (int row = 0; row < 4; row++) {
      put(row, statistics[row * norm.channels() + c]);
    }
  }

  float[] clearedLanes() {
    Arrays.fill(lanes, 0);
    return lanes;
  }

  /** Adds up lanes in halves. */
  static float total(float[] lanes, int from) {
    float even = quarter(lanes, from) + quarter(lanes, from + 2);
    return even + (quarter(lanes, from + 1) + quarter(lanes, from + 3));
  }

  private static float quarter(float[] lanes, int i) {
    return (lanes[i] + lanes[i + 8]) + (lanes[i + 4] + lanes[i + 12]);
  }

  /** Walks over a set. */
  void forEach(int c, Body body) {
    if (norm.b() == 1) {
      for (int r = 0; r < norm.a(); r += PIECE / LANES) {
        body.run(norm.at(r, c), Math.min(PIECE / LANES, norm.a() - r), 1, norm.feature(c));
      }
      return;
    }
    for (int i = 0; i < norm.a(); i++) {
      int end = norm.at(i, c) + norm.b();
      for (int at = norm.at(i, c), n; at < end; at += n) {
        n = Math.min(PIECE, norm.run(at, end));
        int feature = norm.feature(at);
        int rows = n / LANES;
        if (rows > 0) {
          body.run(at, rows, LANES, feature);
        }
        if (n % LANES > 0) {
          int done = rows * LANES;
          body.run(at + done, 1, n % LANES, feature + done * norm.featureStep());
        }
      }
    }
  }
}
