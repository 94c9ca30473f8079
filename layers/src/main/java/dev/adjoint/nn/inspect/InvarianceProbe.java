package dev.adjoint.nn.inspect;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.inspect.InvarianceTable.Cell;
import dev.adjoint.nn.inspect.InvarianceTable.Verdict;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Compares what a layer computes with changed weights or data, also with these magnified, for
 * {@link Invariances}. Puts the parameters back when it is closed.
 */
final class InvarianceProbe implements AutoCloseable {

  private static final double[] FACTORS = {0.1, 3, 1000};

  /** The largest change of the output that may be an epsilon's. */
  private static final double SMALL = 0.1;

  private final Layer layer;
  private final Parameter weight;
  private final Tensor original;
  private final int outputAxis;
  private final List<Parameter> siblings;
  private final List<Tensor> siblingValues;
  private final Subject weights;
  private final Subject data;
  private final DType dtype;
  private final double[] base;

  /**
   * Creates one for a weight of a layer that is a {@link Transform}.
   *
   * @param siblings the other parameters that the magnification may concern
   */
  InvarianceProbe(
      Layer layer,
      Parameter weight,
      int outputAxis,
      List<Parameter> siblings,
      Tensor x,
      Generator generator) {
    this.layer = layer;
    this.weight = weight;
    this.outputAxis = outputAxis;
    this.siblings = siblings;
    original = copyOf(weight);
    siblingValues = siblings.stream().map(InvarianceProbe::copyOf).toList();
    weights = Subject.ofWeights(original.transpose(0, outputAxis), generator);
    data = Subject.ofData(x, original.rank() == 2 ? x.rank() - 1 : 1, generator);
    boolean coarse = weight.dtype() == DType.FLOAT32 || x.dtype() == DType.FLOAT32;
    dtype = coarse ? DType.FLOAT32 : DType.FLOAT64;
    base = output(weights.values(), x, 0);
    requireTelling();
  }

  private static Tensor copyOf(Parameter parameter) {
    return parameter.value().untracked().copy();
  }

  private void requireTelling() {
    double largest = largest(base);
    boolean random = !Arrays.equals(base, output(weights.values(), data.values(), 0));
    if (random || !(largest > 0 && largest < Double.POSITIVE_INFINITY)) {
      String what = random ? "random" : largest == 0 ? "0 everywhere" : "not finite";
      throw new IllegalArgumentException(
          "%s: its output for data of shape %s is %s; expected one that tells whether it changes"
              .formatted(layer.headline(), data.values().shape(), what));
    }
  }

  /** Measures the influence of one perturbation. */
  Cell measure(Perturbation perturbation) {
    Subject subject = perturbation.ofWeights() ? weights : data;
    boolean invariant = true;
    boolean small = true;
    double worst = 0;
    for (double d : FACTORS) {
      double deviation = deviation(perturbation, subject, d, 0, base);
      invariant &= deviation <= tolerance(d);
      small &= d < 1 || deviation <= SMALL;
      worst = Math.max(worst, deviation);
    }
    Verdict verdict =
        invariant
            ? Verdict.INVARIANT
            : small && vanishes(perturbation, subject.times(magnification()))
                ? Verdict.UP_TO_EPSILON
                : Verdict.NO;
    return new Cell(verdict, worst);
  }

  /**
   * Tells whether the magnified layer computes the same, but its deviations are now rounding; that
   * is, for every choice of siblings to magnify with which it computes the same.
   */
  private boolean vanishes(Perturbation perturbation, Subject magnified) {
    boolean same = false;
    for (long choice = 0; choice < 1L << siblings.size(); choice++) {
      double[] reference = output(perturbation, magnified.values(), choice);
      if (difference(reference, base) <= SMALL) {
        same = true;
        for (double d : FACTORS) {
          if (!(deviation(perturbation, magnified, d, choice, reference) <= tolerance(d))) {
            return false;
          }
        }
      }
    }
    return same;
  }

  /** Returns how far the output moves from a reference, relative to its largest element. */
  private double deviation(
      Perturbation perturbation, Subject subject, double d, long choice, double[] reference) {
    int[] rows = perturbation.ofOne() ? new int[] {0, subject.rows() - 1} : new int[] {0};
    double worst = 0;
    for (int row : rows) {
      double[] output = output(perturbation, perturbation.apply(subject, d, row), choice);
      worst = Math.max(worst, difference(output, reference));
    }
    return worst;
  }

  private double[] output(Perturbation perturbation, Tensor changed, long choice) {
    return perturbation.ofWeights()
        ? output(changed, data.values(), choice)
        : output(weights.values(), changed, choice);
  }

  /** Runs the layer; bit i of the choice says whether sibling i is magnified. */
  private double[] output(Tensor w, Tensor x, long choice) {
    weight.assign(w.transpose(0, outputAxis));
    for (int i = 0; i < siblings.size(); i++) {
      boolean magnified = (choice >> i & 1) == 1;
      siblings.get(i).assign(siblingValues.get(i).times(magnified ? magnification() : 1));
    }
    // Each run holds values of its own: only random draws would have to be the same in all.
    Tensor y = Replay.probing().run(() -> Autodiff.noGrad(() -> ((Transform) layer).forward(x)));
    return y.toDoubleArray();
  }

  /** A power of 2, which rounds nothing: magnified so, an epsilon is below the tolerance. */
  private double magnification() {
    return dtype == DType.FLOAT32 ? 0x1p20 : 0x1p40;
  }

  /** What rounding may do: adding what is d times as large, which then cancels, loses digits. */
  private double tolerance(double d) {
    return 1000 * dtype.epsilon() * (1 + d);
  }

  private static double difference(double[] a, double[] b) {
    double[] difference = new double[a.length];
    Arrays.setAll(difference, i -> a[i] - b[i]);
    return largest(difference) / largest(b);
  }

  private static double largest(double[] values) {
    double largest = 0;
    for (double value : values) {
      largest = Math.max(largest, Math.abs(value)); // of NaN, too
    }
    return largest;
  }

  @Override
  public void close() {
    weight.assign(original);
    for (int i = 0; i < siblings.size(); i++) {
      siblings.get(i).assign(siblingValues.get(i));
    }
  }
}
