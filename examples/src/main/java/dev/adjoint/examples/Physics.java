package dev.adjoint.examples;

import dev.adjoint.examples.physics.Motion;
import dev.adjoint.examples.physics.Oscillator;
import dev.adjoint.optim.Adam;
import dev.adjoint.optim.LBFGS;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import dev.adjoint.training.report.LinePlot;
import dev.adjoint.training.report.Page;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Solves a differential equation by a network that knows no data but the equation: a
 * physics-informed network (Raissi, Perdikaris and Karniadakis 2019).
 */
@Command(
    name = "physics",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Solves the equation of a damped spring by a network, from the equation alone.")
final class Physics extends Example {

  private static final double SECONDS = 6;
  private static final int POINTS = 200;
  private static final int DRAWN = 300;
  private static final int ROWS = 7;
  private static final int LINES = 5;

  @Option(
      names = "--seed",
      paramLabel = "NUMBER",
      description = "The same seed gives the same motion (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--adam",
      paramLabel = "NUMBER",
      description = "How many steps of Adam come first (default: ${DEFAULT-VALUE}).")
  private int adamSteps = 2000;

  @Option(
      names = "--lbfgs",
      paramLabel = "NUMBER",
      description =
          "How many steps of L-BFGS follow, of 20 iterations (default: ${DEFAULT-VALUE}).")
  private int lbfgsSteps = 100;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Where to write the report (default: ${DEFAULT-VALUE}).")
  private Path report = Path.of("target", "physics.html");

  private final Oscillator oscillator = new Oscillator(0.4, 4);

  Physics(PrintStream out) {
    super(out, false);
  }

  @Override
  public Integer call() throws IOException {
    if (adamSteps < 0 || lbfgsSteps < 0) {
      throw new UsageException(
          "--adam %d --lbfgs %d: expected at least 0".formatted(adamSteps, lbfgsSteps));
    }
    new Page("A differential equation, not solved yet").write(report); // found now if of no use
    print(
        "u'' + %.1f u' + %.0f u = 0 with u(0) = 1 and u'(0) = 0, over %.0f seconds%n",
        2 * oscillator.damping(), Math.pow(oscillator.frequency(), 2), SECONDS);
    Motion motion = new Motion(SECONDS, Generator.seeded(seed));
    Tensor t = times(POINTS);
    print("            mean square of the left side   largest error of u%n");
    tell("at first", motion, t);
    trainByAdam(motion, t);
    trainByLbfgs(motion, t);

    print("%n     t    network      exact      error%n");
    Tensor at = times(ROWS);
    Tensor u = motion.forward(at);
    Tensor exact = oscillator.solution(at);
    for (int i = 0; i < ROWS; i++) {
      print(
          "%6.1f  %9.6f  %9.6f  %9.1e%n",
          at.get(i, 0), u.get(i, 0), exact.get(i, 0), u.get(i, 0) - exact.get(i, 0));
    }
    print("Largest error at %,d times: %.1e%n", 10 * POINTS, error(motion));
    page(motion).write(report);
    print("The report is %s%n", report);
    return CommandLine.ExitCode.OK;
  }

  private void trainByAdam(Motion motion, Tensor t) {
    Adam adam = new Adam(motion.namedParameters()).learningRate(5e-3);
    for (int step = 1; step <= adamSteps; step++) {
      adam.step(motion.loss(oscillator, t).backward());
      if (step % Math.max(1, adamSteps / LINES) == 0) {
        tell("Adam " + step, motion, t);
      }
    }
  }

  private void trainByLbfgs(Motion motion, Tensor t) {
    LBFGS lbfgs =
        new LBFGS(motion.namedParameters()).strongWolfe().gradientTolerance(0).changeTolerance(0);
    for (int step = 1; step <= lbfgsSteps; step++) {
      lbfgs.step(() -> motion.loss(oscillator, t));
      if (step % Math.max(1, lbfgsSteps / LINES) == 0) {
        tell("L-BFGS " + step, motion, t);
      }
    }
  }

  private void tell(String when, Motion motion, Tensor t) {
    print("%-11s %28.1e %20.1e%n", when, motion.loss(oscillator, t).item(), error(motion));
  }

  private Page page(Motion motion) {
    Tensor times = times(DRAWN);
    double[] t = times.toDoubleArray();
    Tensor u = motion.forward(times);
    Tensor exact = oscillator.solution(times);
    Map<String, String> answers = new LinkedHashMap<>();
    answers.put(
        "largest error, at %,d times".formatted(10 * POINTS),
        String.format(Locale.ROOT, "%.1e", error(motion)));
    answers.put(
        "mean square of the left side",
        String.format(Locale.ROOT, "%.1e", motion.loss(oscillator, times(POINTS)).item()));
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("data", "none but the equation");
    facts.put(
        "model",
        String.format(
            Locale.ROOT,
            "%,d parameters",
            motion.parameters().stream().mapToInt(parameter -> parameter.shape().size()).sum()));
    facts.put(
        "training",
        String.format(Locale.ROOT, "%,d steps of Adam, %,d of L-BFGS", adamSteps, lbfgsSteps));
    facts.put("seed", Long.toString(seed));
    return new Page("A differential equation")
        .answers(answers)
        .facts(facts)
        .paragraph(
            String.format(
                Locale.ROOT,
                "A network has learned u'' + %.1f u' + %.0f u = 0 with u(0) = 1 and u'(0) = 0, from"
                    + " nothing but this equation, by its second derivatives.",
                2 * oscillator.damping(),
                Math.pow(oscillator.frequency(), 2)))
        .plot(
            new LinePlot("A damped oscillation", "t in seconds", "u")
                .line("exact", t, exact.toDoubleArray())
                .points(
                    "network",
                    times(60).toDoubleArray(),
                    motion.forward(times(60)).toDoubleArray()),
            "What the network has learned, and the exact solution.")
        .plot(
            new LinePlot("Error", "t in seconds", "absolute error of u")
                .logY()
                .line("error", t, u.minus(exact).abs().toDoubleArray()),
            "How far the network is from the exact solution.");
  }

  /** Returns the largest error at more times than were trained on. */
  private double error(Motion motion) {
    Tensor t = times(10 * POINTS);
    return motion.forward(t).minus(oscillator.solution(t)).abs().max().item();
  }

  private static Tensor times(int n) {
    return Tensors.linspace(0, SECONDS, n, DType.FLOAT64).unsqueeze(1);
  }
}
