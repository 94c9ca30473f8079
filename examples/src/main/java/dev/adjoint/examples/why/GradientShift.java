package dev.adjoint.examples.why;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.inspect.CovariateShift;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.training.report.Page;
import java.util.List;

/** Measures internal covariate shift. */
record GradientShift(Sweep sweep) implements Result {

  private static final List<Double> RATES = List.of(0.002, 0.005, 0.01, 0.02, 0.05);
  private static final int BATCH = 128;
  private static final int STEPS = 200;
  private static final int EVERY = 20;

  static GradientShift run(Lab lab) {
    return new GradientShift(
        Sweep.run(
            lab,
            List.of(Norm.BATCH, Norm.NONE),
            RATES,
            (norm, rate, seed) ->
                cosine(
                    new Network(6, 60, Activation.RELU, norm, 0)
                        .learner(lab.hard(seed), BATCH, RATES.get(rate), seed))));
  }

  /** Trains, and returns the mean of the cosines that are measured now and then. */
  private static double cosine(Learner learner) {
    double sum = 0;
    for (int step = 0; step < STEPS; step += EVERY) {
      learner.run(EVERY);
      IntTensor rows = learner.nextBatch();
      CovariateShift shift =
          CovariateShift.of(learner.model(), () -> learner.loss(rows), learner::step);
      sum +=
          learner.model().namedLayers().entrySet().stream()
              .filter(entry -> entry.getValue() instanceof Linear)
              .skip(1) // below the first there is nothing that could move
              .mapToDouble(entry -> shift.layer(entry.getKey()).cosine())
              .average()
              .orElseThrow();
    }
    return sum / (STEPS / EVERY);
  }

  @Override
  public String title() {
    return "Does it reduce internal covariate shift?";
  }

  @Override
  public void addTo(Page page) {
    page.paragraph(
            "While a layer makes its step, those below make theirs, so that it learns from a gradient that is out of date already. The angle between the gradient of a layer's weights before and after the step of the layers below says how much; a cosine of 1 means not at all. The network of part e, %d steps with batches of %d; the mean over layers and steps."
                .formatted(STEPS, BATCH))
        .plot(
            sweep.lines(
                "How well the gradient fits after the layers below moved",
                "learning rate",
                "mean cosine"),
            "Mean of the seeds, with their range. Compare Santurkar et al. 2018, figure 2.")
        .paragraph(
            "Both sides of the dispute find support here. With small steps the shift is small anyway, and batch norm has a little more of it, as Santurkar et al. say; with large ones, which batch norm is there to allow, the network without norm loses its direction from one layer to the next.");
  }

  @Override
  public List<Finding> findings() {
    int last = RATES.size() - 1;
    return List.of(
        new Finding(
            "With large steps, batch norm reduces internal covariate shift.",
            "Ioffe and Szegedy 2015, who did not measure it in this way",
            measured(last),
            sweep.at(Norm.BATCH, last).low() > sweep.at(Norm.NONE, last).high()),
        new Finding(
            "With small steps, batch norm does not reduce internal covariate shift, it may even increase it.",
            "Santurkar et al. 2018, figure 2",
            measured(0),
            sweep.at(Norm.BATCH, 0).high() < sweep.at(Norm.NONE, 0).low()));
  }

  private String measured(int rate) {
    return "at learning rate %s the cosine is %s with batch norm, %s without"
        .formatted(RATES.get(rate), sweep.at(Norm.BATCH, rate), sweep.at(Norm.NONE, rate));
  }
}
