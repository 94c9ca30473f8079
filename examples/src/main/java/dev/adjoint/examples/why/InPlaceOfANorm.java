package dev.adjoint.examples.why;

import dev.adjoint.nn.Activation;
import dev.adjoint.training.report.Page;
import java.util.List;
import java.util.stream.IntStream;

/** Replaces layer norm by a function without statistics. */
record InPlaceOfANorm(Sweep sweep) implements Result {

  private static final List<Double> SCALES = List.of(0.01, 0.03, 0.1, 0.3, 1.0);

  /** The index of what is usual: near {@code sqrt(2 / inputs)}. */
  private static final int USUAL = 2;

  private static final int STEPS = 500;
  private static final int BATCH = 60;
  private static final double RATE = 0.3;

  static InPlaceOfANorm run(Lab lab) {
    return new InPlaceOfANorm(
        Sweep.run(
            lab,
            List.of(Norm.NONE, Norm.LAYER, Norm.DYT),
            SCALES,
            (norm, scale, seed) ->
                new Network(3, 60, Activation.RELU, norm, SCALES.get(scale))
                    .accuracy(lab.hard(seed), BATCH, RATE, STEPS, seed)));
  }

  @Override
  public String title() {
    return "Can a function take a norm's place?";
  }

  @Override
  public void addTo(Page page) {
    page.paragraph(
            "DyT is g tanh(alpha x) + b with a learned alpha: it squashes large values as a layer norm does, but measures nothing, and part f shows it invariant to nothing. Three hidden layers of 60 rectifiers learn the hard set, %d steps with batches of %d and learning rate %s, from normal weights of these standard deviations."
                .formatted(STEPS, BATCH, RATE))
        .plot(
            sweep.lines(
                "Accuracy with DyT by the size of the first weights",
                "deviation of the first weights",
                "test accuracy"),
            "Mean of the seeds, with their range.")
        .table(sweep.head("first weights"), sweep.rows());
  }

  @Override
  public List<Finding> findings() {
    Spread layer = sweep.at(Norm.LAYER, USUAL);
    Spread dyt = sweep.at(Norm.DYT, USUAL);
    return List.of(
        new Finding(
            "Networks with DyT in place of layer norm do as well.",
            "Zhu et al. 2025, of transformers",
            "from weights of deviation %s: %s with DyT, %s with layer norm, %s with neither"
                .formatted(SCALES.get(USUAL), dyt, layer, sweep.at(Norm.NONE, USUAL)),
            dyt.high() >= layer.low()),
        new Finding(
            "Layer norm learns from first weights of more sizes than DyT, which is invariant to"
                + " nothing.",
            "follows from part f",
            "half of the tests are right from %d of the %d sizes with layer norm, from %d with DyT, from %d with neither"
                .formatted(
                    learned(Norm.LAYER), SCALES.size(), learned(Norm.DYT), learned(Norm.NONE)),
            learned(Norm.LAYER) > learned(Norm.DYT)));
  }

  /** Returns from how many sizes a network learns to get half of the tests right. */
  private long learned(Norm norm) {
    return IntStream.range(0, SCALES.size()).filter(i -> sweep.mean(norm, i) >= 0.5).count();
  }
}
