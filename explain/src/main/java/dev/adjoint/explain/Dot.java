package dev.adjoint.explain;

import dev.adjoint.training.report.PlotColor;
import java.util.HashMap;
import java.util.Map;

/** Writes a picture in the language of Graphviz. */
final class Dot {

  private static final int LONGEST = 40;

  private final Picture picture;
  private final Map<Box, String> names = new HashMap<>();
  private final StringBuilder text = new StringBuilder();

  private Dot(Picture picture) {
    this.picture = picture;
  }

  static String of(Picture picture) {
    return new Dot(picture).write();
  }

  private String write() {
    text.append(
        "digraph {\n  node [fontname=\"sans-serif\", fontsize=11, shape=box, style=rounded]\n");
    text.append("  graph [fontname=\"sans-serif\", fontsize=11, style=rounded, labeljust=l]\n");
    picture.top().forEach(box -> write(box, "  "));
    for (Picture.Edge edge : picture.edges()) {
      text.append("  %s -> %s\n".formatted(names.get(edge.from()), names.get(edge.to())));
    }
    return text.append("}\n").toString();
  }

  private void write(Box box, String indent) {
    boolean open = picture.open().contains(box);
    String label = label(Caption.of(box, open));
    String name = (open ? "cluster" : "n") + (names.size() + 1);
    names.put(box, name);
    if (open) {
      text.append("%ssubgraph %s {\n%s  label=\"%s\"\n".formatted(indent, name, indent, label));
      Picture.shown(box).forEach(inner -> write(inner, indent + "  "));
      text.append(indent).append("}\n");
    } else {
      text.append("%s%s [label=\"%s\"%s]\n".formatted(indent, name, label, look(box.kind)));
    }
  }

  private static String look(Box.Kind kind) {
    return switch (kind) {
      case OPERATION -> "";
      case PARAMETER ->
          ", shape=hexagon, style=solid, color=\"#%06x\"".formatted(PlotColor.BLUE.light());
      case INPUT ->
          ", shape=ellipse, style=solid, color=\"#%06x\"".formatted(PlotColor.GREEN.light());
      case CONSTANT -> ", style=dashed";
      case LAYER, REPEAT, EARLIER -> ", style=solid, peripheries=2";
    };
  }

  private static String label(Caption caption) {
    return String.join(
        "\\n",
        caption.shortened(LONGEST).stream()
            .map(line -> line.replace("\\", "\\\\").replace("\"", "\\\""))
            .toList());
  }
}
