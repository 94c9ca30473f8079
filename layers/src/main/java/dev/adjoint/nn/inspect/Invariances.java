package dev.adjoint.nn.inspect;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Measures to which changes of its weights and its data a layer is invariant or equivariant (Ba,
 * Kiros and Hinton 2016, arXiv:1607.06450, Table 1), and what this means for its gradients: why
 * normalization works.
 *
 * <pre>{@code
 * Layer layer = new Sequential(new Linear(10, 12, generator).withoutBias(), new LayerNorm(12));
 * InvarianceTable table = InvarianceTable.of(Invariances.of(layer).named("layer norm").measure());
 * System.out.println(table);
 * System.out.println(table.gradientFacts());
 * }</pre>
 *
 * <p>The layer is run as it is, in its mode and type, again and again: with weights or data changed
 * in nine ways, each for d of 0.1, 3 and 1000, and of single rows and cases the first and the last.
 * Afterwards its parameters are what they were; its buffers, such as running statistics, never
 * move.
 *
 * <p>Equivariant is an output that does as the weights or the data do: it becomes d times as large,
 * or it is shifted by d times the same amount for all outputs (of a weight) or cases (of the data).
 * Where a single row or case is scaled, the elements that depend on it are, and the others stay.
 *
 * <p>An output may change because of an epsilon only: then by less than 10 % for d of 3 and 1000,
 * and less the larger all magnitudes are. So it is measured again with the weights or data many
 * times as large. If the layer computes the same as before (within 10 %), and the deviations are
 * now rounding, the verdict is up to epsilon. A bias that is not scaled along would lose its weight
 * like an epsilon: so the other parameters of the layer that holds the weight take part in the
 * magnification and stay behind, in every combination.
 */
public final class Invariances {

  private final Layer layer;
  private String name;
  private @Nullable String path;
  private int outputAxis;
  private int firstRow;
  private int rowsEnd = Integer.MAX_VALUE;
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
   * Changes a block of the weight only, such as the queries' of an {@code in_proj_weight} that
   * stacks those of q, k and v: then W is this block. The default is all of it.
   *
   * @param from the index of its first row, among those of the outputs
   * @param to the index after its last row
   */
  public Invariances rows(int from, int to) {
    if (from < 0 || from >= to) {
      throw new IllegalArgumentException(
          "%s: rows from %d to %d; expected 0 <= from < to".formatted(layer.headline(), from, to));
    }
    firstRow = from;
    rowsEnd = to;
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
    int rows = weight.shape().size(outputAxis);
    if (rowsEnd != Integer.MAX_VALUE && rowsEnd > rows) {
      throw new IllegalArgumentException(
          "%s: rows from %d to %d of '%s', which has %d; expected some of these"
              .formatted(layer.headline(), firstRow, rowsEnd, chosen, rows));
    }
    Generator generator = Generator.seeded(1);
    Tensor x = data == null ? defaultData(weight, generator) : data;
    StackedWeight stacked =
        new StackedWeight(weight, outputAxis, firstRow, Math.min(rows, rowsEnd));
    try (Probe probe = new Probe(layer, stacked, x, generator)) {
      return new InvarianceTable.Row(name, probe.invariances(), probe.gradientFacts());
    }
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

  /** Returns the name of the row. */
  @Override
  public String toString() {
    return "Invariances of " + name;
  }
}
