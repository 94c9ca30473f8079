package dev.adjoint.nn.inspect;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.Doubles;
import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Memory;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.TextTable;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Records what the layers of a model compute while it learns: how activations are distributed, how
 * large gradients are and how far weights move, step by step (as in Figure 1 of Ioffe and Szegedy
 * 2015, arXiv:1502.03167).
 *
 * <pre>{@code
 * ActivationStatistics statistics = ActivationStatistics.of(model);
 * Tensor loss = statistics.watch(() -> Losses.crossEntropy(model.forward(x), labels));
 * Gradients gradients = loss.backward();
 * statistics.step(gradients, () -> sgd.step(gradients));
 * System.out.println(statistics);
 * }</pre>
 *
 * <p>The model does not change and computes the same bits. Numbers are kept, never tensors: about
 * 150 bytes for each layer and watched step, so watch every hundredth step of a long training.
 *
 * <p>Saturation is read off the outputs alone, so that any function may have made them. If some are
 * 0 and none is below, as of a rectifier, it is the share of zeros. If all lie between 0 and 1, as
 * of a sigmoid, or between -1 and 1, as of a tanh, it is the share within 1 % of the range of
 * either end: there the slope is below 4 % of the steepest. Else it is 0.
 *
 * <p>{@code toString} is a table of the last step.
 */
public final class ActivationStatistics {

  private final Layer model;
  private final List<LayerStatistics> layers = new ArrayList<>();
  private final List<ParameterStatistics> parameters = new ArrayList<>();
  private int step = -1;

  private ActivationStatistics(Layer model) {
    this.model = model;
  }

  /** Watches a model. */
  public static ActivationStatistics of(Layer model) {
    return new ActivationStatistics(model);
  }

  /**
   * Begins a step: runs a computation with the model, and records the outputs of the layers inside.
   * Gradients are recorded when they pass, in a later backward pass.
   */
  public <T> T watch(Supplier<T> computation) {
    step++;
    IdentityHashMap<Layer, String> paths = new IdentityHashMap<>();
    model.namedLayers().forEach((path, layer) -> paths.put(layer, path));
    Map<String, Integer> calls = new HashMap<>();
    return Layer.observe(
        (layer, output) -> {
          String path = paths.get(layer);
          return path == null
              ? output
              : recorded(path, calls.merge(path, 1, Integer::sum) - 1, output);
        },
        computation);
  }

  private Tensor recorded(String path, int call, Tensor output) {
    int index = layers.size();
    layers.add(LayerStatistics.of(step, path, call, output));
    return output.isTracked()
        ? Autodiff.onGradient(
            output,
            gradient -> {
              layers.set(index, layers.get(index).withGradient(norm(gradient), gradient));
              return gradient;
            })
        : output;
  }

  /**
   * Runs an update of the parameters, and records how far each moves.
   *
   * @param update assigns the parameters, as an optimizer's step with the gradients does
   * @throws IllegalStateException if nothing has been watched yet
   */
  public void step(Gradients gradients, Runnable update) {
    if (step < 0) {
      throw new IllegalStateException("step: nothing has been watched; expected watch before");
    }
    List<Runnable> measurements = new ArrayList<>();
    model
        .namedParameters()
        .forEach((path, parameter) -> {
          Tensor before = parameter.value().untracked().copy();
          double gradient =
              gradients.contains(parameter) ? norm(gradients.of(parameter)) : Double.NaN;
          measurements.add(() -> {
            Tensor after = parameter.value().untracked();
            double change = Memory.step(() -> norm(after.minus(before)));
            double size = norm(before);
            parameters.add(
                new ParameterStatistics(
                    step, path, size, gradient, change / size, angle(before, after)));
          });
        });
    update.run();
    measurements.forEach(Runnable::run);
  }

  /** Returns the angle between two tensors, exact for small ones, too: cosines are not. */
  private static double angle(Tensor a, Tensor b) {
    return Memory.step(() -> {
      Tensor u = a.div(norm(a));
      Tensor v = b.div(norm(b));
      return 2 * Math.atan2(norm(u.minus(v)), norm(u.plus(v)));
    });
  }

  private static double norm(Tensor tensor) {
    return Memory.step(() -> tensor.untracked().norm(2).item());
  }

  // ---- what was recorded -----------------------------------------------------------------------

  /** Returns the statistics of all layers and steps, in the order of their outputs. */
  public List<LayerStatistics> layers() {
    return ImmutableList.copyOf(layers);
  }

  /** Returns the statistics of one layer at all steps. */
  public List<LayerStatistics> layer(String path) {
    return layers.stream().filter(statistics -> statistics.layer().equals(path)).toList();
  }

  /** Returns the statistics of all parameters and steps. */
  public List<ParameterStatistics> parameters() {
    return ImmutableList.copyOf(parameters);
  }

  /** Returns the statistics of one parameter at all steps. */
  public List<ParameterStatistics> parameter(String path) {
    return parameters.stream().filter(statistics -> statistics.parameter().equals(path)).toList();
  }

  @Override
  public String toString() {
    Map<String, Layer> named = model.namedLayers();
    TextTable outputs = new TextTable(1);
    outputs.row(
        "layer",
        List.of(
            "mean", "deviation", "5 %", "15 %", "50 %", "85 %", "95 %", "saturated", "gradient"));
    for (LayerStatistics s : layers) {
      if (s.step() == step) {
        Layer layer = named.get(s.layer());
        String name = layer == null ? s.layer() : s.layer() + " " + layer.headline();
        outputs.row(
            (s.call() == 0 ? name : name + ", call " + s.call()).strip(),
            Doubles.concat(
                new double[] {s.mean(), s.deviation()},
                s.output().toArray(),
                new double[] {s.saturation(), s.gradientNorm()}));
      }
    }
    TextTable moves = new TextTable(1);
    moves.row("parameter", List.of("norm", "gradient", "update / norm", "angle"));
    parameters.stream()
        .filter(s -> s.step() == step)
        .forEach(
            s -> moves.row(s.parameter(), s.norm(), s.gradientNorm(), s.updateRatio(), s.angle()));
    boolean hasMoved = !parameters.isEmpty() && parameters.getLast().step() == step;
    return "step %s\n%s%s".formatted(step, outputs, hasMoved ? moves : "");
  }
}
