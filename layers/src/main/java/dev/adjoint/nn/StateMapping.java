package dev.adjoint.nn;

import static java.util.stream.Collectors.joining;

import dev.adjoint.io.Quoted;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.Tensor;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A mapping from the names of tensors in a state to the names that a model has for them. Immutable.
 *
 * <pre>{@code
 * StateMapping mapping =
 *     new StateMapping()
 *         .rename("encoder.layer.*.output.dense.*", "layers.*.linear2.*")
 *         .join("layers.*.self_attn.in_proj_*", "h.*.query.*", "h.*.key.*", "h.*.value.*")
 *         .drop("pooler.dense.*");
 * LoadReport report = model.loadFitting(mapping.of(Safetensors.load(path)));
 * }</pre>
 *
 * <p>In a name {@code *} stands for any text without dots; what it stands for goes, in order, where
 * it is in the new name. The first rule that fits a name counts; a name that none fits stays.
 */
public final class StateMapping {

  /**
   * Says where tensors go.
   *
   * @param name of what they become; null if they are left out
   * @param from their names, in the order in which they are joined
   */
  private record Rule(@Nullable String name, List<Pattern> from) {}

  /**
   * Where a tensor goes.
   *
   * @param part the number of the tensor among so many that are joined
   */
  private record Place(String name, int part, int of) {}

  private record Named(String name, Tensor tensor) {}

  private final List<Rule> rules;

  /** Creates a mapping that changes no name. */
  public StateMapping() {
    this(List.of());
  }

  private StateMapping(List<Rule> rules) {
    this.rules = rules;
  }

  /** Gives tensors another name. */
  public StateMapping rename(String from, String to) {
    return with(to, from);
  }

  /**
   * Makes several tensors one, of which they are the rows, one below the other. If not all are
   * there, or they do not fit below one another, they stay what they are.
   */
  public StateMapping join(String to, String... from) {
    return with(to, from);
  }

  /** Leaves tensors out. */
  public StateMapping drop(String name) {
    return with(null, name);
  }

  private StateMapping with(@Nullable String to, String... from) {
    for (String name : from) {
      if (to != null && stars(name) != stars(to)) {
        throw new IllegalArgumentException(
            "StateMapping: '%s' becomes '%s'; expected as many * in both".formatted(name, to));
      }
    }
    Rule rule = new Rule(to, Stream.of(from).map(StateMapping::pattern).toList());
    return new StateMapping(Stream.concat(rules.stream(), Stream.of(rule)).toList());
  }

  private static long stars(String name) {
    return name.chars().filter(c -> c == '*').count();
  }

  private static Pattern pattern(String name) {
    return Pattern.compile(
        Stream.of(name.split("\\*", -1)).map(Pattern::quote).collect(joining("([^.]*)")));
  }

  /**
   * Returns a state under the new names.
   *
   * @throws IllegalArgumentException if two tensors get the same name
   */
  public Map<String, Tensor> of(Map<String, Tensor> state) {
    Map<String, Tensor> mapped = new LinkedHashMap<>();
    Map<String, TreeMap<Integer, Named>> partial = new LinkedHashMap<>();
    state.forEach((name, tensor) -> {
      Place place = place(name);
      if (place != null && place.of == 1) {
        put(mapped, place.name, tensor);
      } else if (place != null) {
        TreeMap<Integer, Named> parts = partial.computeIfAbsent(place.name, _ -> new TreeMap<>());
        parts.put(place.part, new Named(name, tensor));
        if (parts.size() == place.of && fit(parts.values())) {
          Tensor[] rows = parts.values().stream().map(Named::tensor).toArray(Tensor[]::new);
          put(mapped, place.name, Joining.concat(0, rows));
          partial.remove(place.name);
        }
      }
    });
    partial
        .values()
        .forEach(parts -> parts.values().forEach(part -> put(mapped, part.name, part.tensor)));
    return Collections.unmodifiableMap(mapped);
  }

  private @Nullable Place place(String name) {
    for (Rule rule : rules) {
      for (int i = 0; i < rule.from.size(); i++) {
        Matcher found = rule.from.get(i).matcher(name);
        if (found.matches()) {
          return rule.name == null
              ? null
              : new Place(filled(rule.name, found), i, rule.from.size());
        }
      }
    }
    return new Place(name, 0, 1);
  }

  private static String filled(String name, Matcher texts) {
    String filled = name;
    for (int i = 1; i <= texts.groupCount(); i++) {
      filled = filled.replaceFirst("\\*", Matcher.quoteReplacement(texts.group(i)));
    }
    return filled;
  }

  private static boolean fit(Collection<Named> parts) {
    Tensor first = parts.iterator().next().tensor;
    return first.rank() > 0
        && parts.stream()
            .allMatch(part ->
                part.tensor.rank() == first.rank()
                    && part.tensor.dtype() == first.dtype()
                    && part.tensor.shape().with(0, 1).equals(first.shape().with(0, 1)));
  }

  private static void put(Map<String, Tensor> mapped, String name, Tensor tensor) {
    if (mapped.putIfAbsent(name, tensor) != null) {
      throw new IllegalArgumentException(
          "StateMapping: two tensors become %s; expected one".formatted(Quoted.text(name)));
    }
  }

  /** Returns the number of rules. */
  @Override
  public String toString() {
    return "StateMapping with %s rules".formatted(rules.size());
  }
}
