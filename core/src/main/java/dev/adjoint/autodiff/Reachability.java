package dev.adjoint.autodiff;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which nodes of a graph depend on one of some targets, the targets included. */
final class Reachability {

  private final Set<Node> dependent;
  private final Set<Node> seen = new HashSet<>();

  Reachability(Set<Node> targets) {
    dependent = new HashSet<>(targets);
  }

  /** Tells whether a node that has been explored depends on a target. */
  boolean reaches(Node node) {
    return dependent.contains(node);
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
        if (source != null && dependent.contains(source)) {
          dependent.add(node);
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
