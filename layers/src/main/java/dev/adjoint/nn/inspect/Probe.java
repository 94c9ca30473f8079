package dev.adjoint.nn.inspect;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.inspect.GradientFact.LossGradients;
import dev.adjoint.nn.inspect.InvarianceTable.Cell;
import dev.adjoint.nn.inspect.InvarianceTable.Verdict;
import dev.adjoint.nn.inspect.Perturbation.Operand;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;

/**
 * Runs a layer with changed weights or data, also with these magnified, and compares outputs and
 * gradients. Puts the parameters back when it is closed.
 */
final class Probe implements AutoCloseable {

  private static final double[] FACTORS = {0.1, 3, 1000};

  /** The largest change that may be an epsilon's. */
  private static final double SMALL = 0.1;

  private final Layer layer;
  private final StackedWeight weight;
  private final Map<Parameter, Tensor> siblings = new LinkedHashMap<>(); // with their values
  private final Operand weights;
  private final Operand data;
  private final DType dtype;
  private final int[] sizes; // of the output
  private final double[] base;

  /** The loss is the output times this: much like the output, or facts could be true by chance. */
  private final Tensor cotangent;

  private final Map<Scaled, LossGradients> gradients = new HashMap<>();

  Probe(Layer layer, StackedWeight weight, Tensor x, Generator generator) {
    this.layer = layer;
    this.weight = weight;
    Owners.of(layer).values().stream()
        .filter(owned -> owned.containsValue(weight.parameter))
        .flatMap(owned -> owned.values().stream())
        .forEach(owned -> siblings.put(owned, owned.value().untracked().copy()));
    siblings.remove(weight.parameter);
    weights = Operand.ofWeights(weight.block(), generator);
    data = Operand.ofData(x, weights.values().rank() == 2 ? x.rank() - 1 : 1, generator);
    boolean coarse = weight.parameter.dtype() == DType.FLOAT32 || x.dtype() == DType.FLOAT32;
    dtype = coarse ? DType.FLOAT32 : DType.FLOAT64;
    Place here = new Place(false, 1, 0);
    Tensor y = Replay.probing().run(() -> Autodiff.noGrad(() -> run(here, x)));
    sizes = y.shape().toArray();
    base = y.toDoubleArray();
    cotangent = y.times(generator.uniform(0.5, 1.5, y.shape(), y.dtype()));
    double largest = largest(base);
    boolean random = !Arrays.equals(base, output(here, x));
    if (random || !(largest > 0 && largest < Double.POSITIVE_INFINITY)) {
      String what = random ? "random" : largest == 0 ? "0 everywhere" : "not finite";
      throw new IllegalArgumentException(
          "%s: its output for data of shape %s is %s; expected one that tells whether it changes"
              .formatted(layer.headline(), x.shape(), what));
    }
  }

  // ---- verdicts --------------------------------------------------------------------------------

  /** Measures the influence of each perturbation on the output. */
  Map<Perturbation, Cell> invariances() {
    Map<Perturbation, Cell> cells = new EnumMap<>(Perturbation.class);
    for (Perturbation each : Perturbation.values()) {
      Cell cell =
          cell(
              each.ofWeights,
              (place, reference, d) -> deviation(each, place, reference, d),
              d -> tolerance() * (1 + d)); // what is d times as large, then cancels, loses digits
      boolean along = cell.verdict() != Verdict.INVARIANT && isEquivariant(each);
      cells.put(each, along ? new Cell(Verdict.EQUIVARIANT, cell.deviation()) : cell);
    }
    return cells;
  }

  /** Measures how far each fact is from true; returns none if the output has no gradient. */
  Map<GradientFact, Cell> gradientFacts() {
    Map<GradientFact, Cell> cells = new EnumMap<>(GradientFact.class);
    Place here = new Place(false, 1, 0);
    if (Replay.probing().run(() -> run(here, data.values().tracked())).isTracked()) {
      for (GradientFact each : GradientFact.values()) {
        Deviation deviation =
            (place, reference, d) -> each.deviation.of(gradients(place, 1), gradients(place, d), d);
        cells.put(each, cell(each.ofWeights, deviation, d -> tolerance()));
      }
    }
    return cells;
  }

  /** Computes how far something is from what it would be without a change by the factor d. */
  private interface Deviation {
    double at(Place place, double[] reference, double d);
  }

  /**
   * Measures something.
   *
   * @param rounding the deviation that may be rounding, for the factor d
   */
  private Cell cell(boolean ofWeights, Deviation deviation, DoubleUnaryOperator rounding) {
    Place here = new Place(ofWeights, 1, 0);
    boolean exact = true;
    boolean small = true;
    double worst = 0;
    for (double d : FACTORS) {
      double far = deviation.at(here, base, d);
      exact &= far <= rounding.applyAsDouble(d);
      small &= d < 1 || far <= SMALL;
      worst = Math.max(worst, far);
    }
    Verdict verdict =
        exact
            ? Verdict.INVARIANT
            : small && vanishes(ofWeights, deviation, rounding)
                ? Verdict.UP_TO_EPSILON
                : Verdict.NO;
    return new Cell(verdict, worst);
  }

  /**
   * Tells whether the magnified layer computes the same, but its deviations are now rounding; that
   * is, for every choice of siblings to magnify with which it computes the same.
   */
  private boolean vanishes(boolean ofWeights, Deviation deviation, DoubleUnaryOperator rounding) {
    boolean same = false;
    for (long choice = 0; choice < 1L << siblings.size(); choice++) {
      Place magnified = new Place(ofWeights, magnification(), choice);
      double[] reference = output(magnified, operand(magnified).values());
      if (difference(reference, base) <= SMALL) {
        same = true;
        for (double d : FACTORS) {
          if (!(deviation.at(magnified, reference, d) <= rounding.applyAsDouble(d))) {
            return false;
          }
        }
      }
    }
    return same;
  }

