package dev.adjoint.examples.why;

import static java.util.Locale.ROOT;

import dev.adjoint.nn.Activation;
import dev.adjoint.training.report.Page;
import java.util.List;

/** Leaves out g and b. */
record GainAndBias(Sweep sweep) implements Result {

  private static final List<Activation> ACTIVATIONS = List.of(Activation.SIGMOID, Activation.RELU);
  private static final int BATCH = 60;
  private static final double RATE = 0.1;
  private static final int STEPS = 800;

  static GainAndBias run(Lab lab) {
    return new GainAndBias(
        Sweep.run(
            lab,
            List.of(Norm.BATCH, Norm.BATCH_BARE, Norm.LAYER, Norm.LAYER_BARE),
            List.of("sigmoids", "rectifiers"),
            (norm, setting, seed) ->
                new Network(3, 60, ACTIVATIONS.get(setting), norm, 0)
                    .accuracy(lab.hard(seed), BATCH, RATE, STEPS, seed)));
  }

  @Override
  public String title() {
    return "What are g and b good for?";
  }

  @Override
  public void addTo(Page page) {
    page.paragraph(
            "A norm takes away two things that its layer could have learned: how large a unit's values are and where they lie. g and b give them back, now as parameters of their own that no layer below can disturb. Is that needed? Three hidden layers of 60 learn the hard set with batches of %d and learning rate %s, %d steps."
                .formatted(BATCH, RATE, STEPS))
        .plot(
            sweep.bars("Accuracy with and without g and b", "test accuracy"), "Mean of the seeds.")
        .table(sweep.head("hidden layers of"), sweep.rows());
  }

  @Override
  public List<Finding> findings() {
    Spread with = sweep.at(Norm.BATCH, 0);
    Spread without = sweep.at(Norm.BATCH_BARE, 0);
    double sigmoids = sweep.mean(Norm.LAYER_BARE, 0) - sweep.mean(Norm.LAYER, 0);
    double rectifiers = sweep.mean(Norm.LAYER_BARE, 1) - sweep.mean(Norm.LAYER, 1);
    return List.of(
        new Finding(
            "Normalized sigmoids stay where they are almost linear; g and b give back what the network could represent.",
            "Ioffe and Szegedy 2015, section 3",
            "accuracy of sigmoids with batch norm: %s with g and b, %s without"
                .formatted(with, without),
            with.low() > without.high()),
        new Finding(
            "Layer norm is as good without g and b.",
            "Xu et al. 2019, on understanding layer norm",
            String.format(
                ROOT,
                "without g and b the accuracy changes by %+.3f with sigmoids, by %+.3f with rectifiers",
                sigmoids,
                rectifiers),
            Math.min(sigmoids, rectifiers) > -0.01));
  }
}
