package dev.adjoint.nn;

import static java.util.stream.Collectors.joining;

import com.google.common.base.Enums;
import com.google.common.base.Splitter;
import com.google.common.primitives.Doubles;
import com.google.common.primitives.Ints;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.PadMode;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a layer or function is made of: settings, tensors and parts by name, and the constructor
 * that takes them. {@link Layer} shows how a layer uses it.
 *
 * <p>A description is either partial, as {@link #of} begins it: tensors and parts that it lacks are
 * created. Or it is complete, as that of a file or of a copy: everything must be there, and
 * everything must be asked for. What is missing or unexpected is refused by an {@link
 * IllegalArgumentException}, since descriptions come from files.
 */
public final class Description {

  private final @Nullable Function<Description, ?> constructor;
  private final boolean complete;
  private String type;
  private @Nullable Generator generator;
  private final Map<String, @Nullable Object> contents = new LinkedHashMap<>();
  private final Set<String> unread = new LinkedHashSet<>();

  Description(String type, @Nullable Function<Description, ?> constructor, boolean complete) {
    this.type = type;
    this.constructor = constructor;
    this.complete = complete;
  }

  // ---- describing ------------------------------------------------------------------------------

  /**
   * Begins a description.
   *
   * @param constructor that takes a description, such as {@code LayerNorm::new}: what makes copies,
   *     and what files are made into
   */
  public static Description of(Function<Description, ?> constructor) {
    return new Description("layer", constructor, false);
  }

  /**
   * Creates a complete description.
   *
   * @param type the name of the class, for messages
   * @param contents by name: settings as text, tensors, and the layers and functions inside
   */
  public static Description complete(
      String type, Function<Description, ?> constructor, Map<String, ?> contents) {
    Description description = new Description(type, constructor, true);
    description.contents.putAll(contents);
    return description;
  }

  /**
   * Adds a setting.
   *
   * @param value a number, a boolean, a constant of an enum, a {@link Shape} or an {@code int[]};
   *     false is left out, since a flag that is missing is false
   */
  public Description set(String name, Object value) {
    return value.equals(false) ? this : with(name, Setting.text(value));
  }

  /** Adds the settings of a convolution; an output padding of 0 is left out. */
  public Description set(ConvOptions options) {
    int[] longer = Ints.toArray(options.outputPadding());
    return set("stride", Ints.toArray(options.stride()))
        .set("padding", Ints.toArray(options.padding()))
        .set("dilation", Ints.toArray(options.dilation()))
        .set("groups", options.groups())
        .set("padding_mode", options.paddingMode() == PadMode.ZEROS ? false : options.paddingMode())
        .set("same_padding", options.isSame())
        .set("output_padding", Arrays.stream(longer).allMatch(n -> n == 0) ? false : longer);
  }

  /**
   * Adds a {@link Weight}, a {@link Buffer}, a tensor that becomes either, a layer, or a function.
   *
   * @param thing null for an {@linkplain Layer#optional optional} weight that is to be left out
   */
  public Description with(String name, @Nullable Object thing) {
    contents.put(name, thing);
    unread.add(name);
    return this;
  }

  /** Adds the generator that draws the initial weights. */
  public Description with(@Nullable Generator drawing) {
    generator = drawing;
    return this;
  }

  /** Returns the settings by name. */
  public Map<String, String> settings() {
    return only("setting", String.class);
  }

  /** Returns the tensors by name. */
  public Map<String, Tensor> tensors() {
    return only("tensor", Tensor.class);
  }

  /** Returns the layers and functions inside by name. */
  public Map<String, Object> parts() {
    return only("part", Object.class);
  }

  private <T> Map<String, T> only(String kind, Class<T> type) {
    Map<String, T> found = new LinkedHashMap<>();
    contents.forEach((name, thing) -> {
      if (type.isInstance(thing) && kind(thing).equals(kind)) {
        found.put(name, type.cast(thing));
      }
    });
    return found;
  }

  // ---- making ----------------------------------------------------------------------------------

  /**
   * Makes what this describes; a layer in eval mode, whose weights are constants where this has
   * tensors.
   *
   * @throws IllegalArgumentException if the constructor does not ask for all that is in here
   */
  public Object make() {
    unread.addAll(contents.keySet());
    if (constructor == null) {
      throw new UnsupportedOperationException(
          "%1$s does not say how it is made anew, and can be neither copied nor saved; expected a constructor %1$s(Description) that calls super(from), and this(Description.of(%1$s::new)) in the others"
              .formatted(type));
    }
    Object made = constructor.apply(this);
    unread.removeIf(name -> contents.get(name) == null);
    if (!unread.isEmpty()) {
      throw refuse(
          unread.stream()
              .map(name -> "%s '%s'".formatted(kind(contents.get(name)), name))
              .collect(joining(", ", "unknown ", "")));
    }
    if (made instanceof Layer layer) {
      layer.setModes(false, true);
    }
    return made;
  }

  /** Tells whether there is a setting, tensor or part of this name. */
  public boolean has(String name) {
    return contents.get(name) != null;
  }

  /** Returns a setting that is a whole number of at least 0. */
  public int integer(String name) {
    return natural(name, setting(name));
  }

  /** Returns a setting of several whole numbers of at least 0. */
  public int[] integers(String name) {
    return Splitter.on(',')
        .omitEmptyStrings()
        .splitToStream(setting(name))
        .mapToInt(number -> natural(name, number))
        .toArray();
  }

  /** Returns a setting that is a finite number of at least 0. */
  public double decimal(String name) {
    Double number = Doubles.tryParse(setting(name));
    boolean fits = number != null && number >= 0 && number < Double.POSITIVE_INFINITY;
    return parsed(name, setting(name), fits ? number : null, "a finite number of at least 0");
  }

  /** Returns a setting that is true, or false if it is not there. */
  public boolean flag(String name) {
    return has(name)
        && parsed(name, setting(name), setting(name).equals("true") ? true : null, "true");
  }

  /** Returns a setting that is a constant of an enum. */
  public <E extends Enum<E>> E constant(String name, Class<E> constants) {
    E constant = Enums.getIfPresent(constants, setting(name)).orNull();
    String expected = "one of " + Arrays.toString(constants.getEnumConstants());
    return parsed(name, setting(name), constant, expected);
  }

  /**
   * Returns the generator that draws the initial weights.
   *
   * @throws IllegalArgumentException if this is partial and has none
   */
  public Generator generator() {
    if (generator == null && !complete) {
      throw refuse("no generator; expected one, which draws the weights");
    }
    return generator == null ? Generator.seeded(0) : generator;
  }

  <T> T part(String name, Class<T> expected) {
    Object part = found("part", name);
    if (!expected.isInstance(part)) {
      throw refuse(
          "%s is a %s; expected a %s"
              .formatted(name, part.getClass().getSimpleName(), expected.getSimpleName()));
    }
    return expected.cast(part);
  }

  /** Returns a tensor, which is neither a weight nor a buffer. */
  Tensor tensor(String name) {
    return (Tensor) found("tensor", name);
  }

  /** Returns a weight: if this has a tensor, learned in a partial description, else constant. */
  Weight weight(String name, @Nullable Shape expected) {
    Object found = found("tensor", name);
    Weight weight =
        found instanceof Tensor tensor
            ? complete ? Weight.constant(tensor) : Weight.learned(type + "." + name, tensor)
            : (Weight) found;
    requireShape(name, weight.shape(), expected);
    return weight;
  }

  /** Returns a buffer, which is constant if a file has it. */
  Buffer buffer(String name, @Nullable Shape expected) {
    Object found = found("tensor", name);
    Buffer buffer = found instanceof Tensor tensor ? new Buffer(tensor, complete) : (Buffer) found;
    requireShape(name, buffer.value().shape(), expected);
    return buffer;
  }

  /** Tells whether something is neither here nor missing, but to be created. */
  boolean leavesOut(String name) {
    return !complete && !unread.contains(name);
  }

  /** Tells whether an optional weight is not to be there. */
  boolean isWithout(String name) {
    return contents.get(name) == null && (unread.remove(name) || complete);
  }

  @Nullable Function<Description, ?> constructor() {
    return constructor;
  }

  void type(String name) {
    type = name;
  }

  private void requireShape(String name, Shape shape, @Nullable Shape expected) {
    if (expected != null && !shape.equals(expected)) {
      throw refuse("%s of shape %s; expected %s".formatted(name, shape, expected));
    }
  }

  private String setting(String name) {
    return (String) found("setting", name);
  }

  private int natural(String name, String value) {
    Integer number = Ints.tryParse(value);
    boolean fits = number != null && number >= 0;
    return parsed(name, value, fits ? number : null, "a whole number of at least 0");
  }

  /** Returns what a value means, unless that is null. */
  private <T> T parsed(String name, String value, @Nullable T meaning, String expected) {
    if (meaning == null) {
      throw refuse("%s=%s; expected %s".formatted(name, value, expected));
    }
    return meaning;
  }

  private Object found(String kind, String name) {
    Object thing = contents.get(name);
    if (thing == null || !kind(thing).equals(kind)) {
      throw refuse("no %s '%s'; expected one".formatted(kind, name));
    }
    unread.remove(name);
    return thing;
  }

  private static String kind(@Nullable Object thing) {
    return thing instanceof String
        ? "setting"
        : thing instanceof Tensor || thing instanceof Weight || thing instanceof Buffer
            ? "tensor"
            : "part";
  }

  private IllegalArgumentException refuse(String reason) {
    return new IllegalArgumentException("%s: %s".formatted(type, reason));
  }

  /** Returns the class and the names of what it is made of. */
  @Override
  public String toString() {
    return "%s of %s".formatted(type, contents.keySet());
  }
}