  /** Returns how far the output moves from a reference, relative to its largest element. */
  private double deviation(Perturbation perturbation, Place place, double[] reference, double d) {
    double worst = 0;
    for (int row : rows(perturbation)) {
      worst = Math.max(worst, difference(output(perturbation, place, d, row), reference));
    }
    return worst;
  }

  private int[] rows(Perturbation perturbation) {
    Tensor values = (perturbation.ofWeights ? weights : data).values();
    return perturbation.ofOne() ? new int[] {0, values.size(0) - 1} : new int[] {0};
  }

  /** Tells whether the output is scaled or shifted as the weights or data are. */
  private boolean isEquivariant(Perturbation perturbation) {
    Place here = new Place(perturbation.ofWeights, 1, 0);
    for (int row : rows(perturbation)) {
      List<double[]> outputs =
          Arrays.stream(FACTORS).mapToObj(d -> output(perturbation, here, d, row)).toList();
      double[] shift = new double[base.length]; // of d = 1, from the largest d, where it is exact
      double most = FACTORS[FACTORS.length - 1];
      Arrays.setAll(shift, i -> (outputs.getLast()[i] - base[i]) / most);
      for (int k = 0; k < FACTORS.length; k++) {
        double d = FACTORS[k];
        double[] output = outputs.get(k);
        double[] expected = new double[base.length];
        Arrays.setAll(
            expected,
            i ->
                !perturbation.isScale()
                    ? base[i] + d * shift[i]
                    : perturbation.ofOne() && nearer(output[i], base[i], d * base[i])
                        ? base[i]
                        : d * base[i]);
        if (!(difference(output, expected) <= tolerance())) {
          return false;
        }
      }
      if (!perturbation.isScale() && !perturbation.ofOne() && !isSame(shift, perturbation)) {
        return false;
      }
    }
    return true;
  }

  private static boolean nearer(double value, double one, double other) {
    return Math.abs(value - one) < Math.abs(value - other);
  }

  /** Tells whether all outputs, or all cases, are shifted by the same. */
  private boolean isSame(double[] shift, Perturbation perturbation) {
    int axis = !perturbation.ofWeights ? 0 : weights.values().rank() == 2 ? sizes.length - 1 : 1;
    if (axis >= sizes.length) {
      return false;
    }
    int stride = Arrays.stream(sizes, axis + 1, sizes.length).reduce(1, (a, b) -> a * b);
    double[] ofFirst = new double[shift.length];
    Arrays.setAll(ofFirst, i -> shift[i - i / stride % sizes[axis] * stride]);
    return difference(shift, ofFirst) <= tolerance();
  }

  // ---- runs ------------------------------------------------------------------------------------

  /**
   * Where a measurement is made.
   *
   * @param ofWeights whether the weights are changed, or else the data
   * @param factor by which these are magnified
   * @param choice its bit i tells whether sibling i is magnified, too
   */
  private record Place(boolean ofWeights, double factor, long choice) {}

  /** A place, and by how much the weights or data are scaled there. */
  private record Scaled(Place place, double d) {}

  private Operand operand(Place place) {
    return (place.ofWeights ? weights : data).times(place.factor);
  }

  private double[] output(Perturbation perturbation, Place place, double d, int row) {
    return output(place, perturbation.change.apply(operand(place), d, row));
  }

  /** Returns what the layer computes at a place, with these weights or data. */
  private double[] output(Place place, Tensor changed) {
    // Each run holds values of its own: only random draws would have to be the same in all.
    Tensor y = Replay.probing().run(() -> Autodiff.noGrad(() -> run(place, changed)));
    return y.toDoubleArray();
  }

  /** Returns the gradients of the loss at a place, with weights or data times d. */
  private LossGradients gradients(Place place, double d) {
    return gradients.computeIfAbsent(
        new Scaled(place, d),
        _ -> {
          Tensor changed = operand(place).values().times(d);
          Tensor w = place.ofWeights ? changed : weights.values();
          Tensor x = (place.ofWeights ? data.values() : changed).tracked();
          Gradients computed =
              Replay.probing().run(() -> run(place, w, x).times(cotangent).sum().backward());
          return new LossGradients(
              w, weight.block(computed.orZeros(weight.parameter)), computed.orZeros(x));
        });
  }

  private Tensor run(Place place, Tensor changed) {
    return place.ofWeights
        ? run(place, changed, data.values())
        : run(place, weights.values(), changed);
  }

  private Tensor run(Place place, Tensor w, Tensor x) {
    weight.assign(w);
    long magnified = place.choice;
    for (Map.Entry<Parameter, Tensor> sibling : siblings.entrySet()) {
      double factor = (magnified & 1) == 1 ? magnification() : 1;
      sibling.getKey().assign(sibling.getValue().times(factor));
      magnified >>= 1;
    }
    return ((Transform) layer).forward(x);
  }

  /** A power of 2, which rounds nothing: magnified so, an epsilon is below the tolerance. */
  private double magnification() {
    return dtype == DType.FLOAT32 ? 0x1p20 : 0x1p40;
  }

  /** What rounding may do. */
  private double tolerance() {
    return 1000 * dtype.epsilon();
  }

  private static double difference(double[] a, double[] b) {
    double[] difference = new double[a.length];
    Arrays.setAll(difference, i -> a[i] - b[i]);
    return largest(difference) / largest(b);
  }

  private static double largest(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElse(0); // of NaN, too
  }

  @Override
  public void close() {
    weight.restore();
    siblings.forEach(Parameter::assign);
  }
}
