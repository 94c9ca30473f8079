package dev.adjoint.training.report;

/** Joins points by lines, with relative moves in tenths of a unit, which are short to write. */
final class PathData {

  private final StringBuilder data = new StringBuilder();
  private long x;
  private long y;
  private boolean begun;
  private boolean joined;

  /** Goes on to a point; at NaN the line ends, and another begins after it. */
  PathData to(double toX, double toY) {
    if (Double.isNaN(toX) || Double.isNaN(toY)) {
      return lift();
    }
    long newX = Math.round(10 * toX);
    long newY = Math.round(10 * toY);
    if (!begun) {
      data.append('M').append(Svg.tenths(newX));
      append(newY);
      begun = true;
      joined = false;
    } else if (newX != x || newY != y) {
      String dx = Svg.tenths(newX - x);
      data.append(joined ? (dx.startsWith("-") ? "" : " ") : "l").append(dx);
      append(newY - y);
      joined = true;
    }
    x = newX;
    y = newY;
    return this;
  }

  /** Ends a line; one of a single point becomes a dot. */
  PathData lift() {
    if (begun && !joined) {
      data.append("h0");
    }
    begun = false;
    return this;
  }

  /** Ends a line where it began. */
  PathData close() {
    if (begun) {
      data.append('z');
    }
    begun = false;
    return this;
  }

  private void append(long tenths) {
    String text = Svg.tenths(tenths);
    data.append(text.startsWith("-") ? "" : " ").append(text);
  }

  @Override
  public String toString() {
    lift();
    return data.toString();
  }
}
