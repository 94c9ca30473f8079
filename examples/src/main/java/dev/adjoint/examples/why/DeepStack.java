package dev.adjoint.examples.why;

import static java.util.Locale.ROOT;
import static java.util.stream.Collectors.joining;

import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.inspect.ActivationStatistics;
import dev.adjoint.nn.inspect.LayerStatistics;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import dev.adjoint.training.report.LinePlot;
import dev.adjoint.training.report.Page;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Sends data forward and gradients back through many linear layers, as they are at first.
 *
 * @param small by norm, with weights a little too small
 * @param large by norm, with weights a little too large
 */
record DeepStack(Map<Norm, List<LayerStatistics>> small, Map<Norm, List<LayerStatistics>> large)
    implements Result {

  private static final int DEPTH = 50;
  private static final int WIDTH = 100;
  private static final int EXAMPLES = 200;
  private static final double SMALL = 0.8;
  private static final double LARGE = 1.25;
  private static final List<Norm> NORMS =
      List.of(Norm.NONE, Norm.BATCH, Norm.LAYER, Norm.WEIGHT, Norm.COSINE);

  static DeepStack run(Lab lab) {
    long seed = lab.seed();
    return new DeepStack(run(SMALL, seed), run(LARGE, seed));
  }

  private static Map<Norm, List<LayerStatistics>> run(double scale, long seed) {
    Map<Norm, List<LayerStatistics>> statistics = new EnumMap<>(Norm.class);
    for (Norm norm : NORMS) {
      Generator generator = Generator.seeded(seed);
      Sequential model = stack(norm, scale, generator);
      Tensor x = generator.normal(EXAMPLES, WIDTH);
      Tensor weights = generator.normal(EXAMPLES, WIDTH);
      ActivationStatistics watched = ActivationStatistics.of(model);
      watched.watch(() -> model.forward(x).times(weights).mean()).backward();
      statistics.put(
          norm,
          IntStream.range(0, DEPTH)
              .mapToObj(i -> watched.layer(Integer.toString(i)).getFirst())
              .toList());
    }
    return statistics;
  }

  private static Sequential stack(Norm norm, double scale, Generator generator) {
    List<Transform> layers = new ArrayList<>();
    for (int i = 0; i < DEPTH; i++) {
      Linear linear = new Linear(WIDTH, WIDTH, generator).withoutBias();
      linear
          .weight("weight")
          .assign(
              generator.normal(
                  0, scale / Math.sqrt(WIDTH), linear.weight("weight").shape(), DType.FLOAT32));
      Sequential layer = new Sequential(norm.around(linear));
      if (norm == Norm.WEIGHT) { // it starts with the lengths that the weights had
        layer
            .namedParameters()
            .forEach((path, parameter) -> {
              if (path.endsWith(".g")) {
                parameter.assign(Tensors.ones(parameter.shape(), DType.FLOAT32));
              }
            });
      }
      layers.add(layer);
    }
    return new Sequential(layers);
  }

  @Override
  public String title() {
    return "What becomes of data and gradients in a deep network?";
  }

  @Override
  public void addTo(Page page) {
    page.paragraph(
            "Without norms, %d linear layers multiply all that passes by the product of their weights. If each layer shrinks it by a fifth, nothing arrives; if each stretches it by a quarter, everything explodes, and gradients on their way back do the same. A norm whose output does not see the scale of the weights ends that: with it both stacks compute the same. Weight norm has all g = 1 here."
                .formatted(DEPTH))
        .plot(
            plot("Activations", "standard deviation", LayerStatistics::deviation),
            "The weights of a layer have the length %s and %s; with norms both give the same line. A cosine of random directions is about 0.1 here."
                .formatted(SMALL, LARGE))
        .plot(
            plot("Gradients", "norm of the gradient", LayerStatistics::gradientNorm),
            "The norm of the loss's gradient with respect to the output of each layer, on its way back from layer %d."
                .formatted(DEPTH));
  }

  private LinePlot plot(String title, String yTitle, ToDoubleFunction<LayerStatistics> number) {
    LinePlot plot = new LinePlot(title + " by depth", "layer", yTitle).logY();
    double[] layers = IntStream.rangeClosed(1, DEPTH).asDoubleStream().toArray();
    for (Norm norm : NORMS) {
      plot.color(norm.toString(), norm.color())
          .line(norm.toString(), layers, each(small, norm, number))
          .line(norm.toString(), layers, each(large, norm, number));
    }
    return plot;
  }

  private static double[] each(
      Map<Norm, List<LayerStatistics>> all, Norm norm, ToDoubleFunction<LayerStatistics> number) {
    return Objects.requireNonNull(all.get(norm)).stream().mapToDouble(number).toArray();
  }

  @Override
  public List<Finding> findings() {
    double plainSmall = growth(small, Norm.NONE, LayerStatistics::deviation);
    double plainLarge = growth(large, Norm.NONE, LayerStatistics::deviation);
    List<Norm> norms = NORMS.subList(1, NORMS.size());
    double apart = norms.stream().mapToDouble(this::apart).max().orElseThrow();
    return List.of(
        new Finding(
            "Without norms, the scale of the weights is carried through all layers: h = x W1 W2 ... W50.",
            "follows from the product",
            String.format(
                ROOT,
                "from layer 1 to %d activations change by the factors %.1e and %.1e; the scales to the power of %d are %.1e and %.1e",
                DEPTH,
                plainSmall,
                plainLarge,
                DEPTH - 1,
                Math.pow(SMALL, DEPTH - 1),
                Math.pow(LARGE, DEPTH - 1)),
            within(plainSmall / Math.pow(SMALL, DEPTH - 1), 3)
                && within(plainLarge / Math.pow(LARGE, DEPTH - 1), 3)),
        new Finding(
            "With norms, neither activations nor gradients at any layer depend on the scale of the weights.",
            "Ioffe and Szegedy 2015, section 3.3; Salimans and Kingma 2016; Luo et al. 2017",
            String.format(
                ROOT, "the two scales give the same deviations and gradients up to %.1e", apart),
            apart < 0.01),
        new Finding(
            "With norms, gradients neither vanish nor explode.",
            "Ioffe and Szegedy 2015, section 3.3: the Jacobian's singular values are thought to be near 1",
            "over all layers gradients differ by factors up to %s"
                .formatted(
                    norms.stream()
                        .map(norm -> String.format(ROOT, "%.1f (%s)", gradients(norm), norm))
                        .collect(joining(", "))),
            norms.stream().allMatch(norm -> gradients(norm) <= 10)));
  }

  /** Returns by what factor a number changes from the first to the last layer. */
  private static double growth(
      Map<Norm, List<LayerStatistics>> all, Norm norm, ToDoubleFunction<LayerStatistics> number) {
    double[] each = each(all, norm, number);
    return each[DEPTH - 1] / each[0];
  }

  private double gradients(Norm norm) {
    double[] norms = each(large, norm, LayerStatistics::gradientNorm);
    return Arrays.stream(norms).max().orElseThrow() / Arrays.stream(norms).min().orElseThrow();
  }

  /** Returns how much a norm's two stacks differ, at most. */
  private double apart(Norm norm) {
    return Stream.<ToDoubleFunction<LayerStatistics>>of(
            LayerStatistics::deviation, LayerStatistics::gradientNorm)
        .flatMapToDouble(number -> {
          double[] ofSmall = each(small, norm, number);
          double[] ofLarge = each(large, norm, number);
          return IntStream.range(0, DEPTH).mapToDouble(i -> Math.abs(ofSmall[i] / ofLarge[i] - 1));
        })
        .max()
        .orElseThrow();
  }

  private static boolean within(double factor, double limit) {
    return factor <= limit && factor >= 1 / limit;
  }
}
