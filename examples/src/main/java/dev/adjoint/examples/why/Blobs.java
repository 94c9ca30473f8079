package dev.adjoint.examples.why;

import dev.adjoint.op.Indexing;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * Pictures of ten kinds of blobs, 14 by 14 pixels in black and white, to learn from and to be
 * judged by: a stand-in for MNIST that needs no file.
 *
 * <p>A kind is a random picture, smoothed. An example is one of these, moved around a little, with
 * some pixels flipped. The kinds are always the same; the examples depend on a seed.
 */
final class Blobs {

  static final int CLASSES = 10;
  static final int PIXELS = 14 * 14;

  private static final int SIDE = 14;
  private static final long KINDS = 7;

  private final Tensor training;
  private final IntTensor trainingLabels;
  private final Tensor test;
  private final IntTensor testLabels;

  private Blobs(int examples, int tests, int shift, double noise, long seed) {
    Generator generator = Generator.seeded(seed);
    trainingLabels = generator.integers(CLASSES, examples);
    training = draw(trainingLabels, shift, noise, generator);
    testLabels = generator.integers(CLASSES, tests);
    test = draw(testLabels, shift, noise, generator);
  }

  /** Draws examples that any network learns. */
  static Blobs easy(long seed) {
    return new Blobs(4000, 1000, 1, 0.12, seed);
  }

  /** Draws examples of which even a good network gets only about 60 % right. */
  static Blobs hard(long seed) {
    return new Blobs(3000, 2000, 2, 0.3, seed);
  }

  /** Returns a picture of each kind: shape (10, 196), values 0 and 1. */
  private static Tensor kinds() {
    Generator generator = Generator.seeded(KINDS);
    Tensor noise = generator.normal(0, 1, Shape.of(CLASSES, SIDE, SIDE), DType.FLOAT32);
    Tensor smooth = smoothed(smoothed(noise, 1), 2).reshape(CLASSES, PIXELS);
    double[] values = smooth.toDoubleArray();
    double[] ones = new double[values.length];
    for (int kind = 0; kind < CLASSES; kind++) {
      double[] sorted = Arrays.copyOfRange(values, kind * PIXELS, (kind + 1) * PIXELS);
      Arrays.sort(sorted);
      for (int i = kind * PIXELS; i < (kind + 1) * PIXELS; i++) {
        ones[i] = values[i] > sorted[PIXELS / 2] ? 1 : 0;
      }
    }
    return Tensor.of(ones, CLASSES, PIXELS);
  }

  /** Adds to each pixel its two neighbors along an axis; the first and the last are neighbors. */
  private static Tensor smoothed(Tensor pictures, int axis) {
    return pictures.plus(pictures.roll(1, axis)).plus(pictures.roll(-1, axis));
  }

  private static Tensor draw(IntTensor labels, int shift, double noise, Generator generator) {
    int n = labels.size();
    double[] kinds = kinds().toDoubleArray();
    int[] down = generator.integers(2 * shift + 1, n).toArray();
    int[] right = generator.integers(2 * shift + 1, n).toArray();
    double[] flipped =
        generator.bernoulli(noise, Shape.of(n, PIXELS), DType.FLOAT64).toDoubleArray();
    double[] pixels = new double[n * PIXELS];
    for (int i = 0; i < n; i++) {
      for (int row = 0; row < SIDE; row++) {
        for (int column = 0; column < SIDE; column++) {
          int from =
              Math.floorMod(row + down[i] - shift, SIDE) * SIDE
                  + Math.floorMod(column + right[i] - shift, SIDE);
          int at = i * PIXELS + row * SIDE + column;
          pixels[at] = Math.abs(kinds[labels.get(i) * PIXELS + from] - flipped[at]);
        }
      }
    }
    return Tensor.of(pixels, n, PIXELS).to(DType.FLOAT32);
  }

  Tensor examples(IntTensor rows) {
    return Indexing.indexSelect(training, 0, rows);
  }

  IntTensor labels(IntTensor rows) {
    return trainingLabels.indexSelect(rows);
  }

  IntTensor labels() {
    return trainingLabels;
  }

  Tensor test() {
    return test;
  }

  IntTensor testLabels() {
    return testLabels;
  }
}
