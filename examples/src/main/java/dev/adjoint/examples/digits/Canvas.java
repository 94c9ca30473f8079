package dev.adjoint.examples.digits;

/** Takes the ink of a round pen: each pixel from 0 to 1, with soft edges. */
final class Canvas {

  private final int size;
  private final float[] pixels;

  /** Creates a square without ink; the middle of the pixel in its corner is (0.5, 0.5). */
  Canvas(int size) {
    this.size = size;
    this.pixels = new float[size * size];
  }

  /** Returns the pixels, row after row. */
  float[] pixels() {
    return pixels.clone();
  }

  /** Draws a line of twice this radius. */
  void line(Point a, Point b, double radius) {
    double reach = radius + 0.5;
    int top = Math.max(0, (int) Math.floor(Math.min(a.y(), b.y()) - reach));
    int bottom = Math.min(size - 1, (int) Math.floor(Math.max(a.y(), b.y()) + reach));
    int left = Math.max(0, (int) Math.floor(Math.min(a.x(), b.x()) - reach));
    int right = Math.min(size - 1, (int) Math.floor(Math.max(a.x(), b.x()) + reach));
    for (int y = top; y <= bottom; y++) {
      for (int x = left; x <= right; x++) {
        double distance = distance(new Point(x + 0.5, y + 0.5), a, b);
        float ink = (float) Math.clamp(reach - distance, 0, 1);
        pixels[y * size + x] = Math.max(pixels[y * size + x], ink);
      }
    }
  }

  /** Returns the distance of a point from the line between two others. */
  private static double distance(Point p, Point a, Point b) {
    double dx = b.x() - a.x();
    double dy = b.y() - a.y();
    double square = dx * dx + dy * dy;
    double along = (p.x() - a.x()) * dx + (p.y() - a.y()) * dy;
    Point nearest = a.toward(b, square == 0 ? 0 : Math.clamp(along / square, 0, 1));
    double x = p.x() - nearest.x();
    double y = p.y() - nearest.y();
    return Math.sqrt(x * x + y * y);
  }
}
