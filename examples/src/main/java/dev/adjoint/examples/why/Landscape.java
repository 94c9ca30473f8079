package dev.adjoint.examples.why;

import static java.util.Locale.ROOT;

import dev.adjoint.nn.Activation;
import dev.adjoint.training.report.LinePlot;
import dev.adjoint.training.report.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/**
 * Looks along the gradient while networks learn: how far can it be trusted?
 *
 * @param probes by norm, for each seed one at each of some steps
 */
record Landscape(Map<Norm, List<List<Probe>>> probes) implements Result {

  private static final List<Norm> NORMS = List.of(Norm.BATCH, Norm.NONE);
  private static final int BATCH = 128;
  private static final double RATE = 0.05;
  private static final int STEPS = 200;
  private static final int EVERY = 10;
  private static final int SETTLED = 50;

  static Landscape run(Lab lab) {
    return new Landscape(
        lab.run(
            NORMS,
            (norm, seed) ->
                probes(
                    new Network(6, 60, Activation.RELU, norm, 0)
                        .learner(lab.hard(seed), BATCH, RATE, seed))));
  }

  private static List<Probe> probes(Learner learner) {
    List<Probe> probes = new ArrayList<>();
    for (int step = 0; step < STEPS; step += EVERY) {
      learner.run(EVERY);
      probes.add(Probe.of(step + EVERY, learner));
    }
    return probes;
  }

  @Override
  public String title() {
    return "Is the landscape smoother?";
  }

  @Override
  public void addTo(Page page) {
    page.paragraph(
            "A gradient is a promise about the loss nearby. Six hidden layers of 60 rectifiers learn the hard set with batches of %d and learning rate %s; every %d steps we go along the gradient, %s to %s times its length, and look at the loss and at the gradient there, on the same batch."
                .formatted(BATCH, RATE, EVERY, Probe.LENGTHS.getFirst(), Probe.LENGTHS.getLast()))
        .plot(
            losses(),
            "First seed: between which losses it is along the way. Compare Santurkar et al. 2018, figure 4a.")
        .plot(
            changes(),
            "First seed: the largest distance of a gradient along the way from that at its start, relative to the latter. Compare Santurkar et al. 2018, figure 4b.")
        .paragraph(
            "With batch norm the loss falls along the way, without it rises soon. Only in the first steps there is less to be seen without norm: the network is on a plateau still, near the loss of a guess, 2.3.");
  }

  private LinePlot losses() {
    LinePlot plot = new LinePlot("Loss along the gradient", "step", "loss").logY();
    for (Norm norm : NORMS) {
      List<Probe> first = of(norm).getFirst();
      plot.color(norm.toString(), norm.color())
          .band(
              norm.toString(),
              each(first, Probe::step),
              each(first, Probe::lowest),
              each(first, Probe::highest))
          .line(norm.toString(), each(first, Probe::step), each(first, Probe::loss));
    }
    return plot;
  }

  private LinePlot changes() {
    LinePlot plot =
        new LinePlot("Change of the gradient along itself", "step", "relative change").logY();
    for (Norm norm : NORMS) {
      List<Probe> first = of(norm).getFirst();
      plot.color(norm.toString(), norm.color())
          .line(norm.toString(), each(first, Probe::step), each(first, Probe::change));
    }
    return plot;
  }

  private List<List<Probe>> of(Norm norm) {
    return Objects.requireNonNull(probes.get(norm));
  }

  private static double[] each(List<Probe> probes, ToDoubleFunction<Probe> number) {
    return probes.stream().mapToDouble(number).toArray();
  }

  /** Returns the median over the steps that are not the first, for each seed. */
  private Spread median(Norm norm, ToDoubleFunction<Probe> number) {
    return Spread.of(
        of(norm).stream()
            .map(probes -> {
              double[] sorted =
                  probes.stream()
                      .filter(probe -> probe.step() >= SETTLED)
                      .mapToDouble(number)
                      .sorted()
                      .toArray();
              return sorted[sorted.length / 2];
            })
            .toList());
  }

  @Override
  public List<Finding> findings() {
    return List.of(
        finding(
            "With batch norm the loss varies less along the gradient.",
            "4a",
            "range of the loss",
            probe -> probe.highest() - probe.lowest()),
        finding(
            "With batch norm gradients tell more about what is further along.",
            "4b",
            "relative change of the gradient",
            Probe::change),
        finding(
            "With batch norm the landscape is effectively smoother.",
            "4c",
            "effective beta, the largest change of the gradient over the distance,",
            Probe::beta));
  }

  private Finding finding(
      String claim, String figure, String what, ToDoubleFunction<Probe> number) {
    Spread plain = median(Norm.NONE, number);
    Spread normed = median(Norm.BATCH, number);
    return new Finding(
        claim,
        "Santurkar et al. 2018, figure " + figure,
        String.format(
            ROOT,
            "median %s from step %d on: %s with batch norm, %s without",
            what,
            SETTLED,
            normed.written("%.2f"),
            plain.written("%.2f")),
        normed.high() < plain.low());
  }
}
