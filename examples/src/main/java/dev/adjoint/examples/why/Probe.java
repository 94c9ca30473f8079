package dev.adjoint.examples.why;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is seen along the gradient from one place (Santurkar et al. 2018, section 3.2).
 *
 * @param step so many the network has learned
 * @param loss at the place
 * @param lowest loss along the way
 * @param highest loss along the way
 * @param change the largest distance of a gradient along the way from the first, over its norm
 * @param beta the largest such distance over the length of the way to there
 */
record Probe(int step, double loss, double lowest, double highest, double change, double beta) {

  /** How far it goes, in lengths of the gradient. */
  static final List<Double> LENGTHS = List.of(0.025, 0.05, 0.1, 0.2, 0.4);

  /** Probes where a network is; afterwards it is as before. */
  static Probe of(int step, Learner learner) {
    IntTensor rows = learner.nextBatch();
    return Replay.probing().run(() -> of(step, learner, rows));
  }

  private static Probe of(int step, Learner learner, IntTensor rows) {
    Map<Parameter, Tensor> before = new LinkedHashMap<>();
    for (Parameter parameter : learner.model().parameters()) {
      before.put(parameter, parameter.value().untracked().copy());
    }
    Tensor loss = learner.loss(rows);
    double first = loss.item();
    Gradients gradients = loss.backward();
    double norm = norm(gradients, before);
    Probe probe = new Probe(step, first, first, first, 0, 0);
    for (double length : LENGTHS) {
      before.forEach((parameter, value) ->
          parameter.assign(value.minus(gradients.of(parameter).times(length))));
      Tensor there = learner.loss(rows);
      double distance = distance(there.backward(), gradients, before);
      probe = probe.with(there.item(), distance / norm, distance / (length * norm));
    }
    before.forEach(Parameter::assign);
    return probe;
  }

  private Probe with(double otherLoss, double otherChange, double otherBeta) {
    return new Probe(
        step,
        loss,
        Math.min(lowest, otherLoss),
        Math.max(highest, otherLoss),
        Math.max(change, otherChange),
        Math.max(beta, otherBeta));
  }

  private static double norm(Gradients gradients, Map<Parameter, Tensor> parameters) {
    return Math.sqrt(
        parameters.keySet().stream()
            .mapToDouble(parameter -> gradients.of(parameter).square().sum().item())
            .sum());
  }

  private static double distance(
      Gradients one, Gradients other, Map<Parameter, Tensor> parameters) {
    return norm(one.plus(other.times(-1)), parameters);
  }
}
