package dev.adjoint.autodiff;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The nodes of a graph from which a target is reached, the targets included. */
final class Ways {

  private final Set<Node> leading;
  private final Set<Node> seen = new HashSet<>();

  Ways(Set<Node> targets) {
    leading = new HashSet<>(targets);
  }

  /** Tells whether a target is reached from a node that has been explored. */
  boolean lead(Node node) {
    return leading.contains(node);
  }

  /** Looks at all nodes that a node depends on, except those that are known. */
  void explore(Node root) {
    if (!seen.add(root)) {
      return;
    }
    List<Node> found = new ArrayList<>();
    Deque<Node> open = new ArrayDeque<>();
    open.add(root);
    for (Node node; (node = open.poll()) != null; ) {
      found.add(node);
      for (Tensor input : inputs(node)) {
        Node source = input.node();
        if (source != null && seen.add(source)) {
          open.add(source);
        }
      }
    }
    found.sort(Comparator.comparingLong(Node::birth)); // inputs first
    for (Node node : found) {
      for (Tensor input : inputs(node)) {
        Node source = input.node();
        if (source != null && leading.contains(source)) {
          leading.add(node);
        }
      }
    }
  }

  /** Returns the inputs of what a node stands for, as far as that is known. */
  private static Tensor[] inputs(Node node) {
    Node step = node;
    for (Node replay; (replay = step.replay()) != null; ) {
      step = replay;
    }
    return step.sharedInputs();
  }
}
