package dev.adjoint.examples.why;

import static java.util.Locale.ROOT;
import static java.util.stream.Collectors.joining;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.inspect.ActivationStatistics;
import dev.adjoint.nn.inspect.ParameterStatistics;
import dev.adjoint.optim.AdamW;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.report.LinePlot;
import dev.adjoint.training.report.Page;
import dev.adjoint.training.report.PlotColor;
import dev.adjoint.training.report.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Measures by which angle a step turns the weights of hidden layers.
 *
 * @param starts from first weights of several sizes, behind batch norm: the angle over its
 *     equilibrium, at each look
 * @param ends the mean of the second half of it, by norm and optimizer
 */
record Turning(Map<Double, double[]> starts, Sweep ends) implements Result {

  private static final List<Double> SCALES = List.of(0.03, 0.1, 0.3);
  private static final int STEPS = 1000;
  private static final int LOOKS = 40;
  private static final int BATCH = 60;

  /** Optimizers whose weights forget their first size within a few hundred steps. */
  enum With {
    SGD("SGD", p -> new SGD(p).learningRate(0.1).weightDecay(0.05)),
    MOMENTUM("momentum", p -> new SGD(p).learningRate(0.01).weightDecay(0.05).momentum(0.9)),
    ADAM_W("AdamW", p -> new AdamW(p).learningRate(0.003).weightDecay(1));

    private final String label;
    private final Function<Map<String, Parameter>, Optimizer> made;

    With(String label, Function<Map<String, Parameter>, Optimizer> made) {
      this.label = label;
      this.made = made;
    }

    @Override
    public String toString() {
      return label;
    }
  }

  static Turning run(Lab lab) {
    Map<Double, double[]> starts = new LinkedHashMap<>();
    for (double scale : SCALES) {
      starts.put(scale, angles(lab, Norm.BATCH, With.SGD, scale, lab.seed()));
    }
    return new Turning(
        starts,
        Sweep.run(
            lab,
            List.of(Norm.NONE, Norm.BATCH, Norm.LAYER, Norm.WEIGHT),
            List.of(With.values()),
            (norm, setting, seed) -> end(angles(lab, norm, With.values()[setting], 0, seed))));
  }

  /** Trains, and returns the mean over the hidden layers of the angle over its equilibrium. */
  static double[] angles(Lab lab, Norm norm, With with, double deviation, long seed) {
    Generator generator = Generator.seeded(seed);
    Generator draws = generator.split();
    Sequential model = new Network(3, 60, Activation.RELU, norm, deviation).make(generator);
    Optimizer optimizer = with.made.apply(model.namedParameters());
    Blobs blobs = lab.hard(seed);
    Learner learner = new Learner(model, blobs, Learner.shuffled(blobs, BATCH, draws), optimizer);
    List<String> hidden = hiddenWeights(model);
    return IntStream.range(0, LOOKS)
        .mapToDouble(look -> {
          learner.run(STEPS / LOOKS - 1);
          ActivationStatistics statistics = ActivationStatistics.of(model);
          Tensor loss = statistics.watch(() -> learner.loss(learner.nextBatch()));
          Gradients gradients = loss.backward();
          statistics.step(gradients, () -> learner.step(gradients));
          return statistics.parameters().stream()
              .filter(parameter -> hidden.contains(parameter.parameter()))
              .mapToDouble(parameter -> over(parameter, model, optimizer))
              .average()
              .orElseThrow();
        })
        .toArray();
  }

  private static double over(ParameterStatistics turned, Sequential model, Optimizer optimizer) {
    Parameter parameter = Objects.requireNonNull(model.namedParameters().get(turned.parameter()));
    return turned.angle() / optimizer.equilibriumAngle(parameter).orElseThrow();
  }

