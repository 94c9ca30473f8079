package dev.adjoint.examples.digits;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.Dataset;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.PrimitiveIterator;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;

/**
 * Draws digits as many hands would: one of several ways to write each, by a shaking hand, slanted,
 * turned, wide or narrow, with a thin pen or a thick one. The same generator draws the same digits
 * on every machine.
 */
public final class Handwriting {

  /** The height and the width of an image, in pixels, as in MNIST. */
  public static final int SIZE = 28;

  /** The number of digits. */
  public static final int DIGITS = 10;

  /** The standard deviation by which points are off, in units of the glyphs. */
  private static final double SHAKING = 3;

  /** The most noise that a camera adds to a pixel, or takes away. */
  private static final double NOISE = 0.2;

  /**
   * Is how somebody writes one digit.
   *
   * @param width of a unit of the glyphs, in pixels
   * @param height of a unit of the glyphs, in pixels
   * @param slant to the right
   * @param angle to the right, in radians
   * @param radius of the pen, in pixels
   * @param right from the middle of the image, in pixels if there is room
   * @param down from the middle of the image, in pixels if there is room
   */
  private record Hand(
      double width,
      double height,
      double slant,
      double angle,
      double radius,
      double right,
      double down) {

    static Hand of(Generator generator) {
      double[] u = generator.uniform(-1, 1, Shape.of(7), DType.FLOAT64).toDoubleArray();
      return new Hand(
          0.2 * (1 + 0.3 * u[0]),
          0.2 * (1 + 0.15 * u[1]),
          0.3 * u[2],
          0.25 * u[3],
          1.1 + 0.6 * u[4],
          2.5 * u[5],
          2.5 * u[6]);
    }

    /** Returns where this hand puts a point of a glyph, around the origin. */
    Point put(Point p) {
      double y = height * (p.y() - Glyphs.CENTER.y());
      double x = width * (p.x() - Glyphs.CENTER.x()) - slant * y;
      double sine = StrictMath.sin(angle); // the same bits on every machine
      double cosine = StrictMath.cos(angle);
      return new Point(cosine * x - sine * y, sine * x + cosine * y);
    }
  }

  private Handwriting() {}

  /**
   * Returns images of random digits, with noise.
   *
   * @return inputs of shape (n, 1, 28, 28) from 0, paper, to 1, ink; classes are the digits
   */
  public static Dataset<Tensor, IntTensor> digits(int n, Generator generator) {
    IntTensor labels = generator.integers(DIGITS, n);
    float[] pixels = new float[n * SIZE * SIZE];
    for (int i = 0; i < n; i++) {
      System.arraycopy(pixels(labels.get(i), generator), 0, pixels, i * SIZE * SIZE, SIZE * SIZE);
    }
    Shape shape = Shape.of(n, 1, SIZE, SIZE);
    Tensor noise = generator.uniform(-NOISE, NOISE, shape, DType.FLOAT32);
    return Dataset.of(Tensor.of(pixels, shape.toArray()).plus(noise).clamp(0, 1), labels);
  }

  /** Returns the image of an example of a batch: of shape (28, 28). */
  public static Tensor image(Batch<Tensor, IntTensor> batch, int i) {
    return batch.inputs().slice(0, i, i + 1).reshape(SIZE, SIZE);
  }

  /** Returns the rows of an image, with ink black on white paper. */
  public static double[][] rows(Tensor image) {
    double[][] rows = new double[SIZE][];
    for (int y = 0; y < SIZE; y++) {
      rows[y] = image.select(0, y).times(-1).plus(1).toDoubleArray();
    }
    return rows;
  }

  /** Returns an image of a digit without noise, of shape (28, 28). */
  public static Tensor draw(int digit, Generator generator) {
    return Tensor.of(pixels(digit, generator), SIZE, SIZE);
  }

  private static float[] pixels(int digit, Generator generator) {
    List<List<Stroke>> ways = Glyphs.of(digit);
    List<Stroke> glyph = ways.get(generator.integers(ways.size(), 1).get(0));
    Hand hand = Hand.of(generator);
    List<List<Point>> outlines =
        glyph.stream().map(stroke -> shaken(stroke, generator).map(hand::put).outline()).toList();
    UnaryOperator<Point> intoFrame = intoFrame(outlines, hand);
    Canvas canvas = new Canvas(SIZE);
    for (List<Point> outline : outlines) {
      for (int i = 1; i < outline.size(); i++) {
        canvas.line(
            intoFrame.apply(outline.get(i - 1)), intoFrame.apply(outline.get(i)), hand.radius);
      }
    }
    return canvas.pixels();
  }

  private static Stroke shaken(Stroke stroke, Generator generator) {
    Shape shape = Shape.of(2 * stroke.points().size());
    PrimitiveIterator.OfDouble off =
        DoubleStream.of(generator.normal(0, SHAKING, shape, DType.FLOAT64).toDoubleArray())
            .iterator();
    return stroke.map(p -> new Point(p.x() + off.nextDouble(), p.y() + off.nextDouble()));
  }

  /**
   * Returns what moves outlines near the middle of the image, and makes those smaller that would
   * not fit: no ink reaches the pixels at the edge.
   */
  private static UnaryOperator<Point> intoFrame(List<List<Point>> outlines, Hand hand) {
    List<Point> all = outlines.stream().flatMap(List::stream).toList();
    DoubleSummaryStatistics x = all.stream().mapToDouble(Point::x).summaryStatistics();
    DoubleSummaryStatistics y = all.stream().mapToDouble(Point::y).summaryStatistics();
    double width = x.getMax() - x.getMin();
    double height = y.getMax() - y.getMin();
    double room = SIZE - 2 * (1 + hand.radius);
    double scale = Math.min(1, room / Math.max(width, height));
    double freeX = (room - scale * width) / 2;
    double freeY = (room - scale * height) / 2;
    double centerX = SIZE / 2.0 + Math.clamp(hand.right, -freeX, freeX);
    double centerY = SIZE / 2.0 + Math.clamp(hand.down, -freeY, freeY);
    Point middle = new Point((x.getMax() + x.getMin()) / 2, (y.getMax() + y.getMin()) / 2);
    return p ->
        new Point(centerX + scale * (p.x() - middle.x()), centerY + scale * (p.y() - middle.y()));
  }
}
