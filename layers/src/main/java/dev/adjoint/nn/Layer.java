package dev.adjoint.nn;

import com.google.common.collect.ImmutableBiMap;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The base class of layers and of whole models, which consist of weights, buffers and other layers.
 *
 * <p>A layer declares what it consists of where its fields are set, and has a {@code forward} of
 * its own, with the inputs that it needs; a layer with one input is a {@link Transform} as well.
 *
 * <pre>{@code
 * final class Classifier extends Layer implements Transform {
 *   private final Setting<Double> slope = decimal("slope", 0.01);
 *   private final Linear hidden = child("hidden", Linear.class);
 *   private final Weight scale = parameter("scale", Shape.of(16), 1);
 *
 *   Classifier(int in, Generator generator) {
 *     this(Description.of(Classifier::new).with("hidden", new Linear(in, 16, generator)));
 *   }
 *
 *   Classifier(Description from) {
 *     super(from);
 *   }
 *
 *   @Override
 *   public Tensor forward(Tensor x) {
 *     Tensor y = hidden.forward(x).times(scale.value());
 *     return observed(Activations.leakyRelu(y, slope.get()));
 *   }
 * }
 * }</pre>
 *
 * <p>Each setting, weight, buffer and layer inside is declared once, where its field is set;
 * copies, files ({@link dev.adjoint.nn.predict.Predictor}) and texts follow from it. A layer that
 * is never copied nor saved needs no description: then {@code child("hidden", new Linear(2, 16,
 * generator))} will do.
 *
 * <p>A new layer is float32 and in training mode.
 */
