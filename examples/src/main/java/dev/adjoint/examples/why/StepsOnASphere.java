package dev.adjoint.examples.why;

import static java.util.Locale.ROOT;

import dev.adjoint.examples.names.Alphabet;
import dev.adjoint.examples.names.Names;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.LayerScale;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.nn.sequence.GatedFeedForward;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.nn.sequence.Positions;
import dev.adjoint.nn.sequence.TransformerDecoderLayer;
import dev.adjoint.nn.sequence.TransformerLayer;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.Adam;
import dev.adjoint.optim.OnSphere;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.report.LinePlot;
import dev.adjoint.training.report.Page;
import dev.adjoint.training.report.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;

/**
 * Compares layers of nGPT with layers whose norms come first, on a text.
 *
 * @param ways each kind of layer at each rate
 */
record StepsOnASphere(List<Way> ways) implements Result {

  private static final List<Double> RATES = List.of(0.005, 0.01, 0.02);
  private static final int STEPS = 180;
  private static final int LAYERS = 2;
  private static final int WIDTH = 32;
  private static final int HEADS = 2;
  private static final int HIDDEN = 86;
  private static final int CONTEXT = 16;
  private static final int BATCH = 16;
  private static final double GOAL = 2.8;

  /** How much of the loss is that of the last step, in its running mean. */
  private static final double NEWEST = 0.05;

  /**
   * What one kind of layer learns at one rate.
   *
   * @param losses running means of the loss after each step, by seed
   */
  record Way(boolean onSphere, double rate, List<double[]> losses) {

    String label() {
      return onSphere ? "nGPT" : "norm first";
    }

    Spread stepsToGoal() {
      return Spread.of(
          losses.stream()
              .map(all ->
                  (double)
                      IntStream.range(0, all.length)
                          .filter(i -> all[i] < GOAL)
                          .findFirst()
                          .orElse(all.length))
              .toList());
    }

    double[] mean() {
      double[] mean = new double[losses.getFirst().length];
      losses.forEach(all -> Arrays.setAll(mean, i -> mean[i] + all[i] / losses.size()));
      return mean;
    }
  }

  static StepsOnASphere run(Lab lab) {
    return run(lab, STEPS);
  }

