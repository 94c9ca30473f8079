package homework;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.check.Comparison;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.check.GradientReport;
import dev.adjoint.check.InputReport;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Grades one exercise: task by task, up to the first that is wrong, and says what is wrong. */
final class Grading {

  /** Ends a grading with what was found wrong. */
  private static final class Problem extends RuntimeException {
    private final String report;

    Problem(String hint, String report) {
      super(hint);
      this.report = report;
    }
  }

  private final Exercise exercise;
  private final List<Tensor> in;
  private int points;

  private Grading(Exercise exercise) {
    this.exercise = exercise;
    this.in = exercise.at();
  }

  static Grade grade(Exercise exercise) {
    Grading grading = new Grading(exercise);
    try {
      grading.run();
      return grading.grade(Grade.State.DONE, "", "");
    } catch (Hole hole) {
      return grading.grade(Grade.State.NOT_DONE, "", "");
    } catch (Problem problem) {
      return grading.grade(Grade.State.WRONG, problem.getMessage(), problem.report);
    } catch (RuntimeException | StackOverflowError e) {
      return grading.grade(Grade.State.WRONG, grading.thrown(e), "");
    }
  }

  private Grade grade(Grade.State state, String hint, String report) {
    return new Grade(exercise, points, state, hint, report);
  }

  private void run() {
    Tensor y = exercise.function.forward(in);
    checkValue(y);
    points += exercise.points.value();
    checkGradient(y);
    points += exercise.points.gradient();
    check(exercise.special());
    points += exercise.points.special();
    checkSecond();
    points += exercise.points.second();
  }

  private static void check(String problem) {
    if (!problem.isEmpty()) {
      throw new Problem(problem, "");
    }
  }

  private void checkValue(Tensor y) {
    Tensor expected = exercise.expected.apply(in);
    if (!y.shape().equals(expected.shape())) {
      check(
          "Forward returns a tensor of shape %s; expected %s."
              .formatted(y.shape(), expected.shape()));
    }
    if (!close(y, expected)) {
      int[] worst = y.shape().unravel(y.minus(expected).abs().argmax());
      check(
          "Forward gives %.6g at %s; expected %.6g.%s"
              .formatted(
                  y.get(worst), Arrays.toString(worst), expected.get(worst), hint("y", y, y, y)));
    }
  }

  private void checkGradient(Tensor y) {
    GradientReport report = check().run();
    for (InputReport input : report.inputs()) {
      if (input.failed() > 0) {
        throw new Problem(
            "The gradient of '%s' is wrong%s%s%s"
                .formatted(
                    input.name(),
                    worst(input),
                    input.pattern().isEmpty() ? "." : " (%s).".formatted(input.pattern()),
                    advice(input.name(), y)),
            report.toString());
      }
    }
    if (!report.isOk()) {
      throw new Problem(String.join("; ", report.findings()), report.toString());
    }
  }

  /** Returns what to say to whoever has computed this gradient, if that can be told. */
  private String advice(String name, Tensor y) {
    Tensor g = Generator.seeded(9).normal(y.shape().toArray()).to(DType.FLOAT64);
    int i = Arrays.asList(exercise.names()).indexOf(name);
    Tensor gradient = exercise.function.pullback(g, in, y).get(i);
    if (exercise.function.pullback(g.times(0), in, y).get(i).notEqual(0).any().item() == 1) {
      return " It is not 0 for g = 0: whatever comes after y, multiply by g.";
    }
    return hint(name, gradient, g, y);
  }

  /** Returns the hint of a mistake that computes the same. */
  private String hint(String name, Tensor same, Tensor g, Tensor y) {
    return exercise.mistakes.stream()
        .filter(m -> m.input().equals(name) && close(same, m.pullback().apply(g, in, y)))
        .map(m -> " " + m.hint())
        .findFirst()
        .orElse("");
  }

  private void checkSecond() {
    GradientReport report;
    try {
      report = check().order(2).run();
    } catch (IllegalStateException e) {
      throw new Problem("It is right, but has no gradient itself. " + e.getMessage() + ".", "");
    }
    for (InputReport input : report.inputs()) {
      if (input.failed() > 0) {
        throw new Problem(
            ("It is right, but its own gradient by '%s' is wrong%s. Is a part of it a constant:"
                    + " computed in noGrad or behind untracked(), or kept by forward?")
                .formatted(input.name(), worst(input)),
            report.toString());
      }
    }
    report.assertOk();
  }

  private static String worst(InputReport input) {
    Comparison worst = input.offenders().getFirst();
    return String.format(
        Locale.ROOT,
        ", at %s for example: it is %.6g, and measured is %.6g",
        worst.place(),
        worst.analytic(),
        worst.numeric());
  }

  private GradientCheck check() {
    return GradientCheck.of(x -> Autodiff.apply(exercise.function, x))
        .at(in.toArray(Tensor[]::new))
        .named(exercise.names());
  }

  /** Says what was thrown, where, and which shapes there are. */
  private String thrown(Throwable e) {
    String message = e.getMessage() == null ? e.toString() : e.getMessage();
    for (int i = 0; i < in.size(); i++) {
      message =
          message.replace("input %d of".formatted(i), "'%s' of".formatted(exercise.names()[i]));
    }
    String where =
        Arrays.stream(e.getStackTrace())
            .filter(frame -> List.of("Pullbacks.java", "Norms.java").contains(frame.getFileName()))
            .map(frame -> " (%s:%d)".formatted(frame.getFileName(), frame.getLineNumber()))
            .findFirst()
            .orElse("");
    return "%s%s. The shapes: g %s, %s."
        .formatted(
            message,
            where,
            exercise.expected.apply(in).shape(),
            IntStream.range(0, in.size())
                .mapToObj(i -> exercise.names()[i] + " " + in.get(i).shape())
                .collect(Collectors.joining(", ")));
  }

  private static boolean close(Tensor a, Tensor b) {
    return a.shape().equals(b.shape())
        && a.minus(b).abs().max().item() <= 1e-9 * (1 + b.abs().max().item());
  }
}
