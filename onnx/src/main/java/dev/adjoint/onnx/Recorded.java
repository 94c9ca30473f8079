package dev.adjoint.onnx;

import static java.util.Objects.requireNonNull;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.LayerObserver;
import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The steps of one run of a model that depend on its inputs, and those that rearrange weights. */
final class Recorded implements Recorder.Trace, LayerObserver {

  /** Functions of several operations that ONNX has operators for. */
  private static final Set<String> COMPOSITES =
      Set.of(
          "conv",
          "convTranspose",
          "maxPool",
          "avgPool",
          "normalized",
          "selu",
          "mish",
          "LSTM",
          "GRU");

  /**
   * One step.
   *
   * @param key of its primitive, or the name of a function of several operations
   * @param options the attributes of the primitive by name; of such a function, "options"
   */
  record Step(String key, Map<String, Object> options, Tensor[] inputs, Tensor output) {

    <T> T option(Class<T> type, String name) {
      return type.cast(requireNonNull(options.get(name)));
    }
  }

  /** What a tensor shows: elements of a storage, at some places. */
  private record Place(Object storage, int offset, Shape shape, List<Integer> strides) {
    static Place of(Tensor x) {
      Integer[] strides = new Integer[x.rank()];
      Arrays.setAll(strides, axis -> x.size(axis) == 1 ? 0 : x.strides()[axis]);
      return new Place(x.ownStorage(), x.offset(), x.shape(), List.of(strides));
    }
  }

  private final String model;
  private final IdentityHashMap<Layer, String> paths = new IdentityHashMap<>();
  private final Map<String, Object> inputs;
  private final Map<String, Tensor> weights = new LinkedHashMap<>();
  private final Map<String, Tensor> outputs;

  final List<Step> steps = new ArrayList<>();

  private final Map<Place, Integer> known = new HashMap<>(); // a step that computed it
  private final Map<Place, Step> folded = new HashMap<>(); // steps on constants only
  private final Set<String> buffers = new HashSet<>();
  private final Map<Place, String> names = new HashMap<>(); // of layers that returned it
  private final Set<Object> variables = identitySet();
  private final IdentityHashMap<Object, String> origins =
      new IdentityHashMap<>(); // weights behind constants

  private Recorded(
      Layer layer, Map<String, Object> inputs, Supplier<? extends Map<String, Tensor>> run) {
    model = layer.getClass().getSimpleName();
    this.inputs = inputs;
    layer.namedLayers().forEach((path, each) -> paths.put(each, path));
    layer.namedWeights().forEach((name, weight) -> weight(name, weight.value()));
    layer
        .namedBuffers()
        .forEach((name, buffer) -> {
          weight(name, buffer.value());
          buffers.add(name);
        });
    inputs.forEach((name, value) -> {
      if (value instanceof Tensor tensor) {
        variables.add(tensor.ownStorage());
      }
    });
    outputs = Recorder.traced(this, () -> Layer.observe(this, () -> Autodiff.noGrad(run::get)));
  }

  private static Set<Object> identitySet() {
    return Collections.newSetFromMap(new IdentityHashMap<>());
  }

  /** Runs a model, and records what it does. */
  static Recorded of(
      Layer layer, Map<String, Object> inputs, Supplier<? extends Map<String, Tensor>> run) {
    return layer.inEval(() -> new Recorded(layer, inputs, run));
  }

  private void weight(String name, Tensor value) {
    weights.put(name, value);
    origins.put(value.ownStorage(), name);
  }

  Map<String, Tensor> outputs() {
    return outputs;
  }

  // ---- what is seen ----------------------------------------------------------------------------

  @Override
  public String name() {
    return model;
  }

  @Override
  public boolean isVariable(Tensor tensor) {
    return variables.contains(tensor.ownStorage());
  }

  @Override
  public boolean isOfPrimitives() {
    return true;
  }

