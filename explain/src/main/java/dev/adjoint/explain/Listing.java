package dev.adjoint.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** Writes a picture as text: a line for each box, indented in that of the layer around. */
final class Listing {

  private static final int WIDEST = 48;

  private record Line(String left, String right) {}

  private final Picture picture;
  private final List<Line> lines = new ArrayList<>();

  private Listing(Picture picture) {
    this.picture = picture;
  }

  static String of(Picture picture) {
    Listing listing = new Listing(picture);
    picture.top().forEach(box -> listing.add(box, "  "));
    int width =
        listing.lines.stream()
            .mapToInt(line -> line.left.length())
            .filter(length -> length <= WIDEST)
            .max()
            .orElse(0);
    return listing.lines.stream()
        .map(line ->
            "\n"
                + (line.left
                        + " ".repeat(Math.max(0, width - line.left.length()))
                        + "  "
                        + line.right)
                    .stripTrailing())
        .collect(Collectors.joining());
  }

  private void add(Box box, String indent) {
    boolean open = picture.open().contains(box);
    Caption caption = Caption.of(box, open);
    String left =
        box.kind == Box.Kind.OPERATION
            ? "%s = %s(%s)".formatted(box.label, caption.title(), arguments(box))
            : caption.title();
    List<String> right = new ArrayList<>(caption.lines());
    if (box.kind == Box.Kind.OPERATION) {
      right.set(0, right.getFirst().substring(Objects.requireNonNull(box.label).length() + 1));
    } else if (!box.kind.isGroup()) {
      right.addFirst(box.kind.spoken);
    }
    String gradient = caption.gradient().isEmpty() ? "" : "   " + caption.gradient();
    lines.add(new Line(indent + left, String.join(", ", right) + gradient));
    if (open) {
      Picture.shown(box).forEach(inner -> add(inner, indent + "  "));
    }
  }

  private static String arguments(Box box) {
    return box.sources.stream().map(source -> source.label).collect(Collectors.joining(", "));
  }
}
