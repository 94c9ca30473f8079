package dev.adjoint.explain;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What is to be seen of a graph: which boxes are open, and which lead to which.
 *
 * @param top the boxes that are not in another one, each after those it depends on
 * @param open the boxes that show what is in them; all others are closed
 * @param edges between boxes that are closed
 */
record Picture(List<Box> top, Set<Box> open, Set<Edge> edges) {

  /** That one box is computed from another. */
  record Edge(Box from, Box to) {}

  /**
   * Shows what is in a box, in as few as possible others, and closed ones for where its inputs come
   * from and its outputs go to.
   *
   * @param root the box of everything
   * @param depth how many layers within one another are open
   */
  static Picture of(Box root, Box scope, int depth) {
    Set<Box> open = new LinkedHashSet<>();
    open(scope, depth, open);
    List<Box> path = scope.path();
    Set<Box> outside = new LinkedHashSet<>();
    Set<Edge> edges = new LinkedHashSet<>();
    for (Box to : root.leaves(new ArrayList<>())) {
      for (Box from : to.sources) {
        if (!isRepetition(from, to)) {
          Box source = visible(from.drawn(), open, path);
          Box target = visible(to.drawn(), open, path);
          boolean sourceInside = source.path().contains(scope);
          boolean targetInside = target.path().contains(scope);
          if (source != target && (sourceInside || targetInside)) {
            edges.add(new Edge(source, target));
            if (!sourceInside) {
              outside.add(source);
            } else if (!targetInside) {
              outside.add(target);
            }
          }
        }
      }
    }
    List<Box> top = new ArrayList<>(scope == root ? shown(scope) : List.of(scope));
    top.addAll(outside);
    return new Picture(top, open, edges);
  }

  /** Returns how many boxes are seen at a depth. */
  static int count(Box scope, int depth) {
    Set<Box> open = new LinkedHashSet<>();
    open(scope, depth, open);
    return count(scope, open);
  }

  private static int count(Box box, Set<Box> open) {
    return open.contains(box) ? shown(box).stream().mapToInt(b -> count(b, open)).sum() : 1;
  }

  /** Returns how many layers are within one another. */
  static int height(Box box) {
    if (box.kind == Box.Kind.EARLIER) {
      return 0;
    }
    int inside = shown(box).stream().mapToInt(Picture::height).max().orElse(0);
    return box.kind == Box.Kind.LAYER ? inside + 1 : inside;
  }

  /** Returns the boxes that are closed, in order. */
  List<Box> closed() {
    List<Box> closed = new ArrayList<>();
    top.forEach(box -> addClosed(box, closed));
    return closed;
  }

  private void addClosed(Box box, List<Box> closed) {
    if (open.contains(box)) {
      shown(box).forEach(inner -> addClosed(inner, closed));
    } else {
      closed.add(box);
    }
  }

  /** Returns the boxes in a box that are drawn. */
  static List<Box> shown(Box box) {
    return box.kind == Box.Kind.REPEAT
        ? box.inside.stream().filter(inner -> inner.unit == 0).toList()
        : box.inside;
  }

  private static void open(Box box, int depth, Set<Box> open) {
    open.add(box);
    for (Box inner : shown(box)) {
      if (inner.kind == Box.Kind.REPEAT) {
        open(inner, depth, open);
      } else if (inner.kind == Box.Kind.LAYER && depth > 0) {
        open(inner, depth - 1, open);
      }
    }
  }

  /** Tells whether an edge leads from one repetition to the next. */
  private static boolean isRepetition(Box from, Box to) {
    List<Box> one = from.path();
    List<Box> other = to.path();
    int same = Box.common(one, other);
    return same < Math.min(one.size(), other.size())
        && one.get(same - 1).kind == Box.Kind.REPEAT
        && one.get(same).unit != other.get(same).unit;
  }

  /** Returns the outermost closed box around a box, where those around the scope are open. */
  private static Box visible(Box box, Set<Box> open, List<Box> scope) {
    for (Box around : box.path()) {
      if (!open.contains(around) && !scope.contains(around)) {
        return around;
      }
    }
    return box;
  }
}
