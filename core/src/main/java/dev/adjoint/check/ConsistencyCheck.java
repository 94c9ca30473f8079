package dev.adjoint.check;

import com.google.common.base.Supplier;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What no finite difference sees: that values and gradients are the same bits whenever and on
 * however many threads they are computed, that a pullback is linear in the cotangent, and that
 * nothing changes its inputs.
 *
 * @param weights the seed of the gradients
 * @param noise the rounding of the gradients
 */
record ConsistencyCheck(
    CheckedFunction function,
    Tensor weights,
    ToleranceRule tolerance,
    Supplier<RoundingNoise> noise) {

  private static final int THREADS = 4;

  /** Returns one sentence for each thing that is wrong. */
  List<String> findings(Generator random) {
    List<String> findings = new ArrayList<>();
    List<double[]> before = bases();
    double[] seedBefore = weights.toDoubleArray();
    CheckedFunction.Recorded recorded = function.record();
    List<double[]> first = outcome(recorded);
    sameBits("a second backward pass over the same graph", first, outcome(recorded), findings);
    sameBits("a second run", first, outcome(function.record()), findings);
    if (findings.isEmpty()) { // else nothing is the same twice
      sameBits("one thread", first, onThreads(1), findings);
      sameBits(THREADS + " threads", first, onThreads(THREADS), findings);
      if (!function.differentiates()
          && !Arrays.equals(function.valuesWithoutRecording(), first.getFirst())) {
        findings.add("the value without recording differs from the value with it");
      }
    }
    linear(recorded, first.subList(1, first.size()), random, findings);
    for (int i = 0; i < before.size(); i++) {
      if (!Arrays.equals(before.get(i), bases().get(i))) {
        findings.add("the computation changed the elements of %s".formatted(name(i)));
      }
    }
    if (!Arrays.equals(seedBefore, weights.toDoubleArray())) {
      findings.add("the backward pass changed the elements of its seed");
    }
    findings.replaceAll(finding -> (function.order() == 1 ? "" : "of the gradient: ") + finding);
    return findings;
  }

  private List<double[]> onThreads(int threads) {
    return Parallel.withThreads(threads, () -> outcome(function.record()));
  }

  private List<double[]> outcome(CheckedFunction.Recorded recorded) {
    List<double[]> outcome = new ArrayList<>(List.of(recorded.y().toDoubleArray()));
    outcome.addAll(recorded.pull(weights));
    return outcome;
  }

  private void sameBits(
      String what, List<double[]> first, List<double[]> second, List<String> findings) {
    for (int i = 0; i < first.size(); i++) {
      double[] a = first.get(i);
      double[] b = second.get(i);
      int element = Arrays.mismatch(a, b);
      if (element >= 0) {
        String result = i == 0 ? "value" : "gradient of " + name(i - 1);
        findings.add(
            "%s gave another %s at element %d: %s, then %s; expected the same bits"
                .formatted(what, result, element, at(a, element), at(b, element)));
      }
    }
  }

  /** Compares the gradient of a combination of two seeds with the combination of gradients. */
  private void linear(
      CheckedFunction.Recorded recorded,
      List<double[]> gradients,
      Generator random,
      List<String> findings) {
    Tensor other = RandomCotangent.like(recorded.y(), random);
    List<double[]> others = recorded.pull(other);
    List<double[]> both = recorded.pull(weights.times(2).minus(other));
    List<double[]> none = recorded.pull(weights.times(0));
    for (int i = 0; i < both.size(); i++) {
      for (int e = 0; e < both.get(i).length; e++) {
        double expected = 2 * gradients.get(i)[e] - others.get(i)[e];
        double got = both.get(i)[e];
        double scale = 2 * Math.abs(gradients.get(i)[e]) + Math.abs(others.get(i)[e]);
        double error = Math.abs(got - expected);
        double allowed = tolerance.absolute() + tolerance.relative() * scale;
        if (error > allowed && error > 16 * noise.get().largest()[i]) {
          findings.add(
              "the pullback to %s is not linear: for 2 a - b it gave %s at element %d; expected %s"
                  .formatted(name(i), got, e, expected));
          break;
        }
        if (none.get(i)[e] != 0 && Double.isFinite(expected)) {
          findings.add(
              "the pullback to %s gave %s at element %d for a seed of zeros; expected 0: does it multiply by the cotangent?"
                  .formatted(name(i), none.get(i)[e], e));
          break;
        }
      }
    }
  }

  private List<double[]> bases() {
    return function.variables().stream().map(v -> v.current().toDoubleArray()).toList();
  }

  private String name(int variable) {
    return function.variables().get(variable).name();
  }

  private static String at(double[] values, int index) {
    return index < values.length ? Double.toString(values[index]) : "nothing";
  }
}
