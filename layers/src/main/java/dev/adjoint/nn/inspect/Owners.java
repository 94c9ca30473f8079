package dev.adjoint.nn.inspect;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Reparametrization;
import java.util.LinkedHashMap;
import java.util.Map;

/** Groups the parameters of a model by the layer that computes with them. */
final class Owners {

  private Owners() {}

  /**
   * Returns the parameters of each layer that has some, by the layer's path, in the order of
   * declaration: with those that a weight of the layer is computed from.
   */
  static Map<String, Map<String, Parameter>> of(Layer model) {
    Map<String, Layer> layers = model.namedLayers();
    Map<String, Map<String, Parameter>> owned = new LinkedHashMap<>();
    model
        .namedParameters()
        .forEach((path, parameter) ->
            owned
                .computeIfAbsent(owner(path, layers), owner -> new LinkedHashMap<>())
                .put(path, parameter));
    return owned;
  }

  /** Returns the path of the layer that a parameter belongs to. */
  private static String owner(String path, Map<String, Layer> layers) {
    String owner = path;
    do {
      owner = owner.substring(0, Math.max(0, owner.lastIndexOf('.')));
    } while (!owner.isEmpty() && layers.get(owner) instanceof Reparametrization);
    return owner;
  }
}
