package dev.adjoint.training;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A trial of a {@link Search}: settings, and a budget to train with.
 *
 * @param number from 0, in the order in which settings are made
 * @param settings the values by their names
 * @param budget how much to train, in a unit of the search such as epochs; defaults to 1
 */
public record Trial(int number, Map<String, Object> settings, int budget) {

  /** Keeps a copy of the settings, in their order. */
  public Trial {
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  /** Returns a setting that is a number. */
  public double number(String name) {
    return get(name, Number.class).doubleValue();
  }

  /** Returns a setting that is a whole number. */
  public int whole(String name) {
    return get(name, Integer.class);
  }

  /** Returns a setting of any type. */
  public <T> T get(String name, Class<T> type) {
    Object value = settings.get(name);
    if (!type.isInstance(value)) {
      throw new IllegalArgumentException(
          "trial: '%s' is %s; expected a setting of type %s among %s"
              .formatted(name, value, type.getSimpleName(), settings));
    }
    return type.cast(value);
  }

  /** Returns {@code rate=0.01 width=16}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    settings.forEach((name, value) -> text.append(' ').append(name).append('=').append(value));
    return text.substring(Math.min(1, text.length()));
  }
}
