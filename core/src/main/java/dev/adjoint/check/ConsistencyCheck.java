package dev.adjoint.check;

import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Checks what no finite difference sees: that values and gradients are the same bits whenever and
 * on however many threads they are computed, that a pullback is linear in the cotangent, and that
 * nothing changes its inputs.
 */
final class ConsistencyCheck {

  private static final int THREADS = 4;

  private final CheckedFunction function;
  private final Tensor weights;
  private final ToleranceRule tolerance;
  private final RoundingNoise noise;
  private final List<String> findings = new ArrayList<>();

  private ConsistencyCheck(
      CheckedFunction function, Tensor weights, ToleranceRule tolerance, RoundingNoise noise) {
    this.function = function;
    this.weights = weights;
    this.tolerance = tolerance;
    this.noise = noise;
  }

  /** Returns one sentence for each thing that is wrong. */
  static List<String> findings(
      CheckedFunction function,
      Tensor weights,
      ToleranceRule tolerance,
      RoundingNoise noise,
      Generator random) {
    ConsistencyCheck check = new ConsistencyCheck(function, weights, tolerance, noise);
    check.run(random);
    return check.findings.stream()
        .map(finding -> (function.order() == 1 ? "" : "of the gradient: ") + finding)
        .toList();
  }

  private void run(Generator random) {
    List<double[]> before = bases();
    double[] seedBefore = weights.toDoubleArray();
    CheckedFunction.Recorded recorded = function.record();
    Outcome first = Outcome.of(recorded, weights);
    sameBits("a second backward pass over the same graph", first, Outcome.of(recorded, weights));
    sameBits("a second run", first, Outcome.of(function.record(), weights));
    sameBits("one thread", first, onThreads(1));
    sameBits(THREADS + " threads", first, onThreads(THREADS));
    double[] unrecorded = function.order() == 1 ? function.valuesWithoutRecording() : null;
    if (unrecorded != null && !Arrays.equals(unrecorded, first.values)) {
      findings.add("the value without recording differs from the value with it");
    }
    linear(recorded, first.gradients, random);
    for (int i = 0; i < before.size(); i++) {
      if (!Arrays.equals(before.get(i), bases().get(i))) {
        findings.add("the computation changed the elements of %s".formatted(name(i)));
      }
    }
    if (!Arrays.equals(seedBefore, weights.toDoubleArray())) {
      findings.add("the backward pass changed the elements of its seed");
    }
  }

  private Outcome onThreads(int threads) {
    return Parallel.withThreads(threads, () -> Outcome.of(function.record(), weights));
  }

  private void sameBits(String what, Outcome first, Outcome second) {
    int value = Arrays.mismatch(first.values, second.values);
    if (value >= 0) {
      findings.add(
          "%s gave another value at element %d: %s, then %s; expected the same bits"
              .formatted(what, value, at(first.values, value), at(second.values, value)));
    }
    for (int i = 0; i < first.gradients.size(); i++) {
      double[] a = first.gradients.get(i);
      double[] b = second.gradients.get(i);
      int element = Arrays.mismatch(a, b);
      if (element >= 0) {
        findings.add(
            "%s gave another gradient of %s at element %d: %s, then %s; expected the same bits"
                .formatted(what, name(i), element, at(a, element), at(b, element)));
      }
    }
  }

  /** Compares the gradient of a combination of two seeds with the combination of gradients. */
  private void linear(
      CheckedFunction.Recorded recorded, List<double[]> gradients, Generator random) {
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
        if (error > allowed && error > 16 * noise.largest(i)) {
          findings.add(
              "the pullback to %s is not linear: for 2 a - b it gave %s at element %d; expected %s"
                  .formatted(name(i), got, e, expected));
          break;
        }
        if (none.get(i)[e] != 0 && Double.isFinite(expected)) {
          findings.add(
              "the pullback to %s gave %s at element %d for a seed of zeros; expected 0"
                  .formatted(name(i), none.get(i)[e], e));
          break;
        }
      }
    }
  }

  private List<double[]> bases() {
    return function.variables().stream().map(slot -> slot.current().toDoubleArray()).toList();
  }

  private String name(int slot) {
    return function.variables().get(slot).name();
  }

  private static String at(double[] values, int index) {
    return index < values.length ? Double.toString(values[index]) : "nothing";
  }

  private record Outcome(double[] values, List<double[]> gradients) {
    static Outcome of(CheckedFunction.Recorded recorded, Tensor weights) {
      return new Outcome(recorded.y().toDoubleArray(), recorded.pull(weights));
    }
  }
}
