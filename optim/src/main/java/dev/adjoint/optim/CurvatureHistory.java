package dev.adjoint.optim;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;

/**
 * Remembers how the gradient changed along the last steps, and so knows roughly the inverse of the
 * Hessian (Nocedal and Wright 2006, algorithm 7.4).
 */
final class CurvatureHistory {

  /** The least curvature, times the square of the step, that is worth remembering. */
  private static final double LEAST = 1e-10;

  /** A step and the change of the gradient along it. */
  record Pair(Tensor step, Tensor change, double curvature) {
    Pair(Tensor step, Tensor change) {
      this(step.copy(), change.copy(), change.matmul(step).item());
    }
  }

  private final Deque<Pair> pairs = new ArrayDeque<>();

  /** Returns what is remembered, the oldest first. */
  List<Pair> pairs() {
    return List.copyOf(pairs);
  }

  /** Remembers these instead. */
  void replace(List<Pair> others) {
    pairs.clear();
    pairs.addAll(others);
  }

  /** Adds a step along which the gradient grew, and forgets the oldest beyond a limit. */
  void add(Tensor step, Tensor change, int limit) {
    Pair pair = new Pair(step, change);
    if (pair.curvature > LEAST) {
      while (!pairs.isEmpty() && pairs.size() >= limit) {
        pairs.removeFirst();
      }
      pairs.addLast(pair);
    }
  }

  /** Returns minus the gradient times the inverse of the Hessian: the way to the minimum. */
  Tensor direction(Tensor gradient) {
    Tensor q = gradient.neg();
    List<Double> shares = new ArrayList<>();
    for (Pair pair : pairs.reversed()) {
      double share = pair.step.matmul(q).item() / pair.curvature;
      shares.add(share);
      q = q.minus(pair.change.times(share));
    }
    Collections.reverse(shares);
    Tensor r = q.times(scale());
    int i = 0;
    for (Pair pair : pairs) {
      double share = pair.change.matmul(r).item() / pair.curvature;
      r = r.plus(pair.step.times(shares.get(i++) - share));
    }
    return r;
  }

  /** Returns the inverse of the curvature along the last step. */
  private double scale() {
    Pair last = pairs.peekLast();
    return last == null ? 1 : last.curvature / last.change.matmul(last.change).item();
  }
}
