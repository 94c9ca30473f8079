package dev.adjoint.nn.predict;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import com.google.common.collect.Sets;
import com.google.common.primitives.Ints;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The inputs of a model, by name: {@code new Inputs().with("text", tokens).with("lengths",
 * lengths)}. Examples are along axis 0 of each. Immutable.
 *
 * @param tensors by name
 * @param integers whole numbers, such as tokens, classes or lengths, by name
 */
public record Inputs(Map<String, Tensor> tensors, Map<String, IntTensor> integers) {

  private static final String ONLY = "input";

  /** Checks that each name is there once. */
  public Inputs {
    tensors = ImmutableMap.copyOf(tensors);
    integers = ImmutableMap.copyOf(integers);
    Set<String> twice = Sets.intersection(tensors.keySet(), integers.keySet());
    if (!twice.isEmpty()) {
      throw new IllegalArgumentException("Inputs: %s twice; expected each once".formatted(twice));
    }
  }

  /** Creates an empty value, to which inputs are added. */
  public Inputs() {
    this(Map.of(), Map.of());
  }

  /** Returns one input, for a model that takes no more. */
  public static Inputs of(Tensor x) {
    return new Inputs().with(ONLY, x);
  }

  /** Returns one input, for a model that takes no more. */
  public static Inputs of(IntTensor tokens) {
    return new Inputs().with(ONLY, tokens);
  }

  /** Adds an input. */
  public Inputs with(String name, Tensor x) {
    return new Inputs(
        ImmutableMap.<String, Tensor>builder().putAll(tensors).put(name, x).buildOrThrow(),
        integers);
  }

  /** Adds an input of whole numbers. */
  public Inputs with(String name, IntTensor x) {
    return new Inputs(
        tensors,
        ImmutableMap.<String, IntTensor>builder().putAll(integers).put(name, x).buildOrThrow());
  }

  /**
   * Returns an input.
   *
   * @throws IllegalArgumentException if there is no tensor of this name
   */
  public Tensor tensor(String name) {
    return require("tensor", name, tensors.get(name));
  }

  /**
   * Returns an input of whole numbers.
   *
   * @throws IllegalArgumentException if there are none of this name
   */
  public IntTensor integers(String name) {
    return require("integers", name, integers.get(name));
  }

  private <T> T require(String kind, String name, @Nullable T input) {
    if (input == null) {
      throw new IllegalArgumentException(
          "%s: there is no '%s' in %s; expected one".formatted(kind, name, this));
    }
    return input;
  }

  /** Returns what a model takes that takes one tensor. */
  Tensor onlyTensor() {
    return only("tensor", tensors, integers);
  }

  /** Returns what a model takes that takes tokens. */
  IntTensor onlyIntegers() {
    return only("of whole numbers", integers, tensors);
  }

  private <T> T only(String kind, Map<String, T> wanted, Map<String, ?> others) {
    if (wanted.size() != 1 || !others.isEmpty()) {
      throw new IllegalArgumentException(
          "predict: inputs %s; expected one %s, which is what this model takes"
              .formatted(this, kind));
    }
    return wanted.values().iterator().next();
  }

  /** Returns the same as constants. */
  Inputs untracked() {
    return new Inputs(
        ImmutableMap.copyOf(Maps.transformValues(tensors, Tensor::untracked)), integers);
  }

  // ---- examples --------------------------------------------------------------------------------

  /**
   * Returns how many examples there are, which is what all inputs have in common.
   *
   * @throws IllegalArgumentException if there is no input, or they have not
   */
  int examples() {
    int[] sizes =
        shapes().mapToInt(shape -> shape.rank() == 0 ? -1 : shape.size(0)).distinct().toArray();
    if (sizes.length != 1 || sizes[0] < 0) {
      throw new IllegalArgumentException(
          "predict: inputs %s; expected all to have the same examples along axis 0"
              .formatted(this));
    }
    return sizes[0];
  }

  /** Returns the shape of an input that is alone and has no axis but features; null otherwise. */
  @Nullable Shape aloneShape() {
    List<Shape> shapes = shapes().toList();
    return shapes.size() == 1 && shapes.getFirst().rank() < 2 ? shapes.getFirst() : null;
  }

  private Stream<Shape> shapes() {
    return Stream.concat(
        tensors.values().stream().map(Tensor::shape),
        integers.values().stream().map(IntTensor::shape));
  }

  /** Tells whether examples of these can be computed together with those of others. */
  boolean isLike(Inputs other) {
    return row().equals(other.row());
  }

  private Map<String, List<Object>> row() {
    ImmutableMap.Builder<String, List<Object>> rows = ImmutableMap.builder();
    tensors.forEach((name, x) -> rows.put(name, List.of(x.dtype(), x.shape().with(0, 1))));
    integers.forEach((name, x) -> rows.put(name, List.of(IntTensor.class, x.shape().with(0, 1))));
    return rows.buildOrThrow();
  }

  /** Puts the examples of inputs that are {@linkplain #isLike like} one another into one batch. */
  static Inputs concat(List<Inputs> all) {
    Inputs first = all.getFirst();
    if (all.size() == 1) {
      return first;
    }
    Inputs joined = new Inputs();
    for (String name : first.tensors.keySet()) {
      joined =
          joined.with(
              name,
              Joining.concat(0, all.stream().map(i -> i.tensor(name)).toArray(Tensor[]::new)));
    }
    for (String name : first.integers.keySet()) {
      int[][] values = all.stream().map(i -> i.integers(name).toArray()).toArray(int[][]::new);
      int[] sizes = first.integers(name).shape().toArray();
      sizes[0] = all.stream().mapToInt(Inputs::examples).sum();
      joined = joined.with(name, IntTensor.of(Ints.concat(values), sizes));
    }
    return joined;
  }

  /** Returns the names with types and shapes. */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ", "{", "}");
    tensors.forEach((name, x) -> text.add(name + ": " + x.dtype() + " " + x.shape()));
    integers.forEach((name, x) -> text.add(name + ": integers " + x.shape()));
    return text.toString();
  }
}