  /** Runs for fewer steps, for those who cannot wait. */
  static StepsOnASphere run(Lab lab, int steps) {
    Alphabet alphabet;
    int[] text;
    try {
      Names names = Names.ofRunningJdk();
      alphabet = Alphabet.of(names);
      text =
          names.training().stream().flatMapToInt(n -> Arrays.stream(alphabet.encode(n))).toArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<Callable<double[]>> all = new ArrayList<>();
    for (boolean onSphere : new boolean[] {false, true}) {
      for (double rate : RATES) {
        for (long seed : lab.seeds()) {
          all.add(
              () -> losses(onSphere, rate, Generator.seeded(seed), alphabet.size(), text, steps));
        }
      }
    }
    List<double[]> losses = Lab.inParallel(all);
    List<Way> ways = new ArrayList<>();
    for (int i = 0; i < 2 * RATES.size(); i++) {
      int from = i * lab.seeds().size();
      ways.add(
          new Way(
              i >= RATES.size(),
              RATES.get(i % RATES.size()),
              losses.subList(from, from + lab.seeds().size())));
    }
    return new StepsOnASphere(ways);
  }

  private static double[] losses(
      boolean onSphere, double rate, Generator generator, int characters, int[] text, int steps) {
    Embedding embedding = new Embedding(characters, WIDTH, generator);
    Sequential layers = layers(onSphere, generator);
    Linear scores = new Linear(WIDTH, characters, generator).withoutBias();
    Sequential head =
        onSphere
            ? new Sequential(scores, new LayerScale(characters, 1).multiplier(Math.sqrt(WIDTH)))
            : new Sequential(scores);
    List<Layer> parts = List.of(embedding, layers, head);
    Adam adam =
        new Adam(parts.stream().flatMap(part -> part.parameters().stream()).toList())
            .learningRate(rate)
            .betas(0.9, 0.95);
    Optimizer optimizer =
        onSphere
            ? new OnSphere(adam)
                .unit(TransformerLayer.unitVectors(layers))
                .unit(
                    1,
                    List.of(
                        embedding.weight("weight").parameter(),
                        scores.weight("weight").parameter()))
            : adam.schedule(step -> Math.min(1, (step + 1) / 20.0));
    double[] losses = new double[steps];
    double mean = Math.log(characters);
    for (int step = 0; step < steps; step++) {
      int[] seen = new int[BATCH * CONTEXT];
      int[] next = new int[BATCH * CONTEXT];
      int[] starts = generator.integers(text.length - CONTEXT, BATCH).toArray();
      for (int i = 0; i < BATCH; i++) {
        System.arraycopy(text, starts[i], seen, i * CONTEXT, CONTEXT);
        System.arraycopy(text, starts[i] + 1, next, i * CONTEXT, CONTEXT);
      }
      Tensor x = embedding.forward(IntTensor.of(seen, BATCH, CONTEXT));
      Tensor y = head.forward(layers.forward(x)).flatten(0, 1);
      Tensor loss = Losses.crossEntropy(y, IntTensor.of(next));
      optimizer.step(loss.backward());
      mean += NEWEST * (loss.item() - mean);
      losses[step] = mean;
    }
    return losses;
  }

  private static Sequential layers(boolean onSphere, Generator generator) {
    List<Transform> layers = new ArrayList<>();
    for (int i = 0; i < LAYERS; i++) {
      TransformerDecoderLayer layer =
          TransformerDecoderLayer.decoderOnly(WIDTH, HEADS, HIDDEN, generator)
              .selfAttention(
                  new MultiHeadAttention(WIDTH, HEADS, generator)
                      .withoutBias()
                      .positions(Positions.ROTARY))
              .feedForward(new GatedFeedForward(WIDTH, HIDDEN, generator))
              .dropout(0);
      layers.add(onSphere ? layer.onSphere() : layer.normFirst().norm(RMSNorm::new));
    }
    if (!onSphere) {
      layers.add(new RMSNorm(WIDTH));
    }
    return new Sequential(layers);
  }

  /** Returns how a kind of layer learns at the rate that is best for it. */
  private Way best(boolean onSphere) {
    return ways.stream()
        .filter(way -> way.onSphere == onSphere)
        .min(Comparator.comparingDouble(way -> way.stepsToGoal().mean()))
        .orElseThrow();
  }

  @Override
  public String title() {
    return "Are steps on a sphere better?";
  }

  @Override
  public void addTo(Page page) {
    LinePlot plot = new LinePlot("Loss while learning", "step", "nats for a character");
    for (Way way : List.of(best(false), best(true))) {
      double[] mean = way.mean();
      double[] steps = IntStream.rangeClosed(1, mean.length).asDoubleStream().toArray();
      plot.line("%s, rate %s".formatted(way.label(), way.rate), steps, mean);
    }
    page.paragraph(
            "In nGPT all vectors have length 1: the rows of the matrices, which an optimizer keeps so, and what passes through the layers, each of which is a step on the sphere. A transformer of %d layers, %d wide, reads names of classes of the JDK, %d characters at a time, and predicts each next character; beside it is one with RMS norms that come first, as in Llama, which takes smaller steps at first. Both learn by Adam, at each of the rates %s."
                .formatted(LAYERS, WIDTH, CONTEXT, RATES))
        .plot(plot, "Running mean, at the rate that is best for each; mean of the seeds.")
        .table(
            List.of("layers", "rate", "steps to %s nats".formatted(GOAL), "loss in the end"),
            ways.stream()
                .map(way ->
                    List.of(
                        way.label(),
                        Double.toString(way.rate),
                        way.stepsToGoal().written("%.0f"),
                        String.format(ROOT, "%.3f", way.mean()[way.mean().length - 1])))
                .toList())
        .paragraph(
            "The paper trains models of a billion parameters on texts of thousands of tokens, and"
                + " says itself that the gain grows with their length.");
  }

  @Override
  public List<Finding> findings() {
    Spread first = best(false).stepsToGoal();
    Spread sphere = best(true).stepsToGoal();
    return List.of(
        new Finding(
            "On the sphere transformers learn in a fourth of the steps, or fewer.",
            "Loshchilov et al. 2024, nGPT",
            String.format(
                ROOT,
                "steps to a loss of %s: %s with nGPT, %s where norms come first, each at its best"
                    + " rate",
                GOAL,
                sphere.written("%.0f"),
                first.written("%.0f")),
            4 * sphere.mean() <= first.mean()
                ? Verdict.HOLDS
                : sphere.high() < first.low() ? Verdict.HOLDS_IN_PART : Verdict.DOES_NOT_HOLD));
  }
}