  @Override
  public boolean takes(String composite) {
    return COMPOSITES.contains(composite);
  }

  @Override
  public void step(Tensor output, Primitive primitive, Tensor[] x) {
    boolean looksUp =
        primitive.attributes().get("index") instanceof IntTensor index && inputOf(index) != null;
    add(primitive.key(), primitive.attributes(), x, output, looksUp);
  }

  @Override
  public void composite(Tensor output, String name, Object options, Tensor[] x) {
    add(name, Map.of("options", options), x, output, false);
  }

  private void add(
      String key, Map<String, Object> options, Tensor[] x, Tensor output, boolean looksUp) {
    Place place = Place.of(output);
    boolean isVariable = looksUp || Arrays.stream(x).anyMatch(this::isVariable);
    String origin =
        Arrays.stream(x)
            .map(input -> origins.get(input.ownStorage()))
            .filter(name -> name != null)
            .min(Comparator.comparing(buffers::contains)) // a parameter, if there is one
            .orElse(null);
    if (isVariable) {
      variables.add(output.ownStorage());
    } else if (origin != null) {
      origins.putIfAbsent(output.ownStorage(), origin);
    }
    if ((isVariable || origin != null) && place(output) == null && !known.containsKey(place)) {
      known.put(place, steps.size());
      steps.add(new Step(key, options, x, output));
    } else if (!isVariable && origin == null) {
      folded.putIfAbsent(place, new Step(key, options, x, output));
    }
  }

  /** Returns the input or the weight that a tensor is, or null. */
  private @Nullable String place(Tensor tensor) {
    String input = inputOf(tensor);
    return input != null ? input : weightOf(tensor);
  }

  @Override
  public Tensor onOutput(Layer layer, Tensor output) {
    String path = paths.get(layer);
    if (path != null && !path.isEmpty() && isVariable(output)) {
      names.putIfAbsent(Place.of(output), path);
    }
    return output;
  }

  // ---- what is known of tensors ----------------------------------------------------------------

  /** Returns the number of the step that computed a tensor; -1 if none did. */
  int stepOf(Tensor tensor) {
    return known.getOrDefault(Place.of(tensor), -1);
  }

  /** Returns the step by which a constant was computed of others, or null. */
  @Nullable Step foldedStepOf(Tensor tensor) {
    return folded.get(Place.of(tensor));
  }

  /** Tells whether a name is that of a buffer. */
  boolean isBuffer(String name) {
    return buffers.contains(name);
  }

  /** Returns the name of the input that a tensor is, or null. */
  @Nullable String inputOf(Tensor tensor) {
    return named(inputs, tensor);
  }

  /** Returns the name of the input whose indices these are, perhaps in another shape, or null. */
  @Nullable String inputOf(IntTensor index) {
    for (Map.Entry<String, Object> input : inputs.entrySet()) {
      if (input.getValue() instanceof IntTensor indices && indices.sharesElements(index)) {
        return input.getKey();
      }
    }
    return null;
  }

  /** Returns the name of the parameter or buffer that a tensor is, or null. */
  @Nullable String weightOf(Tensor tensor) {
    return named(weights, tensor);
  }

  private static @Nullable String named(Map<String, ?> tensors, Tensor tensor) {
    for (Map.Entry<String, ?> entry : tensors.entrySet()) {
      if (entry.getValue() instanceof Tensor other
          && other.sharesElements(tensor)
          && Place.of(other).equals(Place.of(tensor))) {
        return entry.getKey();
      }
    }
    return null;
  }

  /** Returns the name of a weight that a constant was computed from, or null. */
  @Nullable String originOf(Tensor tensor) {
    return origins.get(tensor.ownStorage());
  }

  /** Returns the path of the layer that returned a tensor, or null. */
  @Nullable String layerOf(Tensor tensor) {
    return names.get(Place.of(tensor));
  }

  Set<String> weightNames() {
    return new HashSet<>(weights.keySet());
  }
}