  /** Returns the paths of the weights but those on top, which no norm follows. */
  private static List<String> hiddenWeights(Sequential model) {
    List<String> weights = new ArrayList<>();
    model
        .namedParameters()
        .forEach((path, parameter) -> {
          if (parameter.shape().rank() == 2 && parameter.shape().size(1) > 1) {
            weights.add(path);
          }
        });
    return weights.subList(0, weights.size() - 1);
  }

  @Override
  public String title() {
    return "How fast do weights turn?";
  }

  @Override
  public void addTo(Page page) {
    LinePlot plot = new LinePlot("Angle of a step while learning", "step", "angle / equilibrium");
    plot.logY().color("equilibrium", PlotColor.GRAY);
    double[] steps = IntStream.rangeClosed(1, LOOKS).mapToDouble(i -> i * STEPS / LOOKS).toArray();
    starts.forEach(
        (scale, angles) -> plot.line("first weights of deviation " + scale, steps, angles));
    plot.line("equilibrium", steps, IntStream.range(0, LOOKS).mapToDouble(i -> 1).toArray());
    page.paragraph(
            "Behind a norm only the direction of weights counts, and the step that counts is the angle by which they turn. Gradients are orthogonal to the weights and make them longer, weight decay makes them shorter; where both balance, a step of learning rate r and decay d turns weights by sqrt(2 r d), with momentum by sqrt(2 r d / (1 + momentum)), with AdamW by sqrt(2 r d (1 - beta1) / (1 + beta1)): whatever the data, the layer and the first weights. That is so if gradients of different steps are independent; what they have in common makes weights longer, and turn less. Three hidden layers of 60 rectifiers learn the hard set, %,d steps with batches of %d."
                .formatted(STEPS, BATCH))
        .plot(plot, "Batch norm and SGD, the mean of the hidden layers, first seed.")
        .plot(
            ends.bars("Angle in the second half, over its equilibrium", "angle / equilibrium"),
            "Mean of the seeds; 1 is the equilibrium.")
        .table(ends.head("angle / equilibrium"), ends.rows());
  }

  @Override
  public List<Finding> findings() {
    Spread first = Spread.of(starts.values().stream().map(angles -> angles[0]).toList());
    Spread last = Spread.of(starts.values().stream().map(Turning::end).toList());
    return List.of(
        new Finding(
            "Weight decay brings weights behind a norm to turn by the same angle, whatever their"
                + " first size.",
            "Kosson, Messmer and Jaggi 2023, section 3",
            String.format(
                ROOT,
                "angles differ %.1f-fold at first, and %.2f-fold over the second half",
                first.high() / first.low(),
                last.high() / last.low()),
            last.high() < 1.1 * last.low()),
        new Finding(
            "The angle is that of the formula, with SGD, momentum and AdamW.",
            "Kosson, Messmer and Jaggi 2023, table 1",
            "it is so many times that of the formula: with batch norm %s, with layer norm %s, with weight norm %s, and without a norm, of which the formula does not speak, %s"
                .formatted(
                    ratios(Norm.BATCH), ratios(Norm.LAYER), ratios(Norm.WEIGHT), ratios(Norm.NONE)),
            within(0.1)
                ? Verdict.HOLDS
                : within(0.2) ? Verdict.HOLDS_IN_PART : Verdict.DOES_NOT_HOLD));
  }

  static double end(double[] angles) {
    return IntStream.range(LOOKS / 2, LOOKS).mapToDouble(i -> angles[i]).average().orElseThrow();
  }

  private String ratios(Norm norm) {
    return IntStream.range(0, With.values().length)
        .mapToObj(i -> String.format(ROOT, "%.2f", ends.mean(norm, i)))
        .collect(joining(", "));
  }

  /** Tells whether all angles behind norms are so near to the formula's. */
  private boolean within(double share) {
    return Stream.of(Norm.BATCH, Norm.LAYER, Norm.WEIGHT)
        .flatMapToDouble(
            norm -> IntStream.range(0, With.values().length).mapToDouble(i -> ends.mean(norm, i)))
        .allMatch(ratio -> Math.abs(ratio - 1) <= share);
  }
}
