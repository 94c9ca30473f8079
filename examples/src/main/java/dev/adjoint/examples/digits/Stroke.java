package dev.adjoint.examples.digits;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * What a pen draws without being lifted: cubic Bézier curves, each from the end of the one before.
 *
 * @param points where it begins, and then for each curve two control points and its end
 */
record Stroke(List<Point> points) {

  private static final int STEPS = 8;

  /** Reads the strokes of a path, see {@link Glyphs}. */
  static List<Stroke> parse(String path) {
    return Stream.of(path.split("M ")).filter(text -> !text.isEmpty()).map(Stroke::one).toList();
  }

  private static Stroke one(String text) {
    List<Point> points = new ArrayList<>();
    Iterator<String> words = List.of(text.split(" ")).iterator();
    points.add(point(words));
    while (words.hasNext()) {
      if (words.next().equals("L")) { // a curve that is straight
        Point from = points.getLast();
        Point to = point(words);
        points.addAll(List.of(from.toward(to, 1.0 / 3), from.toward(to, 2.0 / 3), to));
      } else {
        points.addAll(List.of(point(words), point(words), point(words)));
      }
    }
    return new Stroke(List.copyOf(points));
  }

  private static Point point(Iterator<String> words) {
    return new Point(Double.parseDouble(words.next()), Double.parseDouble(words.next()));
  }

  /** Returns the stroke whose points are a function of these. */
  Stroke map(UnaryOperator<Point> function) {
    return new Stroke(points.stream().map(function).toList());
  }

  /** Returns points along the stroke, so near to one another that lines between them look round. */
  List<Point> outline() {
    List<Point> outline = new ArrayList<>();
    outline.add(points.getFirst());
    for (int i = 0; i + 3 < points.size(); i += 3) {
      for (int step = 1; step <= STEPS; step++) {
        outline.add(onCurve(i, (double) step / STEPS));
      }
    }
    return outline;
  }

  /** De Casteljau's algorithm: ways between ways between the points. */
  private Point onCurve(int from, double t) {
    Point a = points.get(from).toward(points.get(from + 1), t);
    Point b = points.get(from + 1).toward(points.get(from + 2), t);
    Point c = points.get(from + 2).toward(points.get(from + 3), t);
    return a.toward(b, t).toward(b.toward(c, t), t);
  }
}
