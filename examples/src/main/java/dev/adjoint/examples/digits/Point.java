package dev.adjoint.examples.digits;

/** A point of the plane; y points down. */
record Point(double x, double y) {

  /** Returns the point on the way to another one: this one for 0, the other one for 1. */
  Point toward(Point other, double t) {
    return new Point(x + t * (other.x - x), y + t * (other.y - y));
  }
}
