package dev.adjoint.nn;

import static java.util.function.Predicate.not;
import static java.util.stream.Collectors.joining;

import com.google.common.primitives.Ints;
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
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a layer by name. Each is declared once, where its field is set: it is taken from the
 * description that the layer is made of, or else created. Copies, files and texts follow from what
 * was declared.
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

  /** Declares a parameter with an initial value. */
  protected final Weight parameter(String name, Tensor initial) {
    return parameter(name, initial.shape(), shape -> initial);
  }

  /** Declares a float32 parameter whose elements start at one number. */
  protected final Weight parameter(String name, Shape shape, double initial) {
    return parameter(name, shape, filled(initial));
  }

  /**
   * Declares a parameter.
   *
   * @param initial computes the initial value for the shape, unless the description has one
   */
  protected final Weight parameter(String name, Shape shape, Function<Shape, Tensor> initial) {
    return weight(
        name,
        from.leavesOut(name)
            ? Weight.learned(type() + "." + name, initial.apply(shape))
            : from.weight(name, shape));
  }

  /** Declares a float32 parameter that an option may {@link #drop}; null if it was dropped. */
  protected final @Nullable Weight optional(String name, Shape shape, double initial) {
    return optional(name, shape, filled(initial));
  }

  /** Declares a parameter that an option may {@link #drop}; null if it was dropped. */
  protected final @Nullable Weight optional(
      String name, Shape shape, Function<Shape, Tensor> initial) {
    optional.add(name);
    return from.isWithout(name) ? null : parameter(name, shape, initial);
  }

  /** Declares a weight of any shape that the description must have. */
  protected final Weight parameter(String name) {
    return weight(name, from.weight(name, null));
  }

  /** Declares an existing weight, perhaps shared with other layers. */
  protected final Weight weight(String name, Weight weight) {
    return add(name, weight);
  }

  /** Removes a weight, for options such as {@code withoutBias}. */
  protected final void drop(String name) {
    parts.remove(name);
  }

  /** Declares a buffer with an initial value. */
  protected final Buffer buffer(String name, Tensor initial) {
    return buffer(name, initial.shape(), shape -> initial);
  }

  /** Declares a float32 buffer whose elements start at one number. */
  protected final Buffer buffer(String name, Shape shape, double initial) {
    return buffer(name, shape, filled(initial));
  }

  /** Declares a buffer; the initial value is computed unless the description has one. */
  protected final Buffer buffer(String name, Shape shape, Function<Shape, Tensor> initial) {
    return add(
        name,
        from.leavesOut(name) ? new Buffer(initial.apply(shape), false) : from.buffer(name, shape));
  }

  /** Declares a buffer of any shape that the description must have. */
  protected final Buffer buffer(String name) {
    return add(name, from.buffer(name, null));
  }

  /** Declares a tensor that never changes and that the description must have. */
  protected final Tensor fixed(String name) {
    return add(name, from.tensor(name));
  }

  // ---- layers and functions --------------------------------------------------------------------

  /** Declares a layer inside; defaults to this one. */
  protected final <L extends Layer> L child(String name, L layer) {
    @SuppressWarnings("unchecked") // of the class of an L
    Class<L> type = (Class<L>) layer.getClass();
    return child(name, type, () -> layer);
  }

  /**
   * Declares a layer or function inside.
   *
   * @param type the class that is expected in files
   * @param initial creates it, unless the description has one
   */
  protected final <T> T child(String name, Class<T> type, Supplier<? extends T> initial) {
    return add(name, from.leavesOut(name) ? initial.get() : from.part(name, type));
  }

  /** Declares a layer or function inside that the description must have. */
  protected final <T> T child(String name, Class<T> type) {
    return add(name, from.part(name, type));
  }

  /** Exchanges a layer or function inside, for options; it keeps its place among the others. */
  protected final <T> T exchange(String name, T by) {
    parts.put(name, by);
    return by;
  }

  /** Declares the random generator of the description, for layers that draw in each forward. */
  protected final Generator generator() {
    generator = from.generator();
    return generator;
  }

  final Optional<Generator> drawsFrom() {
    return Optional.ofNullable(generator);
  }

  // ---- settings --------------------------------------------------------------------------------

  /** Declares a size: a whole number of at least 1, without a default; prints without its name. */
  protected final Setting<Integer> size(String name) {
    return setting(name, null, false, () -> from.integer(name))
        .require(size -> size >= 1, "at least 1");
  }

  /** Declares a whole number of at least 0 without a default. */
  protected final Setting<Integer> integer(String name) {
    return setting(name, null, true, () -> from.integer(name));
  }

  /** Declares a whole number of at least 0. */
  protected final Setting<Integer> integer(String name, int defaultValue) {
    return setting(name, defaultValue, true, () -> from.integer(name))
        .require(number -> number >= 0, "at least 0");
  }

  /** Declares whole numbers of at least 0; without a default if none are given. */
  protected final Setting<int[]> integers(String name, int... defaultValue) {
    int @Nullable [] numbers = defaultValue.length == 0 ? null : defaultValue;
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
  protected final Setting<Double> decimal(String name, double defaultValue) {
    return nonNegative(setting(name, defaultValue, true, () -> from.decimal(name)));
  }

  private static Setting<Double> nonNegative(Setting<Double> setting) {
    return setting.require(
        number -> number >= 0 && number < Double.POSITIVE_INFINITY, "a number of at least 0");
  }

  /** Declares a flag; defaults to false. */
  protected final Setting<Boolean> flag(String name) {
    return setting(name, false, true, () -> from.flag(name));
  }

  /** Declares a constant of an enum, with its default. */
  protected final <E extends Enum<E>> Setting<E> constant(String name, E defaultValue) {
    return setting(
        name, defaultValue, true, () -> from.constant(name, defaultValue.getDeclaringClass()));
  }

  /** Declares stride, padding with its mode, dilation and groups of a convolution. */
  protected final ConvOptions convOptions() {
    ConvOptions options =
        steps().paddingMode(constant("padding_mode", ConvOptions.DEFAULT.paddingMode()).get());
    return flag("same_padding").get() ? options.padding("same") : options;
  }

  /** Declares what a convolution and a transposed one have in common. */
  final ConvOptions steps() {
    ConvOptions initial = ConvOptions.DEFAULT;
    return initial
        .stride(integers("stride", Ints.toArray(initial.stride())).get())
        .padding(integers("padding", Ints.toArray(initial.padding())).get())
        .dilation(integers("dilation", Ints.toArray(initial.dilation())).get())
        .groups(integer("groups", initial.groups()).get());
  }

  private <T> Setting<T> setting(
      String name, @Nullable T defaultValue, boolean named, Supplier<T> described) {
    T value = defaultValue == null || from.has(name) ? described.get() : defaultValue;
    return add(name, new Setting<>((Layer) this, name, defaultValue, named, value));
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
          case Sequential.Function wrapper -> wrapper.function;
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

  /** Returns this layer and those inside as a tree, with settings that are not the defaults. */
  @Override
  public String toString() {
    String settings = settings();
    return tree(line(settings.isEmpty() ? shapes() : settings));
  }

  /** Returns the first line of {@link #toString}: what this layer is, and its settings. */
  public final String headline() {
    return toString().lines().findFirst().orElse("");
  }

  /** Returns a line and below it, indented, the layers inside. */
  final String tree(String line) {
    StringBuilder text = new StringBuilder(line);
    each(
        Layer.class,
        (name, child) ->
            text.append("\n  ")
                .append(name)
                .append(": ")
                .append(child.toString().replace("\n", "\n  ")));
    return text.toString();
  }

  /**
   * Throws unless an input fits.
   *
   * @param expected its shape for the message, as in "(N, C, ...)"
   * @throws IllegalArgumentException with the shape of the input and the one expected
   */
  protected final void requireInput(boolean fits, Tensor x, Supplier<String> expected) {
    requireInput(this, fits, x, expected);
  }

  /** Throws unless an input of a layer or function fits. */
  static void requireInput(Object layer, boolean fits, Tensor x, Supplier<String> expected) {
    if (!fits) {
      throw new IllegalArgumentException(
          "%s: input of shape %s; expected %s".formatted(layer, x.shape(), expected.get()));
    }
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
