package dev.adjoint.nn.predict;

import com.google.common.base.CharMatcher;
import com.google.common.collect.ImmutableMap;
import dev.adjoint.io.Quoted;
import dev.adjoint.io.Safetensors;
import dev.adjoint.io.TensorFormatException;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a user should know about a model: which data it has learned from, how good it is, when and
 * by which library it was made (Mitchell et al. 2019, "Model cards for model reporting",
 * arXiv:1810.03993).
 *
 * <pre>{@code
 * ModelCard card =
 *     new ModelCard()
 *         .data("2,000 customers of 2026, of which 400 were held back")
 *         .metric("accuracy", 0.945)
 *         .seed(1)
 *         .date(LocalDate.of(2026, 11, 28));
 * predictor.card(card).save(path);
 * IO.println(ModelCard.of(path)); // without loading the model
 * }</pre>
 *
 * <p>A card is facts, each a name and one line of text; those of one's own are added by {@link
 * #fact}. It is one text in the metadata of the file, which tools for safetensors show. Immutable.
 *
 * @param facts by name, in their order
 */
public record ModelCard(Map<String, String> facts) {

  /** The name of the text in a file's metadata. */
  static final String NAME = "model card";

  private static final String METRIC = "metric ";
  private static final String LIBRARY = "library";

  /** Checks that each fact is a line. */
  public ModelCard {
    facts = ImmutableMap.copyOf(facts);
    facts.forEach((name, text) -> {
      Columns.requireLine("card", name);
      Columns.requireLine("card, '%s'".formatted(name), text);
      if (name.contains(":") || CharMatcher.javaIsoControl().matchesAnyOf(name + text)) {
        throw new IllegalArgumentException(
            "card: %s: %s; expected a name without a colon, and no control characters"
                .formatted(Quoted.text(name), Quoted.text(text)));
      }
    });
  }

  /** Creates an empty card, to which facts are added. */
  public ModelCard() {
    this(Map.of());
  }

  /**
   * Reads the card of a predictor's file: its header only, so that a damaged model is not noticed.
   *
   * @return without facts if the file has no card
   * @throws TensorFormatException if the file is of another kind
   */
  public static ModelCard of(Path file) throws IOException {
    try {
      return read(Safetensors.metadata(file));
    } catch (IllegalArgumentException e) {
      throw new TensorFormatException(file.toString(), "no model card: " + e.getMessage(), e);
    }
  }

  /** Adds a fact of one's own, such as a license; one of the same name is replaced. */
  public ModelCard fact(String name, String text) {
    Map<String, String> all = new LinkedHashMap<>(facts);
    all.put(name, text);
    return new ModelCard(all);
  }

  /** Sets which data the model has learned from, and what was held back. */
  public ModelCard data(String text) {
    return fact("data", text);
  }

  /** Adds the value of a metric. */
  public ModelCard metric(String name, double value) {
    return fact(METRIC + name, Double.toString(value));
  }

  /** Adds the values of metrics, such as those of an evaluation. */
  public ModelCard metrics(Map<String, Double> values) {
    ModelCard all = this;
    for (Map.Entry<String, Double> one : values.entrySet()) {
      all = all.metric(one.getKey(), one.getValue());
    }
    return all;
  }

  /** Sets the seed that reproduces this model. */
  public ModelCard seed(long seed) {
    return fact("seed", Long.toString(seed));
  }

  /** Sets when the model was made; no clock is asked, so that equal models make equal files. */
  public ModelCard date(LocalDate date) {
    return fact("date", date.toString());
  }

  /** Returns a fact. */
  public Optional<String> get(String name) {
    return Optional.ofNullable(facts.get(name));
  }

  /** Returns the values of the metrics, by name; a text that is no number is NaN. */
  public Map<String, Double> metrics() {
    ImmutableMap.Builder<String, Double> metrics = ImmutableMap.builder();
    facts.forEach((name, text) -> {
      if (name.startsWith(METRIC)) {
        metrics.put(name.substring(METRIC.length()), number(text));
      }
    });
    return metrics.buildOrThrow();
  }

  private static double number(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  // ---- as a text -------------------------------------------------------------------------------

  /** Adds which library has made the model, unless that is known. */
  ModelCard withLibrary() {
    Class<?> here = ModelCard.class;
    ModuleDescriptor module = here.getModule().getDescriptor(); // null on the class path
    Optional<String> version =
        module == null
            ? Optional.ofNullable(here.getPackage().getImplementationVersion())
            : module.rawVersion();
    return facts.containsKey(LIBRARY)
        ? this
        : fact(LIBRARY, "Adjoint " + version.orElse("of an unknown version"));
  }

  /**
   * Reads the card among the texts of a file.
   *
   * @throws IllegalArgumentException if it is none
   */
  static ModelCard read(Map<String, String> metadata) {
    Map<String, String> facts = new LinkedHashMap<>();
    for (String line : metadata.getOrDefault(NAME, "").lines().toList()) {
      int colon = line.indexOf(": ");
      if (colon < 0 || facts.put(line.substring(0, colon), line.substring(colon + 2)) != null) {
        throw new IllegalArgumentException(
            "%s: %s; expected lines of 'name: text', each name once"
                .formatted(NAME, Quoted.text(line)));
      }
    }
    return new ModelCard(facts);
  }

  /** Returns the facts, one a line: {@code seed: 1}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    facts.forEach((name, fact) -> text.append(name).append(": ").append(fact).append('\n'));
    return text.toString();
  }
}
