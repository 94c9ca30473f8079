package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.tensor.Tensor;
import java.util.List;

/**
 * How the gradient changed along the last steps, the oldest first: so the inverse of the Hessian is
 * roughly known (Nocedal and Wright 2006, algorithm 7.4).
 */
record CurvatureHistory(ImmutableList<Pair> pairs) {

  static final CurvatureHistory NONE = new CurvatureHistory(ImmutableList.of());

  /** The least curvature, times the square of the step, that is worth remembering. */
  private static final double LEAST = 1e-10;

  /** A step and the change of the gradient along it. */
  record Pair(Tensor step, Tensor change, double curvature) {
    Pair(Tensor step, Tensor change) {
      this(step.copy(), change.copy(), change.matmul(step).item());
    }
  }

  /** Returns this with a step along which the gradient grew, without the oldest beyond a limit. */
  CurvatureHistory plus(Tensor step, Tensor change, int limit) {
    Pair pair = new Pair(step, change);
    if (!(pair.curvature > LEAST)) {
      return this;
    }
    List<Pair> kept = pairs.subList(Math.max(0, pairs.size() + 1 - limit), pairs.size());
    return new CurvatureHistory(ImmutableList.<Pair>builder().addAll(kept).add(pair).build());
  }

  /** Returns minus the gradient times the inverse of the Hessian: the direction to the minimum. */
  Tensor direction(Tensor gradient) {
    Tensor q = gradient.neg();
    double[] shares = new double[pairs.size()];
    for (int i = shares.length - 1; i >= 0; i--) {
      Pair pair = pairs.get(i);
      shares[i] = pair.step.matmul(q).item() / pair.curvature;
      q = q.minus(pair.change.times(shares[i]));
    }
    if (pairs.isEmpty()) {
      return q;
    }
    Pair last = pairs.getLast(); // whose curvature stands for that in all other directions
    Tensor r = q.times(last.curvature / last.change.matmul(last.change).item());
    for (int i = 0; i < shares.length; i++) {
      Pair pair = pairs.get(i);
      double share = pair.change.matmul(r).item() / pair.curvature;
      r = r.plus(pair.step.times(shares[i] - share));
    }
    return r;
  }
}
