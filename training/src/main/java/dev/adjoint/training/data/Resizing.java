package dev.adjoint.training.data;

/**
 * Makes an image of another size, row by row as they are decoded: by linear interpolation, or
 * averages where it gets smaller. An image of the same size stays as it is, to the bit.
 */
final class Resizing {

  /** The neighbors of which one pixel is made, in one direction. */
  private record Window(int first, double[] weights) {}

  private final int channels;
  private final int fromWidth;
  private final int width;
  private final Window[] rows;
  private final Window[] columns;
  private final double[] sums;
  private int firstOpen;

  Resizing(int channels, int fromHeight, int fromWidth, int height, int width) {
    this.channels = channels;
    this.fromWidth = fromWidth;
    this.width = width;
    this.rows = windows(fromHeight, height);
    this.columns = windows(fromWidth, width);
    this.sums = new double[channels * height * width];
  }

  /** Adds the next row, of so many numbers as channels times the width. */
  void add(int y, float[] row) {
    while (firstOpen < rows.length && end(rows[firstOpen]) <= y) {
      firstOpen++;
    }
    if (firstOpen == rows.length || rows[firstOpen].first > y) {
      return;
    }
    double[] resized = new double[channels * width];
    for (int c = 0; c < channels; c++) {
      for (int x = 0; x < width; x++) {
        Window window = columns[x];
        for (int i = 0; i < window.weights.length; i++) {
          resized[c * width + x] += window.weights[i] * row[c * fromWidth + window.first + i];
        }
      }
    }
    for (int to = firstOpen; to < rows.length && rows[to].first <= y; to++) {
      double weight = rows[to].weights[y - rows[to].first];
      for (int c = 0; c < channels; c++) {
        for (int x = 0; x < width; x++) {
          sums[(c * rows.length + to) * width + x] += weight * resized[c * width + x];
        }
      }
    }
  }

  /** Returns the image of shape (channels, height, width). */
  float[] result() {
    float[] result = new float[sums.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (float) sums[i];
    }
    return result;
  }

  private static int end(Window window) {
    return window.first + window.weights.length;
  }

  private static Window[] windows(int from, int to) {
    double scale = (double) from / to;
    double reach = Math.max(1, scale);
    Window[] windows = new Window[to];
    for (int i = 0; i < to; i++) {
      double center = (i + 0.5) * scale - 0.5;
      int first = Math.max(0, (int) Math.floor(center - reach) + 1);
      int end = Math.min(from, (int) Math.ceil(center + reach));
      double[] weights = new double[end - first];
      double sum = 0;
      for (int j = first; j < end; j++) {
        weights[j - first] = Math.max(0, 1 - Math.abs(j - center) / reach);
        sum += weights[j - first];
      }
      for (int j = 0; j < weights.length; j++) {
        weights[j] /= sum;
      }
      windows[i] = new Window(first, weights);
    }
    return windows;
  }
}