public abstract non-sealed class Layer extends Parts {

  private static final ScopedValue<LayerObserver> OBSERVER = ScopedValue.newInstance();

  private boolean training = true;
  private boolean forInference;

  /** Creates a layer in training mode, without a description: it cannot be copied or saved. */
  protected Layer() {
    this(new Description("layer", null, false));
  }

  /** Creates a layer from its description, in training mode. */
  protected Layer(Description from) {
    super(from);
  }

  /**
   * Shows the output of this layer to the observer, if there is one, and returns the output to use.
   * Layers that are to appear in summaries and statistics return their output through this.
   */
  protected final Tensor observed(Tensor output) {
    return OBSERVER.isBound() ? OBSERVER.get().onOutput(this, output) : output;
  }

  /**
   * Returns a weight of one value a channel, in the shape that broadcasts over an input.
   *
   * @throws IllegalArgumentException unless the input has the shape (N, C, ...) with these channels
   */
  protected final Tensor perChannel(Weight values, Tensor x) {
    int channels = values.shape().size();
    requireInput(
        x.rank() >= 2 && x.size(1) == channels, x, () -> "(N, %d, ...)".formatted(channels));
    return values.value().reshape(Shape.along(0, channels, x.rank() - 1));
  }

  /**
   * Throws unless the last axis of a tensor has this size.
   *
   * @param what the tensor for the message, as in "input"
   * @throws IllegalArgumentException with the shape of the tensor and (..., size)
   */
  protected final void requireLastAxis(String what, Tensor x, int size) {
    if (x.rank() == 0 || x.size(-1) != size) {
      throw new IllegalArgumentException(
          "%s: %s of shape %s; expected (..., %d)".formatted(this, what, x.shape(), size));
    }
  }

  // ---- what it holds ---------------------------------------------------------------------------

  /** Returns the layers that this one consists of, by name, in the order of their declaration. */
  public final Map<String, Layer> children() {
    return Collections.unmodifiableMap(all(Layer.class));
  }

  /**
   * Returns a weight of this layer, such as {@code weight("bias")}.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public final Weight weight(String name) {
    Map<String, Weight> weights = all(Weight.class);
    Weight weight = weights.get(name);
    if (weight == null) {
      throw new IllegalArgumentException(
          "%s: no weight '%s'; expected one of %s".formatted(headline(), name, weights.keySet()));
    }
    return weight;
  }

  /** Returns all parameters of this layer and of those inside, each once. */
  public final List<Parameter> parameters() {
    return ImmutableList.copyOf(namedParameters().values());
  }

  /**
   * Returns all parameters of this layer and of those inside, by their path as in {@code
   * hidden.weight}; a shared parameter by the first.
   */
  public final Map<String, Parameter> namedParameters() {
    Map<String, Weight> weights = Maps.filterValues(namedWeights(), Weight::isParameter);
    return ImmutableMap.copyOf(Maps.transformValues(weights, Weight::parameter));
  }

  /** Returns all weights likewise: parameters, and those that are computed or constant. */
  public final Map<String, Weight> namedWeights() {
    return named(Weight.class);
  }

  /** Returns all buffers of this layer and of those inside, by their path. */
  public final Map<String, Buffer> namedBuffers() {
    return named(Buffer.class);
  }

  /**
   * Returns the generators that this layer and those inside draw from in each forward, each once,
   * in the order of {@link #namedLayers}.
   */
  public final List<Generator> generators() {
    return namedLayers().values().stream()
        .flatMap(layer -> layer.drawsFrom().stream())
        .distinct()
        .toList();
  }

  /** Returns the weights or buffers of this layer and of those inside, each by its first path. */
  private <T> Map<String, T> named(Class<T> kind) {
    Map<T, String> paths = new LinkedHashMap<>();
    namedLayers()
        .forEach((path, layer) -> {
          String prefix = path.isEmpty() ? "" : path + ".";
          layer.each(kind, (name, part) -> paths.putIfAbsent(part, prefix + name));
        });
    return ImmutableBiMap.copyOf(paths).inverse();
  }

  /** Returns this layer, under the empty path, and those inside, each by its path. */
  public final Map<String, Layer> namedLayers() {
    Map<Layer, String> paths = new LinkedHashMap<>();
    Deque<Map.Entry<String, Layer>> open = new ArrayDeque<>(List.of(Map.entry("", this)));
    while (!open.isEmpty()) { // no recursion, for layers may nest deeply
      Map.Entry<String, Layer> next = open.pop();
      String path = next.getKey();
      if (paths.putIfAbsent(next.getValue(), path) == null) {
        next.getValue().inside(path.isEmpty() ? "" : path + ".").reversed().forEach(open::push);
      }
    }
    return ImmutableBiMap.copyOf(paths).inverse();
  }

  /** Returns what computes the weights of this layer, and the layers inside, by their paths. */
  private List<Map.Entry<String, Layer>> inside(String prefix) {
    List<Map.Entry<String, Layer>> inside = new ArrayList<>();
    all(Weight.class)
        .forEach((name, weight) -> {
          Layer by = weight.reparametrization();
          if (by != null) {
            inside.add(Map.entry(prefix + name, by));
          }
        });
    each(Layer.class, (name, child) -> inside.add(Map.entry(prefix + name, child)));
    return inside;
  }

  /** Returns copies of the values of all parameters and buffers, by path: to save or return to. */
  public final Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    namedParameters().forEach((name, p) -> state.put(name, p.value().untracked().copy()));
    namedBuffers().forEach((name, buffer) -> state.put(name, buffer.current()));
    return Collections.unmodifiableMap(state);
  }

  /** Assigns all parameters and buffers: {@link #load(Map, Predicate)} where none is optional. */
  public final void load(Map<String, Tensor> state) {
    load(state, _ -> false);
  }

  /**
   * Assigns parameters and buffers, of which some may be missing and keep their values.
   *
   * <pre>{@code
   * model.load(state, name -> name.endsWith("num_batches_tracked")); // older PyTorch has none
   * }</pre>
   *
   * @param state a tensor of the right shape for each path of {@link #state} that is not optional,
   *     no others
   * @param optional tells which paths may be missing
   * @throws IllegalArgumentException naming what is missing, unknown or misshapen, before any
   *     change
   */
  public final void load(Map<String, Tensor> state, Predicate<String> optional) {
    LoadReport report = reportOf("load", state);
    String faults = report.faults(optional);
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(
          "load: this state does not fit %s: %s".formatted(headline(), faults));
    }
    assign(state);
  }

  /**
   * Assigns what of a state fits, as of a model with another head, and reports the rest.
   *
   * <pre>{@code
   * LoadReport report = model.loadFitting(mapping.of(Safetensors.load(path)));
   * }</pre>
   *
   * @param state tensors of any names and shapes
   * @return what was missing and keeps its value, left over, or of another shape
   */
  public final LoadReport loadFitting(Map<String, Tensor> state) {
    LoadReport report = reportOf("loadFitting", state);
    assign(Maps.filterKeys(state, report::fits));
    return report;
  }

  private LoadReport reportOf(String operation, Map<String, Tensor> state) {
    requireChangeable(operation);
    Map<String, Shape> expected = new LinkedHashMap<>();
    namedParameters().forEach((name, parameter) -> expected.put(name, parameter.shape()));
    namedBuffers().forEach((name, buffer) -> expected.put(name, buffer.current().shape()));
    return LoadReport.of(expected, state);
  }

  private void assign(Map<String, Tensor> state) {
    Map<String, Parameter> parameters = namedParameters();
    Map<Parameter, Tensor> values = new LinkedHashMap<>();
    state.forEach((name, value) -> {
      Parameter parameter = parameters.get(name);
      if (parameter != null) { // else it is a buffer's
        values.put(parameter, value);
      }
    });
    Parameter.assign(values);
    namedBuffers()
        .forEach((name, buffer) -> buffer.assign(state.getOrDefault(name, buffer.current())));
  }

  /**
   * Describes this layer as a table: the layers inside, shapes of outputs, numbers of parameters.
   *
   * @param inputShape of the input that it is computed for, which is zeros
   * @throws IllegalStateException if this is no {@link Transform}; see {@link #summary(Supplier)}
   */
  public final String summary(int... inputShape) {
    if (!(this instanceof Transform transform)) {
      throw new IllegalStateException(
          "summary: %s has a forward of its own; expected summary(() -> forward(...))"
              .formatted(headline()));
    }
    DType dtype = parameters().isEmpty() ? DType.FLOAT32 : parameters().getFirst().dtype();
    return summary(() -> transform.forward(Tensors.zeros(Shape.of(inputShape), dtype)));
  }

  /**
   * Describes this layer as a table.
   *
   * @param forward a call of this layer's forward, as in {@code () -> model.forward(tokens)}
   */
  public final String summary(Supplier<?> forward) {
    return Summary.of(this, forward);
  }

  /**
   * Returns the layers that run in a forward of this one but were not declared by {@link #child}:
   * no optimizer, mode or file knows them. A layer is found if it calls {@link #observed}.
   *
   * @param forward a call of this layer's forward: run once, in eval mode and without effects
   */
  public final List<Layer> unregistered(Supplier<?> forward) {
    return Summary.unregistered(this, forward);
  }

  // ---- modes -----------------------------------------------------------------------------------

  /** Puts this layer and those inside into training mode. */
  public final void train() {
    requireChangeable("train");
    namedLayers().values().forEach(layer -> layer.training = true);
  }

  /** Puts this layer and those inside into eval mode: deterministic, each example by itself. */
  public final void eval() {
    namedLayers().values().forEach(layer -> layer.training = false);
  }

  /** Tells whether this layer is in training mode. */
  public final boolean isTraining() {
    return training;
  }

  /** Computes something in eval mode, and puts all modes back. */
  public final <T> T inEval(Supplier<T> computation) {
    return inMode(this::eval, computation);
  }

  /** Computes something in training mode, and puts all modes back. */
  public final <T> T inTraining(Supplier<T> computation) {
    return inMode(this::train, computation);
  }

  private <T> T inMode(Runnable mode, Supplier<T> computation) {
    Map<Layer, Boolean> before = new LinkedHashMap<>();
    namedLayers().values().forEach(layer -> before.put(layer, layer.training));
    mode.run();
    try {
      return computation.get();
    } finally {
      before.forEach((layer, training) -> layer.training = training);
    }
  }

  /** Makes all parameters constants, which get no gradients and which optimizers skip. */
  public final void freeze() {
    parameters().forEach(Parameter::freeze);
  }

  /** Makes all parameters trainable again. */
  public final void unfreeze() {
    parameters().forEach(Parameter::unfreeze);
  }

  /** Changes all parameters and buffers to another type, in place. */
  public final void to(DType dtype) {
    requireChangeable("to");
    parameters().forEach(parameter -> parameter.to(dtype));
    namedBuffers().values().forEach(buffer -> buffer.to(dtype));
  }

  // ---- reparametrization -----------------------------------------------------------------------

  /**
   * Replaces a weight of this layer by one that is computed from others.
   *
   * @param name of the weight
   * @param by creates the reparametrization of the original weight, which it takes over
   */
  public final void reparametrize(String name, Function<Weight, ? extends Reparametrization> by) {
    requireChangeable("reparametrize");
    Layer reparametrization = weight(name).computeBy(by);
    reparametrization.training = training;
  }

  /**
   * Replaces every reparametrization, here and inside, by a plain parameter with the value that it
   * computes now: the same function, as fast as without.
   */
  public final void fold() {
    requireChangeable("fold");
    inEval(() -> {
      namedLayers()
          .values()
          .forEach(layer ->
              layer.each(Weight.class, (name, weight) -> weight.fold(layer.type() + "." + name)));
      return this;
    });
  }

  // ---- copies ----------------------------------------------------------------------------------

  /**
   * Returns an independent copy of a layer and of those inside: values, modes, frozen parameters
   * and the state of random generators; what was shared inside is shared inside the copy.
   *
   * @throws UnsupportedOperationException if a layer inside was made without a description
   */
  public static <L extends Layer> L copyOf(L layer) {
    return new Copies(false).of(layer);
  }

  /**
   * Returns a copy of a layer that never changes and is safe to share between threads: in eval
   * mode, its weights constants, reparametrizations folded, and in each {@link Sequential} batch
   * norms folded into the linear layer or convolution before them.
   *
   * @throws UnsupportedOperationException if a layer inside was made without a description
   */
  public static <L extends Layer> L forInference(L layer) {
    return layer.inEval(() -> new Copies(true).of(layer));
  }

  /** Lets an observer see what layers compute while an action runs on this thread. */
  public static <T> T observe(LayerObserver observer, Supplier<T> action) {
    return ScopedValue.where(OBSERVER, observer).call(action::get);
  }

  /** Ends the making of a layer of a description. */
  final void setModes(boolean inTraining, boolean onlyForInference) {
    training = inTraining;
    forInference = onlyForInference;
    finish();
  }

  final void requireChangeable(String operation) {
    if (forInference) {
      throw new IllegalStateException(
          "%s: %s was made for inference and does not change; expected the layer that it was made of"
              .formatted(operation, headline()));
    }
  }
}
