package dev.adjoint.nn;

import static java.util.stream.Collectors.joining;

import com.google.common.base.Splitter;
import com.google.common.primitives.Doubles;
import com.google.common.primitives.Ints;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Says of what a layer or function is made: settings, tensors and parts, each by name. A layer
 * gives a description of itself, and a constructor takes one.
 *
 * <pre>{@code
 * final class Classifier extends Layer implements Transform, Describable {
 *   Classifier(Description from) {
 *     hidden = child("hidden", from.part("hidden", Linear.class));
 *     scale = weight("scale", from.weight("scale", Shape.of()));
 *     slope = from.decimal("slope");
 *   }
 *
 *   @Override
 *   public Description description() {
 *     return Description.of(this).part("hidden", hidden).set("slope", slope);
 *   }
 * }
 * }</pre>
 *
 * <p>What is asked for and is not there, or is not what was expected, is refused by an {@link
 * IllegalArgumentException}: descriptions come from files.
 */
public final class Description {

  private final String type;
  private final Map<String, String> settings;
  private final Map<String, Tensor> tensors;
  private final Map<String, Object> parts;
  private final Set<String> unread = new LinkedHashSet<>();

  /**
   * Creates a description from which something is {@linkplain #make made}.
   *
   * @param type the name of its class, for messages
   * @param parts what was made of the descriptions of the parts
   */
  public Description(
      String type,
      Map<String, String> settings,
      Map<String, Tensor> tensors,
      Map<String, Object> parts) {
    this.type = type;
    this.settings = new LinkedHashMap<>(settings);
    this.tensors = new LinkedHashMap<>(tensors);
    this.parts = new LinkedHashMap<>(parts);
  }

  // ---- describing ------------------------------------------------------------------------------

  /** Starts the description of a layer, with its weights and buffers, or of a function. */
  public static Description of(Describable described) {
    return new Description(
        described.getClass().getSimpleName(),
        Map.of(),
        described instanceof Layer layer ? layer.ownTensors() : Map.of(),
        Map.of());
  }

  /**
   * Adds a setting.
   *
   * @param value a number, a boolean, a constant of an enum, or an {@code int[]}; false is what
   *     flags are that are not there, and is left out
   */
  public Description set(String name, Object value) {
    if (!value.equals(false)) {
      settings.put(
          name,
          value instanceof int[] numbers
              ? Arrays.stream(numbers).mapToObj(String::valueOf).collect(joining(","))
              : value.toString());
    }
    return this;
  }

  /** Adds the settings of a convolution. */
  public Description set(ConvOptions options) {
    return set("stride", options.stride())
        .set("padding", options.padding())
        .set("dilation", options.dilation())
        .set("groups", options.groups());
  }

  /** Adds a tensor that is neither a weight nor a buffer. */
  public Description tensor(String name, Tensor value) {
    tensors.put(name, value);
    return this;
  }

  /** Adds a layer or function inside. */
  public Description part(String name, Object part) {
    parts.put(name, part);
    return this;
  }

  /** Returns the name of the class. */
  public String type() {
    return type;
  }

  /** Returns the settings by name. */
  public Map<String, String> settings() {
    return Collections.unmodifiableMap(settings);
  }

  /** Returns the tensors by name. */
  public Map<String, Tensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /** Returns the parts by name. */
  public Map<String, Object> parts() {
    return Collections.unmodifiableMap(parts);
  }

  // ---- making ----------------------------------------------------------------------------------

  /**
   * Makes what this describes; a layer in eval mode, with constant weights.
   *
   * @param factory a constructor that takes a description, and must ask for all that is in it
   */
  public Object make(Function<Description, ?> factory) {
    settings.keySet().forEach(name -> unread.add("setting '%s'".formatted(name)));
    tensors.keySet().forEach(name -> unread.add("tensor '%s'".formatted(name)));
    parts.keySet().forEach(name -> unread.add("part '%s'".formatted(name)));
    Object made = factory.apply(this);
    if (!unread.isEmpty()) {
      throw refuse("unknown " + String.join(", ", unread));
    }
    if (made instanceof Layer layer) {
      layer.setModes(false, true);
    }
    return made;
  }

  /** Tells whether there is a setting, tensor or part of this name. */
  public boolean has(String name) {
    return settings.containsKey(name) || tensors.containsKey(name) || parts.containsKey(name);
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
    String value = setting(name);
    Double number = Doubles.tryParse(value);
    if (number == null || !(number >= 0 && number < Double.POSITIVE_INFINITY)) {
      throw refuse("%s=%s; expected a finite number of at least 0".formatted(name, value));
    }
    return number;
  }

  /** Returns a setting that is true, or false if it is not there. */
  public boolean flag(String name) {
    if (!settings.containsKey(name)) {
      return false;
    }
    String value = setting(name);
    if (!value.equals("true")) {
      throw refuse("%s=%s; expected true".formatted(name, value));
    }
    return true;
  }

  /** Returns a setting that is a constant of an enum. */
  public <E extends Enum<E>> E constant(String name, Class<E> constants) {
    String value = setting(name);
    return Arrays.stream(constants.getEnumConstants())
        .filter(constant -> constant.name().equals(value))
        .findFirst()
        .orElseThrow(() ->
            refuse(
                "%s=%s; expected one of %s"
                    .formatted(name, value, Arrays.toString(constants.getEnumConstants()))));
  }

  /** Returns the settings of a convolution. */
  public ConvOptions convOptions() {
    return ConvOptions.DEFAULT
        .stride(integers("stride"))
        .padding(integers("padding"))
        .dilation(integers("dilation"))
        .groups(integer("groups"));
  }

  /** Returns a tensor as it is. */
  public Tensor tensor(String name) {
    return found("tensor", name, tensors);
  }

  /** Returns a tensor of an expected shape as a constant weight. */
  public Weight weight(String name, Shape expected) {
    return Weight.constant(ofShape(name, expected));
  }

  /** Returns a tensor of an expected shape as a constant weight, or null if it is not there. */
  public @Nullable Weight weightOrNull(String name, Shape expected) {
    return tensors.containsKey(name) ? weight(name, expected) : null;
  }

  /** Returns a tensor of an expected shape as a constant buffer. */
  public Buffer buffer(String name, Shape expected) {
    return new Buffer(ofShape(name, expected), true);
  }

  /** Returns a part of an expected class. */
  public <T> T part(String name, Class<T> expected) {
    Object part = found("part", name, parts);
    if (!expected.isInstance(part)) {
      throw refuse(
          "%s is a %s; expected a %s"
              .formatted(name, part.getClass().getSimpleName(), expected.getSimpleName()));
    }
    return expected.cast(part);
  }

  private Tensor ofShape(String name, Shape expected) {
    Tensor tensor = tensor(name);
    if (!tensor.shape().equals(expected)) {
      throw refuse("%s of shape %s; expected %s".formatted(name, tensor.shape(), expected));
    }
    return tensor;
  }

  private String setting(String name) {
    return found("setting", name, settings);
  }

  private int natural(String name, String value) {
    Integer number = Ints.tryParse(value);
    if (number == null || number < 0) {
      throw refuse("%s=%s; expected a whole number of at least 0".formatted(name, value));
    }
    return number;
  }

  private <T> T found(String kind, String name, Map<String, T> things) {
    T thing = things.get(name);
    if (thing == null) {
      throw refuse("no %s '%s'; expected one".formatted(kind, name));
    }
    unread.remove("%s '%s'".formatted(kind, name));
    return thing;
  }

  private IllegalArgumentException refuse(String reason) {
    return new IllegalArgumentException("%s: %s".formatted(type, reason));
  }
}
