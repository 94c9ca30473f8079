package dev.adjoint.explain;

import dev.adjoint.training.report.PlotColor;
import java.util.HashMap;
import java.util.Map;

/** Writes a picture as a flowchart of Mermaid, which many pages of text show. */
final class Mermaid {

  private static final int LONGEST = 40;

  private final Picture picture;
  private final Map<Box, String> names = new HashMap<>();
  private final StringBuilder text = new StringBuilder("flowchart TD\n");

  private Mermaid(Picture picture) {
    this.picture = picture;
  }

  static String of(Picture picture) {
    return new Mermaid(picture).write();
  }

  private String write() {
    picture.top().forEach(box -> write(box, "  "));
    for (Picture.Edge edge : picture.edges()) {
      text.append("  %s --> %s\n".formatted(names.get(edge.from()), names.get(edge.to())));
    }
    text.append(
        "  classDef parameter stroke:#%06x,stroke-width:2px\n".formatted(PlotColor.BLUE.light()));
    text.append(
        "  classDef input stroke:#%06x,stroke-width:2px\n".formatted(PlotColor.GREEN.light()));
    return text.append("  classDef constant stroke-dasharray:4 3\n").toString();
  }

  private void write(Box box, String indent) {
    boolean open = picture.open().contains(box);
    String label = label(Caption.of(box, open));
    String name = (open ? "g" : "n") + (names.size() + 1);
    names.put(box, name);
    if (open) {
      text.append("%ssubgraph %s[\"%s\"]\n".formatted(indent, name, label));
      Picture.shown(box).forEach(inner -> write(inner, indent + "  "));
      text.append(indent).append("end\n");
    } else {
      text.append(indent).append(name).append(shape(box.kind).formatted(label)).append('\n');
    }
  }

  private static String shape(Box.Kind kind) {
    return switch (kind) {
      case OPERATION -> "(\"%s\")";
      case PARAMETER -> "{{\"%s\"}}:::parameter";
      case INPUT -> "([\"%s\"]):::input";
      case CONSTANT -> "[\"%s\"]:::constant";
      case LAYER, REPEAT, EARLIER -> "[[\"%s\"]]";
    };
  }

  private static String label(Caption caption) {
    return String.join("<br>", caption.shortened(LONGEST).stream().map(Mermaid::escaped).toList());
  }

  /** Writes what Mermaid, or the HTML or Markdown in its labels, would interpret as a number. */
  private static String escaped(String line) {
    StringBuilder escaped = new StringBuilder();
    line.codePoints()
        .forEach(c -> {
          if (Character.isLetterOrDigit(c) || " (),.:=…".indexOf(c) >= 0) {
            escaped.appendCodePoint(c);
          } else {
            escaped.append('#').append(c).append(';');
          }
        });
    return escaped.toString();
  }
}
