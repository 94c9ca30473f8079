package dev.adjoint.nn.predict;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.adjoint.io.Quoted;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A column of a table, and how a field of it becomes features: see {@link Columns}. */
public sealed interface Column {

  /** Returns the name of the column. */
  String name();

  /** Returns what is taken for a missing field. */
  Missing missing();

  /** Returns how many features there are. */
  default int width() {
    return (int) features().count();
  }

  /** Returns the names of the features. */
  Stream<String> features();

  /** Returns this column with another rule for missing fields. */
  Column with(Missing rule);

  /**
   * Writes the features of a field.
   *
   * @param field null if there is none
   * @return what is wrong with the field, or null
   */
  @Nullable String write(@Nullable Object field, double[] features, int at);

  /**
   * What is taken for a missing field of a column.
   *
   * @param value of a numeric feature: NaN, or a finite number; the features of a category are 0
   * @param markers the texts that count as missing; empty where no field may be missing
   */
  record Missing(double value, Set<String> markers) {

    /** No field may be missing. */
    public static final Missing NEVER = new Missing(Double.NaN, Set.of());

    /** Checks both. */
    public Missing {
      if (Double.isInfinite((float) value)) {
        throw new IllegalArgumentException(
            "missing: %s for a missing value; expected NaN or a number that float32 holds"
                .formatted(value));
      }
      markers = ImmutableSet.copyOf(markers);
      markers.stream()
          .filter(text -> !text.isEmpty())
          .forEach(t -> Columns.requireLine("missing", t));
    }

    /** Tells whether a field may be missing. */
    public boolean isAllowed() {
      return !markers.isEmpty();
    }
  }

  /** A column of finite numbers: one feature. */
  record Numeric(String name, Missing missing) implements Column {

    /** Java would take more: hexadecimal numbers, "1f", "NaN", "Infinity". */
    private static final Pattern DECIMAL =
        Pattern.compile("[+-]?(\\d++(\\.\\d*+)?|\\.\\d++)([eE][+-]?\\d++)?");

    /** Checks the name. */
    public Numeric {
      Columns.requireLine("numeric", name);
    }

    @Override
    public Stream<String> features() {
      return Stream.of(name);
    }

    @Override
    public Numeric with(Missing rule) {
      return new Numeric(name, rule);
    }

    @Override
    public @Nullable String write(@Nullable Object field, double[] features, int at) {
      if (field == null || isMissing(field)) {
        features[at] = missing.value;
        return missing.isAllowed() ? null : "there is no %s".formatted(Quoted.text(name));
      }
      double number = number(field);
      features[at] = number;
      return Double.isFinite(number)
          ? null
          : "%s is %s; expected a finite number"
              .formatted(Quoted.text(name), Quoted.text(field.toString()));
    }

    private boolean isMissing(Object field) {
      return field instanceof Number number
          ? Double.isNaN(number.doubleValue()) && missing.isAllowed()
          : missing.markers.contains(field.toString().strip());
    }

    private static double number(Object field) {
      if (field instanceof Number number) {
        return number.doubleValue();
      }
      String text = field.toString().strip();
      return isDecimal(text) ? Double.parseDouble(text) : Double.NaN;
    }

    /** Tells whether a text is a decimal number, as in {@code -1.5e3}. */
    public static boolean isDecimal(String text) {
      return DECIMAL.matcher(text).matches();
    }
  }

  /**
   * A column of categories: for each a feature that is 1 where an example belongs to it, else 0.
   *
   * @param categories all that there are; none where they are still to be collected from a file
   * @param ignoresUnknown whether a field may be another category, of which all features are 0
   */
  record Category(String name, List<String> categories, Missing missing, boolean ignoresUnknown)
      implements Column {

    /** Checks the name and the categories. */
    public Category {
      Columns.requireLine("category", name);
      categories = ImmutableList.copyOf(categories);
      categories.stream()
          .filter(c -> !c.isEmpty())
          .forEach(c -> Columns.requireLine("category", c));
      Columns.requireOnce("category: column '%s'".formatted(name), categories);
    }

    /** Tells whether a text can be a category: one short line without white space at its ends. */
    public static boolean accepts(String text) {
      return Columns.isLine(text);
    }

    @Override
    public Stream<String> features() {
      return categories.stream().map(category -> name + "=" + category);
    }

    @Override
    public Category with(Missing rule) {
      return new Category(name, categories, rule, ignoresUnknown);
    }

    @Override
    public @Nullable String write(@Nullable Object field, double[] features, int at) {
      if (field == null) {
        return missing.isAllowed() ? null : "there is no %s".formatted(Quoted.text(name));
      }
      String text = field.toString().strip();
      int category = categories.indexOf(text);
      if (category >= 0) {
        features[at + category] = 1;
        return null;
      }
      return missing.markers.contains(text) || ignoresUnknown
          ? null
          : "%s is %s; expected one of %s"
              .formatted(Quoted.text(name), Quoted.text(text), Quoted.list(categories));
    }
  }
}
