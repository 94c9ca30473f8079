package dev.adjoint.nn.predict;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.google.common.collect.HashBasedTable;
import com.google.common.collect.Table;
import dev.adjoint.io.Quoted;
import dev.adjoint.nn.Describable;
import dev.adjoint.nn.Description;
import dev.adjoint.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The structure of a model as a text, and its tensors by path. The text has a line for each layer
 * or function, with those inside it below, indented by two spaces:
 *
 * <pre>
 * Sequential
 *   0: Linear in=4 out=16
 *   1: Activation function=RELU
 *   2: Linear in=16 out=3
 * </pre>
 */
record Architecture(String text, Map<String, Tensor> tensors) {

  /** More than any model needs, and far less than overflows the stack. */
  private static final int MAX_DEPTH = 64;

  /** With more, what is made of the text takes many times its size. */
  private static final int MAX_LAYERS = 10_000;

  private static final int MAX_SETTINGS = 100;

  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_$-]{1,100}");

  private static final Splitter SPACES = Splitter.on(' ').limit(MAX_SETTINGS + 2);

  static Architecture of(Object model) {
    Writer writer = new Writer();
    writer.write("", 0, model);
    return new Architecture(writer.text.toString(), Collections.unmodifiableMap(writer.tensors));
  }

  /**
   * Makes the model.
   *
   * @param more what makes objects of classes that are not ours, by their names
   * @throws IllegalArgumentException if that is impossible
   */
  Object make(Map<String, ? extends Function<Description, ?>> more) {
    return new Reader(text, tensors, more).read();
  }

  private static String joined(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  private static final class Writer {
    private final StringBuilder text = new StringBuilder();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private int layers;

    void write(String path, int depth, Object thing) {
      if (++layers > MAX_LAYERS) {
        throw refuse("more than %,d layers; expected at most as many".formatted(MAX_LAYERS));
      }
      if (depth > MAX_DEPTH) {
        throw refuse(
            "'%s' lies within %d others; expected at most %d".formatted(path, depth, MAX_DEPTH));
      }
      Description description = description(path, thing);
      Map<String, String> settings = description.settings();
      if (settings.size() > MAX_SETTINGS) {
        throw refuse(
            "'%s' has %d settings; expected at most %d"
                .formatted(path, settings.size(), MAX_SETTINGS));
      }
      String name = path.substring(path.lastIndexOf('.') + 1);
      text.append("  ".repeat(depth)).append(depth == 0 ? "" : name + ": ");
      text.append(thing.getClass().getSimpleName());
      settings.forEach((key, value) -> {
        if (CharMatcher.whitespace().matchesAnyOf(value)) {
          throw refuse("'%s' has %s='%s'; expected no white space".formatted(path, key, value));
        }
        text.append(' ').append(named(path, key)).append('=').append(value);
      });
      text.append('\n');
      description
          .tensors()
          .forEach((key, value) -> tensors.put(joined(path, named(path, key)), value));
      description
          .parts()
          .forEach((key, part) -> write(joined(path, named(path, key)), depth + 1, part));
    }

    private static Description description(String path, Object thing) {
      String where = path.isEmpty() ? "the model" : "'" + path + "'";
      if (thing.getClass().isHidden()) {
        throw refuse(
            "%s is a function, which a file cannot hold; expected a layer, one of the functions that have names, such as Activation.TANH, or a record of one's own that is Describable"
                .formatted(where));
      }
      String name = thing.getClass().getSimpleName();
      if (!(thing instanceof Describable describable)) {
        throw refuse(
            "%s is a %s, which does not say how it is made; expected it to implement Describable"
                .formatted(where, name));
      }
      if (!NAME.matcher(name).matches()
          || (LayerTypes.isBuiltIn(name) && !LayerTypes.isBuiltIn(thing))) {
        throw refuse(
            "%s is of the class %s; expected a class with a simple name of its own"
                .formatted(where, thing.getClass().getName()));
      }
      return describable.description();
    }

    /** Returns the name of a setting, tensor or part, if a file can hold it. */
    private static String named(String path, String name) {
      if (!NAME.matcher(name).matches()) {
        throw refuse(
            "'%s' has something named '%s'; expected a name of at most 100 letters, digits, '_' and '-'"
                .formatted(path, name));
      }
      return name;
    }

    private static IllegalArgumentException refuse(String reason) {
      return new IllegalArgumentException("Predictor: " + reason);
    }
  }

  /** Reads the text from its first line to its last, making things as soon as all is read. */
  private static final class Reader {
    private final List<String> lines;
    private final Table<String, String, Tensor> tensors = HashBasedTable.create(); // owner and name
    private final Map<String, ? extends Function<Description, ?>> more;
    private int next;

    Reader(
        String text,
        Map<String, Tensor> paths,
        Map<String, ? extends Function<Description, ?>> more) {
      lines = text.lines().limit(MAX_LAYERS + 1).toList();
      paths.forEach((path, tensor) -> {
        int dot = path.lastIndexOf('.');
        tensors.put(path.substring(0, Math.max(dot, 0)), path.substring(dot + 1), tensor);
      });
      this.more = more;
    }

    Object read() {
      if (lines.size() > MAX_LAYERS) {
        throw refuse(MAX_LAYERS, "expected at most %,d lines".formatted(MAX_LAYERS));
      }
      Object model = read("", 0);
      if (next < lines.size()) {
        throw refuse(next, "a line that belongs to nothing above it");
      }
      if (!tensors.isEmpty()) {
        throw new IllegalArgumentException(
            "architecture: no line for the tensors of %s"
                .formatted(Quoted.text(tensors.rowKeySet().iterator().next())));
      }
      return model;
    }

    /** Reads a line without its name and the lines inside it. */
    private Object read(String path, int depth) {
      int line = next++;
      if (depth > MAX_DEPTH) {
        throw refuse(line, "within %d others; expected at most %d".formatted(depth, MAX_DEPTH));
      }
      if (line == lines.size()) {
        throw refuse(line, "the end; expected the model");
      }
      String text = lines.get(line);
      List<String> words =
          SPACES.splitToList(depth == 0 ? text : text.substring(text.indexOf(": ") + 2));
      if (words.size() > MAX_SETTINGS + 1) {
        throw refuse(line, "expected at most %d settings".formatted(MAX_SETTINGS));
      }
      Map<String, Object> contents = new LinkedHashMap<>();
      for (String word : words.subList(1, words.size())) {
        int equals = word.indexOf('=');
        if (equals < 0
            || contents.put(word.substring(0, equals), word.substring(equals + 1)) != null) {
          throw refuse(
              line, "%s; expected name=value, each name once".formatted(Quoted.text(word)));
        }
      }
      String type = words.getFirst();
      Function<Description, ?> factory = LayerTypes.factory(type, more);
      if (factory == null) {
        throw refuse(
            line,
            "%s is none of the classes that are known; expected its constructor to be given to load"
                .formatted(Quoted.text(type)));
      }
      tensors.row(path).forEach((name, tensor) -> add(contents, line, name, tensor));
      tensors.row(path).clear();
      while (next < lines.size() && indent(next) == 2 * (depth + 1)) {
        int partLine = next;
        String name = name(partLine);
        add(contents, partLine, name, read(joined(path, name), depth + 1));
      }
      try {
        return Description.complete(type, factory, contents).make();
      } catch (IllegalArgumentException | IllegalStateException e) {
        throw new IllegalArgumentException(
            "architecture, line %d: %s".formatted(line + 1, e.getMessage()), e);
      }
    }

    private static void add(Map<String, Object> contents, int line, String name, Object thing) {
      if (contents.putIfAbsent(name, thing) != null) {
        throw refuse(line, "%s is there for a second time".formatted(Quoted.text(name)));
      }
    }

    /** Returns the name with which a line begins. */
    private String name(int line) {
      String text = lines.get(line);
      int colon = text.indexOf(": ");
      String name = colon < 0 ? "" : text.substring(indent(line), colon);
      if (!NAME.matcher(name).matches()) {
        throw refuse(line, "expected it to begin with a name and a colon");
      }
      return name;
    }

    private int indent(int line) {
      return CharMatcher.isNot(' ').indexIn(lines.get(line));
    }

    private static IllegalArgumentException refuse(int line, String reason) {
      return new IllegalArgumentException("architecture, line %d: %s".formatted(line + 1, reason));
    }
  }
}
