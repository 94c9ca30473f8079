package dev.adjoint.nn.inspect;

import com.google.common.collect.ImmutableMap;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.TextTable;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Measures internal covariate shift as Santurkar et al. 2018 define it (arXiv:1805.11604,
 * definition 2.1): how much the gradient of a layer's parameters changes because the layers below
 * are updated.
 *
 * <pre>{@code
 * CovariateShift shift = CovariateShift.of(model, () -> loss(model.forward(x)), sgd::step);
 * shift.layer("2").cosine(); // 1 would mean: the step fits the layers below as they are now
 * }</pre>
 *
 * <p>Layers are updated in the order in which the model declares them: below a layer are those
 * before it. {@code toString} is a table.
 *
 * @param layers by path, those with parameters
 */
public record CovariateShift(Map<String, Shift> layers) {

  /**
   * The shift of one layer, between the gradients G of its parameters before and G' after the
   * update of the layers below.
   *
   * @param difference {@code |G' - G|}
   * @param relative {@code |G' - G| / |G|}
   * @param cosine of the angle between G and G'
   */
  public record Shift(double difference, double relative, double cosine) {

    private static Shift between(double[] before, double[] after) {
      double[] change = new double[before.length];
      Arrays.setAll(change, i -> after[i] - before[i]);
      double difference = Math.sqrt(dot(change, change));
      double squares = dot(before, before);
      double cosine = dot(before, after) / Math.sqrt(squares * dot(after, after));
      return new Shift(difference, difference / Math.sqrt(squares), cosine);
    }

    private static double dot(double[] a, double[] b) {
      return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
    }
  }

  /** Creates the result of a measurement. */
  public CovariateShift {
    layers = ImmutableMap.copyOf(layers);
  }

  /**
   * Measures the shift that one step of training causes. Afterwards the parameters are what they
   * were. Buffers never move; random draws, and what is behind {@code stopGradient}, are the same
   * in all runs.
   *
   * @param loss computes the loss of the model, on the same data each time
   * @param update assigns the parameters, as an optimizer's step does; state of its own that it
   *     changes stays changed
   */
  public static CovariateShift of(Layer model, Supplier<Tensor> loss, Consumer<Gradients> update) {
    Replay replay = Replay.probing();
    Supplier<Gradients> gradients = () -> replay.run(() -> loss.get().backward());
    Map<Parameter, Tensor> before = valuesOf(model);
    try {
      Gradients first = gradients.get();
      List<Learner> learners = new ArrayList<>();
      Owners.of(model)
          .forEach((path, owned) -> {
            List<Parameter> learning = owned.values().stream().filter(first::contains).toList();
            if (!learning.isEmpty()) {
              learners.add(new Learner(path, learning, flattened(first, learning)));
            }
          });
      update.accept(first);
      Map<Parameter, Tensor> after = valuesOf(model);
      before.forEach(Parameter::assign);
      Map<String, Shift> shifts = new LinkedHashMap<>();
      for (Learner learner : learners) {
        double[] moved = flattened(gradients.get(), learner.parameters);
        shifts.put(learner.layer, Shift.between(learner.gradient, moved));
        learner.parameters.forEach(p -> p.assign(Objects.requireNonNull(after.get(p))));
      }
      return new CovariateShift(shifts);
    } finally {
      before.forEach(Parameter::assign);
    }
  }

  /** The parameters of a layer that have gradients, and these before the update. */
  private record Learner(String layer, List<Parameter> parameters, double[] gradient) {}

  private static Map<Parameter, Tensor> valuesOf(Layer model) {
    Map<Parameter, Tensor> values = new LinkedHashMap<>();
    model.parameters().forEach(p -> values.put(p, p.value().untracked().copy()));
    return values;
  }

  private static double[] flattened(Gradients gradients, List<Parameter> parameters) {
    return parameters.stream()
        .flatMapToDouble(p -> Arrays.stream(gradients.of(p).toDoubleArray()))
        .toArray();
  }

  /**
   * Returns the shift of a layer.
   *
   * @throws IllegalArgumentException if there is none of this path with parameters that learn
   */
  public Shift layer(String path) {
    Shift shift = layers.get(path);
    if (shift == null) {
      throw new IllegalArgumentException(
          "no shift of a layer '%s'; expected one of %s".formatted(path, layers.keySet()));
    }
    return shift;
  }

  @Override
  public String toString() {
    TextTable table = new TextTable(1);
    table.row("layer", List.of("difference", "relative", "cosine"));
    layers.forEach((path, s) -> table.row(path, s.difference, s.relative, s.cosine));
    return table.toString();
  }
}
