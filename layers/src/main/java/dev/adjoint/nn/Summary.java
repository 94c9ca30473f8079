package dev.adjoint.nn;

import static java.util.stream.Collectors.joining;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** Prints the layers of a model with the shapes of their outputs and the number of parameters. */
final class Summary {

  private Summary() {}

  static String of(Layer model, Supplier<?> forward) {
    IdentityHashMap<Layer, Shape> outputs = outputs(model, forward);
    return table(model, outputs) + strangers(unregistered(model, outputs.keySet()));
  }

  /** Returns the layers that run and are no part of the model. */
  static List<Layer> unregistered(Layer model, Supplier<?> forward) {
    return unregistered(model, outputs(model, forward).keySet());
  }

  private static List<Layer> unregistered(Layer model, Set<Layer> run) {
    Set<Layer> parts = Collections.newSetFromMap(new IdentityHashMap<>());
    parts.addAll(model.namedLayers().values());
    return run.stream().filter(layer -> !parts.contains(layer)).toList();
  }

  private static String strangers(List<Layer> unregistered) {
    return unregistered.isEmpty()
        ? ""
        : unregistered.stream()
            .map(Layer::headline)
            .collect(joining(", ", "\nnot registered by child, so no part of the model: ", ""));
  }

  /** Runs the model once, in eval mode and without effects, to see the outputs. */
  private static IdentityHashMap<Layer, Shape> outputs(Layer model, Supplier<?> forward) {
    IdentityHashMap<Layer, Shape> outputs = new IdentityHashMap<>();
    LayerObserver observer =
        (layer, output) -> {
          outputs.put(layer, output.shape());
          return output;
        };
    model.inEval(() ->
        Autodiff.noGrad(() ->
            Replay.probing()
                .run(() -> {
                  Layer.observe(observer, forward);
                  return model;
                })));
    return outputs;
  }

  private static String table(Layer model, Map<Layer, Shape> outputs) {
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"name", "layer", "output", "parameters"});
    Map<Parameter, String> all = new LinkedHashMap<>();
    model
        .namedLayers()
        .forEach((path, layer) -> {
          long own = 0;
          for (Parameter parameter : layer.ownParameters()) {
            if (all.putIfAbsent(parameter, path) == null) {
              own += parameter.shape().size();
            }
          }
          Shape output = outputs.get(layer);
          rows.add(
              new String[] {
                path, layer.headline(), output == null ? "" : output.toString(), count(own)
              });
        });
    StringBuilder text = new StringBuilder();
    int[] widths = new int[4];
    rows.forEach(row -> {
      for (int i = 0; i < 4; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    });
    String format =
        "%-" + widths[0] + "s  %-" + widths[1] + "s  %-" + widths[2] + "s  %" + widths[3] + "s";
    rows.forEach(row -> text.append(format.formatted((Object[]) row).stripTrailing()).append('\n'));
    long total = all.keySet().stream().mapToLong(p -> p.shape().size()).sum();
    long frozen =
        all.keySet().stream().filter(Parameter::isFrozen).mapToLong(p -> p.shape().size()).sum();
    return text.append("%,d parameters".formatted(total))
        .append(frozen == 0 ? "" : ", of which %,d frozen".formatted(frozen))
        .toString();
  }

  private static String count(long parameters) {
    return parameters == 0 ? "" : "%,d".formatted(parameters);
  }
}
