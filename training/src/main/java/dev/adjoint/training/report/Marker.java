package dev.adjoint.training.report;

/** A shape of points, about seven units wide, so that series differ without color too. */
enum Marker {
  CIRCLE("m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0z"),
  SQUARE("m-3-3h6v6h-6z"),
  DIAMOND("m0-4.2l4.2 4.2l-4.2 4.2l-4.2-4.2z"),
  TRIANGLE("m0-4l4 7h-8z"),
  UPSIDE_DOWN("m0 4l4-7h-8z"),
  PLUS("m-1.2-4h2.4v2.8h2.8v2.4h-2.8v2.8h-2.4v-2.8h-2.8v-2.4h2.8z");

  private final String outline;

  Marker(String outline) {
    this.outline = outline;
  }

  /** Returns path data of this shape around a point. */
  String at(double x, double y) {
    return "M" + Svg.number(x) + " " + Svg.number(y) + outline;
  }
}
