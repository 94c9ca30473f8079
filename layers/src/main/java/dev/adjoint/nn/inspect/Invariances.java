package dev.adjoint.nn.inspect;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.inspect.InvarianceTable.Cell;
import dev.adjoint.nn.inspect.InvarianceTable.Verdict;
import dev.adjoint.nn.inspect.Perturbation.Subject;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Measures to which changes of its weights and its data a layer is invariant (Ba, Kiros and Hinton
 * 2016, arXiv:1607.06450, Table 1): why normalization works.
 *
 * <pre>{@code
 * Layer layer = new Sequential(new Linear(10, 12, generator).withoutBias(), new LayerNorm(12));
 * System.out.println(InvarianceTable.of(Invariances.of(layer).named("layer norm").measure()));
 * }</pre>
 *
 * <p>The layer is run as it is, in its mode and type, again and again: with weights or data changed
 * in nine ways, each for d of 0.1, 3 and 1000, and of single rows and cases the first and the last.
 * Afterwards its parameters are what they were; its buffers, such as running statistics, never
 * move.
 *
 * <p>An output may change because of an epsilon only: then by less than 10 % for d of 3 and 1000,
 * and less the larger all magnitudes are. So it is measured again with the weights or data many
 * times as large. If the layer computes the same as before (within 10 %), and the deviations are
 * now rounding, the verdict is up to epsilon. A bias that is not scaled along would lose its weight
 * like an epsilon: so the other parameters of the layer that holds the weight take part in the
 * magnification and stay behind, in every combination.
 */
public final class Invariances {

  private static final double[] FACTORS = {0.1, 3, 1000};

  /** The largest change of the output that may be an epsilon's. */
  private static final double SMALL = 0.1;

  private final Layer layer;
  private String name;
  private @Nullable String path;
  private int outputAxis;
  private @Nullable Tensor data;

  private Invariances(Layer layer) {
    this.layer = layer;
    name = layer.headline();
  }

  /** Measures a layer with one input. */
  public static <L extends Layer & Transform> Invariances of(L layer) {
    return new Invariances(layer);
  }

  /** Sets the name of the row, which defaults to the layer's. */
  public Invariances named(String name) {
    this.name = name;
    return this;
  }

  /**
   * Sets the weight to change; the default is the largest of the first layer with a parameter of
   * two axes or more.
   *
   * @param path as in {@link Layer#namedParameters}
   */
  public Invariances weight(String path) {
    this.path = path;
    return this;
  }

  /** Sets the axis of the weight that has an index for each output; the default is 0. */
  public Invariances outputAxis(int axis) {
    outputAxis = axis;
    return this;
  }

  /**
   * Sets the data, one case for each index of axis 0: for a weight of shape (out, in, ...), unless
   * they are set, 64 random cases with a mean that is not 0, of shape (64, in, ...) with 4 more
   * positions along each further axis than the weight.
   */
  public Invariances on(Tensor data) {
    if (data.rank() < 2) {
      throw new IllegalArgumentException(
          "%s: data of shape %s; expected (N, ...)".formatted(layer.headline(), data.shape()));
    }
    this.data = data.untracked().copy();
    return this;
  }

  /**
   * Measures.
   *
   * @throws IllegalArgumentException if there is no such weight, or if the output tells nothing: it
   *     is 0, not finite, or random
   */
  public InvarianceTable.Row measure() {
    String chosen = path == null ? firstMatrix() : path;
    Parameter weight = layer.namedParameters().get(chosen);
    if (weight == null || weight.shape().rank() < 2) {
      throw new IllegalArgumentException(
          "%s: no parameter '%s' with two axes or more; expected one of %s"
              .formatted(layer.headline(), chosen, layer.namedParameters().keySet()));
    }
    Generator generator = Generator.seeded(1);
    Tensor x = data == null ? defaultData(weight, generator) : data;
    Map<Perturbation, Cell> cells = new EnumMap<>(Perturbation.class);
    try (Probe probe = new Probe(weight, x, generator)) {
      for (Perturbation perturbation : Perturbation.values()) {
        cells.put(perturbation, probe.measure(perturbation));
      }
    }
    return new InvarianceTable.Row(name, cells);
  }

