package dev.adjoint.nn;

import static java.util.function.Predicate.not;
import static java.util.stream.Collectors.joining;

import dev.adjoint.op.ConvOptions;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Holds what a layer consists of, by name. Each thing is declared once, where its field is set: it
 * is taken from the description that the layer is made of, or else created; and copies, files and
 * texts are made of what was declared.
 */
abstract sealed class Parts implements Describable permits Layer {

  private final Map<String, Object> parts = new LinkedHashMap<>();
  private final Set<String> optional = new LinkedHashSet<>();
  private final @Nullable Function<Description, ?> constructor;
  private Description from;
  private @Nullable Generator generator;

  Parts(Description from) {
    this.from = from;
    constructor = from.constructor();
    from.type(type());
  }

  // ---- weights and buffers ---------------------------------------------------------------------

  /** Declares a parameter that is this at first, and returns the weight that it is. */
  protected final Weight parameter(String name, Tensor initial) {
    return parameter(name, initial.shape(), shape -> initial);
  }

  /** Declares a float32 parameter whose elements are all this at first. */
  protected final Weight parameter(String name, Shape shape, double initial) {
    return parameter(name, shape, filled(initial));
  }

  /**
   * Declares a parameter and returns the weight that it is.
   *
   * @param initial gives the first value, for the shape: asked if the parameter is created
   */
  protected final Weight parameter(String name, Shape shape, Function<Shape, Tensor> initial) {
    return weight(
        name,
        from.leavesOut(name)
            ? Weight.learned(type() + "." + name, initial.apply(shape))
            : from.weight(name, shape));
  }

  /** Declares a parameter that a copy or file may be without; see {@link #drop}. */
  protected final @Nullable Weight optional(String name, Shape shape, double initial) {
    return optional(name, shape, filled(initial));
  }

  /** Declares a parameter that a copy or file may be without; see {@link #drop}. */
  protected final @Nullable Weight optional(
      String name, Shape shape, Function<Shape, Tensor> initial) {
    optional.add(name);
    return from.isWithout(name) ? null : parameter(name, shape, initial);
  }

  /** Declares a weight of any shape, which the description must have. */
  protected final Weight parameter(String name) {
    return weight(name, from.weight(name, null));
  }

  /** Makes a weight a part of this layer, perhaps shared with others, and returns it. */
  protected final Weight weight(String name, Weight weight) {
    return add(name, weight);
  }

  /** Drops a weight: for options that do without. */
  protected final void drop(String name) {
    parts.remove(name);
  }

  /** Declares a cell for what is remembered but not learned, this at first, and returns it. */
  protected final Buffer buffer(String name, Tensor initial) {
    return buffer(name, initial.shape(), shape -> initial);
  }

  /** Declares a float32 cell for what is remembered but not learned: all this at first. */
  protected final Buffer buffer(String name, Shape shape, double initial) {
    return buffer(name, shape, filled(initial));
  }

  /** Declares a cell for what is remembered but not learned, and returns it. */
  protected final Buffer buffer(String name, Shape shape, Function<Shape, Tensor> initial) {
    return add(
        name,
        from.leavesOut(name) ? new Buffer(initial.apply(shape), false) : from.buffer(name, shape));
  }

  /** Declares a buffer of any shape, which the description must have. */
  protected final Buffer buffer(String name) {
    return add(name, from.buffer(name, null));
  }

  /** Declares a tensor that never changes, which the description must have, and returns it. */
  protected final Tensor fixed(String name) {
    return add(name, from.tensor(name));
  }

  // ---- layers and functions --------------------------------------------------------------------

  /** Declares a layer inside, this at first, and returns it. */
  protected final <L extends Layer> L child(String name, L layer) {
    @SuppressWarnings("unchecked") // of the class of an L
    Class<L> type = (Class<L>) layer.getClass();
    return child(name, type, () -> layer);
  }

  /**
   * Declares a layer or function inside and returns it.
   *
   * @param type the class that is expected in files
   * @param initial asked if it is created
   */
  protected final <T> T child(String name, Class<T> type, Supplier<? extends T> initial) {
    return add(name, from.leavesOut(name) ? initial.get() : from.part(name, type));
  }

  /** Declares a layer or function, which the description must have, and returns it. */
  protected final <T> T child(String name, Class<T> type) {
    return add(name, from.part(name, type));
  }

  /** Declares the generator of the description, for layers that draw in each forward. */
  protected final Generator generator() {
    generator = from.generator();
    return generator;
  }

  // ---- settings --------------------------------------------------------------------------------

  /** Declares a size without a default: a whole number of at least 1 that prints by itself. */
  protected final Setting<Integer> size(String name) {
    return setting(name, null, false, () -> from.integer(name))
        .require(size -> size >= 1, "at least 1");
  }

  /** Declares a whole number of at least 0 without a default. */
  protected final Setting<Integer> integer(String name) {
    return setting(name, null, true, () -> from.integer(name));
  }

  /** Declares a whole number of at least 0. */
  protected final Setting<Integer> integer(String name, int usual) {
    return setting(name, usual, true, () -> from.integer(name))
        .require(number -> number >= 0, "at least 0");
  }

