package dev.adjoint.op;

import static com.google.common.base.Preconditions.checkArgument;

import dev.adjoint.tensor.Shape;

/** What losses demand of shapes and numbers. */
final class LossChecks {

  private LossChecks() {}

  static void requireEqualShapes(String loss, String a, Shape x, String b, Shape y) {
    if (!x.equals(y)) {
      throw new IllegalArgumentException(
          "%s: %s of shape %s and %s of shape %s; expected equal shapes, expand() to broadcast"
              .formatted(loss, a, x, b, y));
    }
  }

  static void requireBroadcast(String loss, String a, Shape x, String b, Shape y) {
    if (!x.broadcastsTo(y)) {
      throw new IllegalArgumentException(
          "%s: %s of shape %s for %s of shape %s; expected one that broadcasts to it"
              .formatted(loss, a, x, b, y));
    }
  }

  static void requireAboveZero(String loss, String name, double value) {
    checkArgument(value > 0, "%s: %s %s; expected above 0", loss, name, value);
  }

  static void requireAtLeastZero(String loss, String name, double value) {
    checkArgument(value >= 0, "%s: %s %s; expected at least 0", loss, name, value);
  }
}
