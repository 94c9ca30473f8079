package dev.adjoint.training.report;

import com.google.common.collect.ImmutableList;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;

/**
 * Places numbers along one direction of a plot, by themselves or by their logarithms.
 *
 * <p>A place is NaN for what is not finite, and for what has no logarithm. Charts get places in
 * units of the distance between two labels, so that each label stands at a whole number: XChart's
 * own choice of labels does not end for some numbers.
 */
final class Axis {

  /** Larger numbers count as infinite: the distance of two might be. */
  private static final double LARGEST = 1e300;

  /** Numbers that differ less, relative to their size, are one number as far as labels tell. */
  private static final double SAME = 1e-4;

  /** About how many labels there are. */
  private static final int LABELS = 6;

  private final String title;
  private boolean logarithmic;
  private List<String> labels = List.of();
  private double low = Double.POSITIVE_INFINITY;
  private double high = Double.NEGATIVE_INFINITY;
  private boolean fixed;

  Axis(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }

  /** Places numbers by their logarithms; called before there are any. */
  void logarithmic() {
    logarithmic = true;
  }

  /** Writes these at 0, 1, 2 and so on, in place of the numbers. */
  void labels(List<String> newLabels) {
    labels = ImmutableList.copyOf(newLabels);
    include(-0.3, labels.size() - 0.7);
  }

  /** Shows these numbers and what is between, whatever there is. */
  void range(double from, double to) {
    double[] places = places(from, to);
    if (!(places[0] < places[1])) {
      throw new IllegalArgumentException(
          "axis '%s': range from %s to %s; expected finite numbers, the first below the second%s"
              .formatted(title, from, to, logarithmic ? ", above 0" : ""));
    }
    low = places[0];
    high = places[1];
    fixed = true;
  }

  /** Returns where numbers are. */
  double[] places(double... numbers) {
    return Arrays.stream(numbers)
        .map(number -> logarithmic ? Math.log10(number) : number)
        .map(place -> Math.abs(place) <= LARGEST ? place : Double.NaN)
        .toArray();
  }

  /** Makes room for places. */
  void include(double... places) {
    if (!fixed) {
      for (double place : places) {
        if (!Double.isNaN(place)) {
          low = Math.min(low, place);
          high = Math.max(high, place);
        }
      }
    }
  }

  /** Returns what is drawn of what has been placed. */
  Scale scale() {
    Ends ends = ends();
    return new Scale(ends.low, ends.high, step(ends.high - ends.low));
  }

  private record Ends(double low, double high) {
    Ends withRoom(double share) {
      double room = share * (high - low);
      return new Ends(low - room, high + room);
    }
  }

  /** Chooses what is seen; XChart needs a little more than the place of a label to write it. */
  private Ends ends() {
    if (low > high) {
      return new Ends(0, 1).withRoom(0.01);
    }
    if (fixed || !labels.isEmpty()) {
      return new Ends(low, high).withRoom(0.01);
    }
    if (logarithmic && labelsBetween(low, high) < 2) {
      return endsAtPowers();
    }
    double size = Math.max(Math.abs(low), Math.abs(high));
    if (high - low <= SAME * size) {
      double room = size == 0 ? 1 : 0.1 * size;
      return new Ends(low - room, high + room);
    }
    boolean nearZero = low >= 0 && low < 0.2 * (high - low) && !logarithmic;
    return nearZero
        ? new Ends(0, high + 0.03 * high).withRoom(0.01)
        : new Ends(low, high).withRoom(0.04);
  }

  /** Moves as few ends as needed to powers of 10, so that two of them can be written. */
  private Ends endsAtPowers() {
    double floor = Math.floor(low);
    double ceil = Math.ceil(high);
    if (labelsBetween(floor, high) >= 2) {
      return new Ends(floor, high).withRoom(0.04);
    }
    return labelsBetween(low, ceil) >= 2
        ? new Ends(low, ceil).withRoom(0.04)
        : new Ends(floor, Math.max(ceil, floor + 1)).withRoom(0.01);
  }

  private static double labelsBetween(double from, double to) {
    return Math.floor(to) - Math.ceil(from) + 1;
  }

  /** Returns a round distance between labels: 1, 2 or 5 times a power of 10. */
  private BigDecimal step(double span) {
    if (!labels.isEmpty()) {
      return BigDecimal.ONE;
    }
    double wanted = span / LABELS;
    int exponent = (int) Math.floor(Math.log10(wanted));
    double leading = wanted / Math.pow(10, exponent);
    int round = leading < 1.5 ? 1 : leading < 3.5 ? 2 : leading < 7.5 ? 5 : 10;
    BigDecimal step = BigDecimal.valueOf(round, -exponent);
    return logarithmic ? step.max(BigDecimal.ONE) : step;
  }

  /** Holds what is seen of an axis, in numbers of labels. */
  final class Scale {
    private final double min;
    private final double max;
    private final BigDecimal step;

    Scale(double low, double high, BigDecimal step) {
      this.step = step;
      min = low / step.doubleValue();
      max = high / step.doubleValue();
    }

    double min() {
      return min;
    }

    double max() {
      return max;
    }

    /** Returns places in numbers of labels. */
    double[] of(double[] places) {
      return Arrays.stream(places).map(place -> place / step.doubleValue()).toArray();
    }

    /**
     * Returns how far apart XChart is to put labels, of an axis about so many pixels long: it
     * rounds the distance to 1 then.
     */
    int spacing(double pixels) {
      return (int) (0.85 * pixels / (max - min));
    }

    /** Writes what stands at a whole number. */
    String label(double at) {
      long whole = Math.round(at);
      if (!labels.isEmpty()) {
        // XChart asks for some that it does not show, too, and wants different answers.
        return whole >= 0 && whole < labels.size() ? labels.get((int) whole) : "no " + whole;
      }
      BigDecimal place = step.multiply(BigDecimal.valueOf(whole));
      return number(logarithmic ? BigDecimal.ONE.scaleByPowerOfTen(place.intValueExact()) : place);
    }
  }

  private static String number(BigDecimal number) {
    if (number.signum() == 0) {
      return "0";
    }
    BigDecimal digits = number.stripTrailingZeros();
    int exponent = digits.precision() - digits.scale() - 1;
    return exponent >= -3 && exponent <= 4
        ? digits.toPlainString()
        : digits.scaleByPowerOfTen(-exponent).toPlainString() + "e" + exponent;
  }
}