  /** Declares whole numbers of at least 0, without a default if there is none. */
  protected final Setting<int[]> integers(String name, int... usual) {
    int @Nullable [] numbers = usual.length == 0 ? null : usual;
    return setting(name, numbers, numbers != null, () -> from.integers(name));
  }

  /** Declares a shape without a default. */
  protected final Setting<Shape> shape(String name) {
    return setting(name, null, false, () -> Shape.of(from.integers(name)));
  }

  /** Declares a finite number of at least 0 without a default. */
  protected final Setting<Double> decimal(String name) {
    return nonNegative(setting(name, null, false, () -> from.decimal(name)));
  }

  /** Declares a finite number of at least 0. */
  protected final Setting<Double> decimal(String name, double usual) {
    return nonNegative(setting(name, usual, true, () -> from.decimal(name)));
  }

  private static Setting<Double> nonNegative(Setting<Double> setting) {
    return setting.require(
        number -> number >= 0 && number < Double.POSITIVE_INFINITY, "a number of at least 0");
  }

  /** Declares a flag; the default is false. */
  protected final Setting<Boolean> flag(String name) {
    return setting(name, false, true, () -> from.flag(name));
  }

  /** Declares a constant of an enum. */
  protected final <E extends Enum<E>> Setting<E> constant(String name, E usual) {
    return setting(name, usual, true, () -> from.constant(name, usual.getDeclaringClass()));
  }

  /** Declares the settings of a convolution. */
  protected final ConvOptions convOptions() {
    ConvOptions usual = ConvOptions.DEFAULT;
    return usual
        .stride(integers("stride", usual.stride()).get())
        .padding(integers("padding", usual.padding()).get())
        .dilation(integers("dilation", usual.dilation()).get())
        .groups(integer("groups", usual.groups()).get());
  }

  private <T> Setting<T> setting(
      String name, @Nullable T usual, boolean named, Supplier<T> described) {
    T value = usual == null || from.has(name) ? described.get() : usual;
    return add(name, new Setting<>((Layer) this, name, usual, named, value));
  }

  // ---- what follows ----------------------------------------------------------------------------

  /**
   * Describes this layer with the values that its weights and buffers have now.
   *
   * @throws UnsupportedOperationException when it is made, if this layer has no constructor for it
   */
  @Override
  public final Description description() {
    return describe(part ->
        switch (part) {
          case Weight weight -> weight.value().untracked();
          case Buffer buffer -> buffer.value();
          case Sequential.Function wrapper -> wrapper.function();
          case Generator any -> null;
          default -> part;
        });
  }

  /** Describes this layer by something for each of its parts. */
  final Description describe(Function<Object, @Nullable Object> stand) {
    Description description = new Description(type(), constructor, true);
    parts.forEach((name, part) -> {
      if (part instanceof Setting<?> setting) {
        description.set(name, setting.get());
      } else {
        description.with(name, stand.apply(part));
      }
    });
    return generator == null ? description : description.with((Generator) stand.apply(generator));
  }

  /** Returns the parts of a kind by name, in the order of declaration. */
  final <T> Map<String, T> all(Class<T> kind) {
    Map<String, T> all = new LinkedHashMap<>();
    each(kind, all::put);
    return all;
  }

  /** Calls for each part of a kind, in the order of declaration. */
  final <T> void each(Class<T> kind, BiConsumer<String, T> action) {
    parts.forEach((name, part) -> {
      if (kind.isInstance(part)) {
        action.accept(name, kind.cast(part));
      }
    });
  }

  /** Lets go of the description, so that what options declare from now on is created. */
  final void finish() {
    from = new Description(type(), constructor, false);
  }

  /** Returns the name of this class and texts in parentheses, without those that are empty. */
  protected final String line(String... texts) {
    String inside = Arrays.stream(texts).filter(not(String::isEmpty)).collect(joining(", "));
    return inside.isEmpty() ? type() : "%s(%s)".formatted(type(), inside);
  }

  /** Returns the settings that are not the defaults, and which optional weights are missing. */
  protected final String settings() {
    List<String> texts = new ArrayList<>();
    each(Setting.class, (name, setting) -> texts.add(setting.printed()));
    optional.stream().filter(not(parts::containsKey)).forEach(name -> texts.add("no " + name));
    return texts.stream().filter(not(String::isEmpty)).collect(joining(", "));
  }

  /** Returns the weights and buffers with their shapes. */
  final String shapes() {
    List<String> texts = new ArrayList<>();
    each(Weight.class, (name, weight) -> texts.add(name + " " + weight.shape()));
    each(Buffer.class, (name, buffer) -> texts.add(name + " " + buffer.value().shape()));
    return String.join(", ", texts);
  }

  /** Returns the simple name of this class, for messages. */
  protected final String type() {
    return getClass().getSimpleName();
  }

  final <T> T add(String name, T part) {
    if (name.isEmpty() || name.contains(".")) {
      throw new IllegalArgumentException(
          "%s: name '%s'; expected one without dots, which separate the names of a path"
              .formatted(type(), name));
    }
    if (parts.putIfAbsent(name, part) != null) {
      throw new IllegalArgumentException(
          "%s: the name '%s' is taken; expected one name for each parameter and layer"
              .formatted(type(), name));
    }
    return part;
  }

  private static Function<Shape, Tensor> filled(double value) {
    return shape -> Tensors.full(shape, value, DType.FLOAT32);
  }
}