  /** Returns the largest weight of the first layer that has one: of a weight norm, v and not g. */
  private String firstMatrix() {
    for (Map<String, Parameter> owned : Owners.of(layer).values()) {
      Optional<Map.Entry<String, Parameter>> largest =
          owned.entrySet().stream()
              .filter(entry -> entry.getValue().shape().rank() >= 2)
              .max(Comparator.comparingInt(entry -> entry.getValue().shape().size()));
      if (largest.isPresent()) {
        return largest.get().getKey();
      }
    }
    throw new IllegalArgumentException(
        "%s: no parameter with two axes or more among %s; expected a weight and a norm, as in Sequential(Linear, BatchNorm)"
            .formatted(layer.headline(), layer.namedParameters().keySet()));
  }

  private Tensor defaultData(Parameter weight, Generator generator) {
    int[] sizes = weight.shape().toArray();
    sizes[0] = 64;
    sizes[1] = weight.shape().size(outputAxis == 0 ? 1 : 0);
    for (int axis = 2; axis < sizes.length; axis++) {
      sizes[axis] += 4;
    }
    return generator.normal(0.5, 1, Shape.of(sizes), weight.dtype());
  }

  /**
   * Compares what the layer computes with changed weights or data, also with these magnified. Puts
   * the parameters back when it is closed.
   */
  private final class Probe implements AutoCloseable {
    private final Parameter weight;
    private final Tensor original;
    private final Map<Parameter, Tensor> siblings = new LinkedHashMap<>(); // with their values
    private final Subject weights;
    private final Subject data;
    private final DType dtype;
    private final double[] base;

    Probe(Parameter weight, Tensor x, Generator generator) {
      this.weight = weight;
      original = copyOf(weight);
      Owners.of(layer).values().stream()
          .filter(owned -> owned.containsValue(weight))
          .flatMap(owned -> owned.values().stream())
          .forEach(owned -> siblings.put(owned, copyOf(owned)));
      siblings.remove(weight);
      weights = Subject.ofWeights(original.transpose(0, outputAxis), generator);
      data = Subject.ofData(x, original.rank() == 2 ? x.rank() - 1 : 1, generator);
      boolean coarse = weight.dtype() == DType.FLOAT32 || x.dtype() == DType.FLOAT32;
      dtype = coarse ? DType.FLOAT32 : DType.FLOAT64;
      base = output(weights.values(), x, 0);
      double largest = largest(base);
      boolean random = !Arrays.equals(base, output(weights.values(), x, 0));
      if (random || !(largest > 0 && largest < Double.POSITIVE_INFINITY)) {
        String what = random ? "random" : largest == 0 ? "0 everywhere" : "not finite";
        throw new IllegalArgumentException(
            "%s: its output for data of shape %s is %s; expected one that tells whether it changes"
                .formatted(layer.headline(), x.shape(), what));
      }
    }

    private static Tensor copyOf(Parameter parameter) {
      return parameter.value().untracked().copy();
    }

    /** Measures the influence of one perturbation. */
    Cell measure(Perturbation perturbation) {
      Subject subject = perturbation.ofWeights ? weights : data;
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
     * Tells whether the magnified layer computes the same, but its deviations are now rounding;
     * that is, for every choice of siblings to magnify with which it computes the same.
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
      int[] rows =
          perturbation.ofOne() ? new int[] {0, subject.values().size(0) - 1} : new int[] {0};
      double worst = 0;
      for (int row : rows) {
        double[] output = output(perturbation, perturbation.change.apply(subject, d, row), choice);
        worst = Math.max(worst, difference(output, reference));
      }
      return worst;
    }

    private double[] output(Perturbation perturbation, Tensor changed, long choice) {
      return perturbation.ofWeights
          ? output(changed, data.values(), choice)
          : output(weights.values(), changed, choice);
    }

    /** Runs the layer; bit i of the choice says whether sibling i is magnified. */
    private double[] output(Tensor w, Tensor x, long choice) {
      weight.assign(w.transpose(0, outputAxis));
      long magnified = choice;
      for (Map.Entry<Parameter, Tensor> sibling : siblings.entrySet()) {
        double factor = (magnified & 1) == 1 ? magnification() : 1;
        sibling.getKey().assign(sibling.getValue().times(factor));
        magnified >>= 1;
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
      siblings.forEach(Parameter::assign);
    }
  }
}
