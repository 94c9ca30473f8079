package dev.adjoint.explain;

import dev.adjoint.io.Quoted;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is written into a box, free of control characters.
 *
 * @param title what it is; the whole name, however long
 * @param lines its value or shape, and what is folded away
 * @param gradient empty if none is to be shown
 */
record Caption(String title, List<String> lines, String gradient) {

  /** The most elements that are written one by one. */
  private static final int FEW = 4;

  static Caption of(Box box, boolean open) {
    List<String> lines = new ArrayList<>();
    boolean repeats = box.path().stream().anyMatch(around -> around.kind == Box.Kind.REPEAT);
    Box output = box.kind.isGroup() ? box.last() : box;
    Tensor value = output.value;
    String label = box.kind == Box.Kind.OPERATION && box.label != null ? box.label : "";
    if (value != null && !open) {
      String text = repeats ? "" : elements(value);
      boolean constant = box.kind == Box.Kind.CONSTANT && text.equals(box.title);
      if (text.isEmpty() || box.kind.isGroup()) {
        text = value.shape().toString();
      } else if (!label.isEmpty()) {
        text = "= " + text;
      }
      if (!constant) {
        lines.add((label + " " + text).strip());
      }
    }
    if (box.kind.isGroup() && !open) {
      lines.add(content(box));
    }
    String gradient =
        box.gradient == null || repeats || box.kind.isGroup() ? "" : gradient(box.gradient);
    return new Caption(shown(name(box)), lines.stream().map(Caption::shown).toList(), gradient);
  }

  /** Returns the title of a layer, with the names of those around. */
  static String path(Box layer) {
    return layer.path().stream()
        .filter(box -> box.kind == Box.Kind.LAYER && box.parent != null)
        .map(box -> box == layer ? box.title : name(box.title))
        .collect(Collectors.collectingAndThen(Collectors.joining("."), Caption::shown));
  }

  /** Returns the name, without those of the layers around. */
  private static String name(Box box) {
    if (box.kind != Box.Kind.PARAMETER) {
      return box.title;
    }
    String name = box.title;
    for (Box around : box.path()) {
      String prefix = around.kind == Box.Kind.LAYER ? name(around.title) + "." : ".";
      name =
          name.startsWith(prefix) && name.length() > prefix.length()
              ? name.substring(prefix.length())
              : name;
    }
    return name;
  }

  private static String name(String title) {
    int colon = title.indexOf(':');
    return (colon < 0 ? title : title.substring(0, colon)).replaceFirst("#\\d+$", "");
  }

  private static String content(Box layer) {
    List<Box> leaves = layer.leaves(new ArrayList<>());
    long operations = leaves.stream().filter(box -> box.kind == Box.Kind.OPERATION).count();
    long parameters =
        leaves.stream()
            .filter(box -> box.kind == Box.Kind.PARAMETER && box.value != null)
            .mapToLong(box -> box.value.size())
            .sum();
    String text = operations == 1 ? "1 operation" : "%,d operations";
    return String.format(Locale.ROOT, text, operations)
        + (parameters == 0 ? "" : String.format(Locale.ROOT, ", %,d parameters", parameters));
  }

  /** Returns the elements, if they are few and still there; else nothing. */
  private static String elements(Tensor tensor) {
    if (tensor.size() > FEW || tensor.size() == 0 || tensor.examples() != null) {
      return "";
    }
    try {
      return Numbers.text(tensor, Integer.MAX_VALUE);
    } catch (IllegalStateException e) {
      return ""; // a parameter was updated, or a scope has ended: what was computed is gone
    }
  }

  private static String gradient(Tensor gradient) {
    String elements = elements(gradient);
    return elements.isEmpty()
        ? "grad norm " + Numbers.text(gradient.to(DType.FLOAT64).norm(2).item())
        : "grad " + elements;
  }

  /** Returns a text with its control characters written as such. */
  private static String shown(String text) {
    return Quoted.message(text);
  }

  /** Returns the title, the lines and the gradient, each shortened to a number of characters. */
  List<String> shortened(int most) {
    return Stream.of(Stream.of(title), lines.stream(), Stream.of(gradient))
        .flatMap(text -> text)
        .filter(text -> !text.isEmpty())
        .map(text ->
            text.codePointCount(0, text.length()) <= most
                ? text
                : text.substring(0, text.offsetByCodePoints(0, most - 1)) + "…")
        .toList();
  }
}
