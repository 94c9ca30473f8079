package dev.adjoint.training.report;

import com.google.common.collect.ImmutableList;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * An axis of a plot: places numbers along one direction, by themselves or by their logarithms.
 *
 * <p>A place is NaN for what is not finite, and for what has no logarithm.
 */
final class Axis {

  /** Larger numbers count as infinite: the distance of two might be. */
  private static final double LARGEST = 1e300;

  /** Numbers that differ less, relative to their size, are one number as far as labels tell. */
  private static final double SAME = 1e-4;

  /** About how many labels there are at most. */
  private static final int LABELS = 5;

  private final String title;
  private boolean logarithmic;
  private List<String> labels = List.of();
  private double low = Double.POSITIVE_INFINITY;
  private double high = Double.NEGATIVE_INFINITY;
  private boolean fixed;

  Axis(String title) {
    this.title = title;
  }

  /** Returns what is written beside the axis. */
  String title() {
    return logarithmic ? (title + " (log scale)").strip() : title;
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
    return Arrays.stream(numbers).map(this::place).toArray();
  }

  private double place(double number) {
    double place = logarithmic ? Math.log10(number) : number;
    return Math.abs(place) <= LARGEST ? place : Double.NaN;
  }

  /** Writes the number at a place, or its label. */
  String written(double place) {
    if (!labels.isEmpty() && place == Math.rint(place) && place >= 0 && place < labels.size()) {
      return labels.get((int) place);
    }
    double number = logarithmic ? Math.pow(10, place) : place;
    return written(new BigDecimal(Math.min(number, LARGEST)).round(new MathContext(3)));
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

  // ---- what is seen ----------------------------------------------------------------------------

  /**
   * A label and where it stands.
   *
   * @param at from 0 at the low end of the axis to 1 at the high end
   */
  record Tick(double at, String label) {}

  /** What is seen of an axis: the places at its ends, and the labels between. */
  record Scale(double low, double high, List<Tick> ticks) {

    /** Returns how far along the axis a place is, from 0 to 1. */
    double of(double place) {
      return (place - low) / (high - low);
    }
  }

  /**
   * Returns what is drawn of what has been placed.
   *
   * @param length of the axis
   * @param size of a label along the axis, with the room around it
   */
  Scale scale(double length, ToDoubleFunction<String> size) {
    Scale ends = ends();
    List<Tick> best = List.of();
    for (List<Tick> ticks : choices(ends)) {
      if (fits(ticks, length, size) && (ticks.size() >= 2 || ticks.size() > best.size())) {
        best = ticks;
        if (ticks.size() >= 2) {
          break;
        }
      }
    }
    return new Scale(ends.low, ends.high, best);
  }

  private static boolean fits(List<Tick> ticks, double length, ToDoubleFunction<String> size) {
    for (int i = 1; i < ticks.size(); i++) {
      double apart = Math.abs(ticks.get(i).at - ticks.get(i - 1).at) * length;
      double room =
          (size.applyAsDouble(ticks.get(i).label) + size.applyAsDouble(ticks.get(i - 1).label)) / 2;
      if (apart < room) {
        return false;
      }
    }
    return true;
  }

  /** Chooses the ends: those of the numbers with a little room, and 0 if that is near. */
  private Scale ends() {
    if (low > high) {
      return between(0, 1);
    }
    if (fixed || !labels.isEmpty()) {
      return between(low, high);
    }
    double size = Math.max(Math.abs(low), Math.abs(high));
    if (logarithmic ? high - low < 0.02 : high - low <= SAME * size) {
      double room = logarithmic ? 0.3 : size == 0 ? 1 : 0.1 * size;
      return between(low - room, high + room);
    }
    double room = 0.04 * (high - low);
    boolean nearZero = low >= 0 && low < 0.2 * (high - low) && !logarithmic;
    return nearZero ? between(0, high + room) : between(low - room, high + room);
  }

  private static Scale between(double low, double high) {
    return new Scale(low, high, List.of());
  }

  // ---- labels ----------------------------------------------------------------------------------

  /** Returns all labels that may be written, the most first. */
  private List<List<Tick>> choices(Scale ends) {
    List<List<Tick>> all = new ArrayList<>();
    if (!labels.isEmpty()) {
      for (int every = 1; every <= labels.size(); every *= 2) {
        all.add(named(ends, every));
      }
      return all;
    }
    if (!logarithmic || ends.high - ends.low < 1) {
      for (int wanted = LABELS; wanted >= 1; wanted--) {
        all.add(round(ends, wanted));
      }
    }
    if (logarithmic) {
      if (ends.high - ends.low < 2.3) {
        all.add(powers(ends, 1, 1, 2, 5));
      }
      for (int step : new int[] {1, 2, 3, 5, 10, 20, 50, 100, 200}) {
        all.add(powers(ends, step, 1));
      }
    }
    return all;
  }

  private List<Tick> named(Scale ends, int every) {
    List<Tick> ticks = new ArrayList<>();
    for (int i = 0; i < labels.size(); i += every) {
      ticks.add(new Tick(ends.of(i), labels.get(i)));
    }
    return ticks;
  }

  /** Returns labels at round distances: 1, 2 or 5 times a power of 10. */
  private List<Tick> round(Scale ends, int wanted) {
    double from = logarithmic ? Math.pow(10, ends.low) : ends.low;
    double to = logarithmic ? Math.pow(10, ends.high) : ends.high;
    double step = (to - from) / wanted;
    int exponent = (int) Math.floor(Math.log10(step));
    double leading = step / Math.pow(10, exponent);
    int factor = leading < 1.5 ? 1 : leading < 3.5 ? 2 : leading < 7.5 ? 5 : 10;
    BigDecimal distance = BigDecimal.valueOf(factor, -exponent);
    List<Tick> ticks = new ArrayList<>();
    double first = Math.ceil(from / distance.doubleValue());
    for (int k = 0; k <= 2 * LABELS; k++) { // no more, should first + 1 be first
      double i = first + k;
      if (i * distance.doubleValue() > to) {
        break;
      }
      BigDecimal number = distance.multiply(BigDecimal.valueOf((long) i));
      add(ticks, ends, number, written(number, distance, Math.max(Math.abs(from), Math.abs(to))));
    }
    return atMostEnough(ticks);
  }

  /** Returns labels at each of so many powers of 10, times factors. */
  private List<Tick> powers(Scale ends, int every, int... factors) {
    List<Tick> ticks = new ArrayList<>();
    int first = Math.floorDiv((int) Math.floor(ends.low), every) * every;
    for (int exponent = first; exponent <= ends.high; exponent += every) {
      for (int factor : factors) {
        BigDecimal number = BigDecimal.valueOf(factor, -exponent);
        add(ticks, ends, number, written(number));
      }
    }
    return atMostEnough(ticks);
  }

  private static List<Tick> atMostEnough(List<Tick> ticks) {
    return ticks.size() > LABELS + 1 ? List.of() : ticks;
  }

  private void add(List<Tick> ticks, Scale ends, BigDecimal number, String label) {
    double place = place(number.doubleValue());
    if (place >= ends.low && place <= ends.high) {
      ticks.add(new Tick(ends.of(place), label));
    }
  }

  /** Writes one of several numbers, all with as many decimals as their distance needs. */
  private static String written(BigDecimal number, BigDecimal distance, double largest) {
    int decimals = distance.stripTrailingZeros().scale();
    return number.signum() != 0 && decimals > 0 && decimals <= 5 && largest < 1e5
        ? number.setScale(decimals).toPlainString()
        : written(number);
  }

  private static String written(BigDecimal number) {
    if (number.signum() == 0) {
      return "0";
    }
    BigDecimal digits = number.stripTrailingZeros();
    int exponent = digits.precision() - digits.scale() - 1;
    if (exponent < -3 || exponent > 5) {
      return digits.scaleByPowerOfTen(-exponent).toPlainString() + "e" + exponent;
    }
    return exponent < 3 || digits.scale() > 0
        ? digits.toPlainString()
        : String.format(Locale.ROOT, "%,d", digits.longValueExact());
  }
}
