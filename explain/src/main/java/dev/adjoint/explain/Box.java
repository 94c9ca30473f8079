package dev.adjoint.explain;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A box of a picture: an operation, what it was given, or a layer with the boxes in it. */
final class Box {

  /** What a box stands for. */
  enum Kind {
    OPERATION("operation"),
    PARAMETER("parameter"),
    INPUT("tracked input"),
    CONSTANT("constant"),
    LAYER("layer, folded"),
    REPEAT("repeated"),
    EARLIER("earlier operations");

    /** How a legend calls it. */
    final String spoken;

    Kind(String spoken) {
      this.spoken = spoken;
    }

    boolean isGroup() {
      return compareTo(LAYER) >= 0;
    }
  }

  final Kind kind;
  final String title;

  /** The index among the steps of the recording; -1 of a constant and of what has none. */
  final int step;

  /** The label of the recording; null of a group. */
  final @Nullable String label;

  /** What was computed or given; of a layer its output. */
  final @Nullable Tensor value;

  @Nullable Tensor gradient;
  @Nullable String line;

  /** Whether the value depends on more than parameters and single numbers. */
  boolean isData;

  /** The boxes in this one, each after those it depends on. */
  final List<Box> inside = new ArrayList<>();

  /** The boxes of the inputs, in order. */
  final List<Box> sources = new ArrayList<>();

  @Nullable Box parent;

  /** What is drawn in its stead, where the same is computed again and again. */
  @Nullable Box twin;

  /** The number of the repetition, of a box that is directly in a {@link Kind#REPEAT}. */
  int unit;

  Box(Kind kind, String title, int step, @Nullable String label, @Nullable Tensor value) {
    this.kind = kind;
    this.title = title;
    this.step = step;
    this.label = label;
    this.value = value;
  }

  /** Adds a box to this one. */
  void add(Box box) {
    inside.add(box);
    box.parent = this;
  }

  /** Returns the box that stands for this one in all pictures. */
  Box drawn() {
    Box box = this;
    while (box.twin != null) {
      box = box.twin;
    }
    return box;
  }

  /** Returns the boxes around this one and itself, outermost first. */
  List<Box> path() {
    List<Box> path = new ArrayList<>();
    for (Box box = this; box != null; box = box.parent) {
      path.add(box);
    }
    return path.reversed();
  }

  /** Returns how many boxes around two boxes, and themselves, are the same. */
  static int common(List<Box> path, List<Box> other) {
    int same = 0;
    while (same < Math.min(path.size(), other.size()) && path.get(same) == other.get(same)) {
      same++;
    }
    return same;
  }

  /** Adds all that is in this box and no group, in order, to a list. */
  List<Box> leaves(List<Box> leaves) {
    if (kind.isGroup()) {
      inside.forEach(box -> box.leaves(leaves));
    } else {
      leaves.add(this);
    }
    return leaves;
  }

  /** Returns the output of what is in this box. */
  Box last() {
    return inside.isEmpty() ? this : inside.getLast().last();
  }
}
