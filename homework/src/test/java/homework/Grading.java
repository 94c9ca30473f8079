package homework;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.check.GradientReport;
import dev.adjoint.check.InputReport;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import homework.Exercise.Mistake;
import java.util.ArrayList;
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
    Tensor g = Generator.seeded(9).normal(y.shape().toArray()).to(DType.FLOAT64);
    List<Tensor> gradients = exercise.function.pullback(g, in, y);
    checkShapes(gradients);
    checkGradient(g, y, gradients);
    points += exercise.points.gradient();
    String special = exercise.special();
    if (!special.isEmpty()) {
      throw new Problem(special, "");
    }
    points += exercise.points.special();
    checkSecond();
    points += exercise.points.second();
  }

  private void checkValue(Tensor y) {
    Tensor expected = exercise.expected.apply(in);
    if (!close(y, expected)) {
      String what =
          y.shape().equals(expected.shape())
              ? "forward computes other values than expected:\n%s\nexpected\n%s"
                  .formatted(y, expected)
              : "forward returns the shape %s; expected %s".formatted(y.shape(), expected.shape());
      throw new Problem(
          exercise.mistakes.stream()
              .filter(m -> m.input().equals("y") && close(y, m.pullback().apply(y, in, y)))
              .map(Mistake::hint)
              .findFirst()
              .orElse(what),
          "");
    }
  }

  private void checkShapes(List<Tensor> gradients) {
    String[] names = exercise.names();
    if (gradients == null || gradients.size() != names.length) {
      throw new Problem(
          "the pullback returns %s; expected a list of %d gradients, of %s"
              .formatted(
                  gradients == null ? "null" : gradients.size() + " gradients",
                  names.length,
                  String.join(", ", names)),
          "");
    }
    for (int i = 0; i < names.length; i++) {
      Tensor gradient = gradients.get(i);
      Shape shape = in.get(i).shape();
      if (gradient == null || !gradient.shape().equals(shape)) {
        throw new Problem(
            gradient == null
                ? "your gradient of '%s' is null; expected one of shape %s"
                    .formatted(names[i], shape)
                : shapeHint(names[i], gradient.shape(), shape),
            "");
      }
    }
  }

  /** Says how the shape of a gradient becomes that of its input. */
  private static String shapeHint(String name, Shape got, Shape shape) {
    String text =
        "your gradient of '%s' has shape %s, and '%s' has shape %s"
            .formatted(name, got, name, shape);
    List<Integer> over = broadcastAxes(shape, got);
    if (!over.isEmpty()) {
      return "%s: '%s' was broadcast from %s, so sum over %s %s"
          .formatted(
              text,
              name,
              shape,
              over.size() == 1 ? "axis" : "axes",
              over.stream().map(String::valueOf).collect(Collectors.joining(" and ")));
    }
    if (!broadcastAxes(got, shape).isEmpty()) {
      return text
          + ": each element of y comes from several of '"
          + name
          + "', so spread g over them";
    }
    return text + ": a gradient has the shape of its input";
  }

  /** Returns the axes of the larger shape that the smaller lacks or has as 1; none if neither. */
  private static List<Integer> broadcastAxes(Shape small, Shape large) {
    int missing = large.rank() - small.rank();
    List<Integer> axes = new ArrayList<>();
    for (int axis = 0; axis < large.rank(); axis++) {
      int size = axis < missing ? 1 : small.size(axis - missing);
      if (missing < 0 || size != large.size(axis) && size != 1) {
        return List.of();
      }
      if (axis < missing || size != large.size(axis)) {
        axes.add(axis);
      }
    }
    return axes;
  }

  private void checkGradient(Tensor g, Tensor y, List<Tensor> gradients) {
    GradientReport report = check().run();
    if (report.isOk()) {
      return;
    }
    for (InputReport input : report.inputs()) {
      if (input.failed() > 0) {
        int i = Arrays.asList(exercise.names()).indexOf(input.name());
        throw new Problem(
            "your gradient of '%s' is wrong, at %s for example: analytic %s, numeric %s%s%s"
                .formatted(
                    input.name(),
                    input.worst().place(),
                    number(input.worst().analytic()),
                    number(input.worst().numeric()),
                    input.pattern().isEmpty() ? "" : "; " + input.pattern(),
                    advice(input.name(), g, y, gradients.get(i))),
            report.toString());
      }
    }
    throw new Problem(String.join("; ", report.findings()), report.toString());
  }

  /** Returns what to say to whoever has computed this gradient, if that can be told. */
  private String advice(String name, Tensor g, Tensor y, Tensor gradient) {
    int i = Arrays.asList(exercise.names()).indexOf(name);
    Tensor ofZero = exercise.function.pullback(g.times(0), in, y).get(i);
    if (ofZero.equal(0).all().item() == 0) {
      return ". For g = 0 it is not 0: multiply by g, whatever comes after y";
    }
    return exercise.mistakes.stream()
        .filter(m -> m.input().equals(name) && close(gradient, m.pullback().apply(g, in, y)))
        .map(m -> ". " + m.hint())
        .findFirst()
        .orElse("");
  }

  private void checkSecond() {
    GradientReport report;
    try {
      report = check().order(2).run();
    } catch (IllegalStateException e) {
      throw new Problem("right, but without a gradient of its own: " + e.getMessage(), "");
    }
    for (InputReport input : report.inputs()) {
      if (input.failed() > 0) {
        throw new Problem(
            ("right, but its own gradient with respect to '%s' is wrong, at %s for example:"
                 + " analytic %s, numeric %s. Is something read out of a tensor, kept by forward,"
                 + " or computed in noGrad or behind untracked()?")
                .formatted(
                    input.name(),
                    input.worst().place(),
                    number(input.worst().analytic()),
                    number(input.worst().numeric())),
            report.toString());
      }
    }
    report.assertOk();
  }

  private GradientCheck check() {
    return GradientCheck.of(x -> Autodiff.apply(exercise.function, x))
        .at(in.toArray(Tensor[]::new))
        .named(exercise.names());
  }

  /** Says what was thrown, and where, and which shapes there are. */
  private String thrown(Throwable e) {
    String where =
        Arrays.stream(e.getStackTrace())
            .filter(frame -> frame.getClassName().matches("homework\\.(Pullbacks|Norms)\\b.*"))
            .map(frame -> " (%s:%d)".formatted(frame.getFileName(), frame.getLineNumber()))
            .findFirst()
            .orElse("");
    return "%s%s. The shapes: g has that of y, %s; %s"
        .formatted(
            e.getMessage() == null ? e.toString() : e.getMessage(),
            where,
            exercise.expected.apply(in).shape(),
            IntStream.range(0, in.size())
                .mapToObj(i -> exercise.names()[i] + " has " + in.get(i).shape())
                .collect(Collectors.joining(", ")));
  }

  private static boolean close(Tensor a, Tensor b) {
    return a.shape().equals(b.shape())
        && a.minus(b).abs().max().item() <= 1e-9 * (1 + b.abs().max().item());
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.6g", value);
  }
}
