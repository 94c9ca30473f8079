package dev.adjoint.nn;

import static java.util.stream.Collectors.joining;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.tensor.Shape;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** Prints the layers of a model with the shapes of their outputs and the number of parameters. */
final class Summary {

  private Summary() {}

  static String of(Layer model, Supplier<?> forward) {
    IdentityHashMap<Layer, Shape> outputs = outputs(model, forward);
    List<Layer> strangers = unregistered(model, outputs);
    return table(model, outputs)
        + (strangers.isEmpty() ? "" : "\nnot registered by child, so no part of the model: ")
        + strangers.stream().map(Layer::headline).collect(joining(", "));
  }

  /** Returns the layers that run and are no part of the model. */
  static List<Layer> unregistered(Layer model, Supplier<?> forward) {
    return unregistered(model, outputs(model, forward));
  }

  private static List<Layer> unregistered(Layer model, Map<Layer, Shape> outputs) {
    Map<String, Layer> parts = model.namedLayers();
    return outputs.keySet().stream().filter(layer -> !parts.containsValue(layer)).toList();
  }

  /** Runs the model once, in eval mode and without effects, to see the outputs. */
  private static IdentityHashMap<Layer, Shape> outputs(Layer model, Supplier<?> forward) {
    IdentityHashMap<Layer, Shape> outputs = new IdentityHashMap<>();
    LayerObserver observer =
        (layer, output) -> {
          outputs.put(layer, output.shape());
          return output;
        };
    Supplier<?> run = () -> Layer.observe(observer, forward);
    model.inEval(() -> Autodiff.noGrad(() -> Replay.probing().run(run)));
    return outputs;
  }

  private static String table(Layer model, Map<Layer, Shape> outputs) {
    TextTable table = new TextTable(3).row(List.of("name", "layer", "output", "parameters"));
    Set<Weight> counted = new HashSet<>();
    long total = 0;
    long frozen = 0;
    for (Map.Entry<String, Layer> layer : model.namedLayers().entrySet()) {
      long own = 0;
      for (Weight weight : layer.getValue().all(Weight.class).values()) {
        if (weight.isParameter() && counted.add(weight)) {
          own += weight.shape().size();
          frozen += weight.parameter().isFrozen() ? weight.shape().size() : 0;
        }
      }
      total += own;
      Shape output = outputs.get(layer.getValue());
      table.row(
          List.of(
              layer.getKey(),
              layer.getValue().headline(),
              output == null ? "" : output,
              own == 0 ? "" : String.format(Locale.ROOT, "%,d", own)));
    }
    String frozenPart =
        frozen == 0 ? "" : String.format(Locale.ROOT, ", of which %,d frozen", frozen);
    return String.format(Locale.ROOT, "%s%,d parameters%s", table, total, frozenPart);
  }
}
