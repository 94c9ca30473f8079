package dev.adjoint.nn;

import com.google.common.primitives.Ints;
import dev.adjoint.tensor.Shape;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A setting of a layer, such as an epsilon: a number, flag, constant, shape or list of sizes.
 * Declared once in a field of the layer ({@link Layer#decimal} and its like), it is copied, saved
 * and printed with it.
 *
 * <pre>{@code
 * private final Setting<Double> rate =
 *     decimal("update_rate", 0.1).require(r -> r <= 1, "0 to 1");
 * }</pre>
 *
 * @param <T> an Integer, Double, Boolean, enum, int[] or {@link Shape}
 */
public final class Setting<T> {

  private final Layer layer;
  private final String name;
  private final @Nullable T defaultValue;
  private final boolean named;
  private T value;
  private Predicate<T> allowed = any -> true;
  private String expected = "";
  private Supplier<String> print = this::usually;

  /**
   * Creates a setting.
   *
   * @param defaultValue the default, or null if there is none
   * @param named whether it prints with its name
   */
  Setting(Layer layer, String name, @Nullable T defaultValue, boolean named, T value) {
    this.layer = layer;
    this.name = name;
    this.defaultValue = defaultValue;
    this.named = named;
    this.value = value;
  }

  /** Returns the value. */
  public T get() {
    return value;
  }

  /**
   * Changes the value.
   *
   * @throws IllegalArgumentException if it is not allowed
   * @throws IllegalStateException if the layer was made for inference
   */
  public void set(T newValue) {
    layer.requireChangeable(name);
    check(layer, newValue);
    value = newValue;
  }

  /**
   * Allows only some values, now and later; returns this setting.
   *
   * @param expected the allowed values for messages, as in "at least 1"
   */
  public Setting<T> require(Predicate<T> more, String expected) {
    allowed = allowed.and(more);
    this.expected = expected;
    check(layer.getClass().getSimpleName(), value);
    return this;
  }

  /** Sets how this prints, in place of name and value if not the default; returns this. */
  public Setting<T> printedAs(Supplier<String> text) {
    print = text;
    return this;
  }

  /** Returns the name and the value. */
  @Override
  public String toString() {
    return words() + " " + show(value);
  }

  /** Returns what the layer prints of this: an empty text if it is the default. */
  public String printed() {
    return print.get();
  }

  private String usually() {
    if (defaultValue != null && text(value).equals(text(defaultValue))) {
      return "";
    }
    return value instanceof Boolean ? words() : named ? toString() : show(value);
  }

  private void check(Object subject, T candidate) {
    if (!allowed.test(candidate)) {
      throw new IllegalArgumentException(
          "%s: %s %s; expected %s".formatted(subject, words(), show(candidate), expected));
    }
  }

  private String words() {
    return name.replace('_', ' ');
  }

  /** Returns a value for readers. */
  static String show(Object value) {
    return switch (value) {
      case int[] numbers -> numbers.length == 0 ? "none" : Ints.join("x", numbers);
      case Shape shape -> Ints.join(", ", shape.toArray());
      case Enum<?> constant -> constant.name().toLowerCase(Locale.ROOT);
      default -> value.toString();
    };
  }

  /** Returns a value as files hold it. */
  static String text(Object value) {
    return switch (value) {
      case int[] numbers -> Ints.join(",", numbers);
      case Shape shape -> Ints.join(",", shape.toArray());
      case Enum<?> constant -> constant.name();
      default -> value.toString();
    };
  }
}
