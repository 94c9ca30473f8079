package dev.adjoint.testing;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.check.GradientReport;
import dev.adjoint.check.TensorFunction;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Assertions on a layer or a whole model for some input, both in training mode and in eval mode;
 * only in one of them after {@link #inTraining()} or {@link #inEval()}. Settings come first, then
 * assertions.
 *
 * <pre>{@code
 * assertThatLayer(model).onInput(x).toOrder(2).hasCorrectGradients();
 * assertThatLayer(lstm).calledAs(in -> lstm.forward(in[0], in[1])).onInput(x, h).isDeterministic();
 * assertThatLayer(batchNorm).inTraining().onInput(x).isInvariantTo(batch -> batch.plus(5));
 * }</pre>
 *
 * <p>Afterwards the layer is as it was: its mode and those of the layers inside, its parameters,
 * and what it changes by {@link Replay#effect}, such as running statistics. A tensor that was read
 * from a parameter before may then refuse to be read.
 */
public final class LayerAssert extends AbstractGradientsAssert<LayerAssert, Layer> {

  private Set<LayerMode> modes = EnumSet.allOf(LayerMode.class);
  private @Nullable TensorFunction call;
  private Tensor[] inputs = {};
  private Comparison difference = Difference::of;

  LayerAssert(Layer layer) {
    super(layer, LayerAssert.class);
  }

  // ---- settings ------------------------------------------------------------------------------

  /** Sets what the layer is given: one tensor, or several with {@link #calledAs}. */
  public LayerAssert onInput(Tensor... x) {
    inputs = x.clone();
    return with(check().at(x));
  }

  /** Sets how the layer is called, if it is not a {@link Transform}. */
  public LayerAssert calledAs(TensorFunction forward) {
    call = forward;
    return this;
  }

  /** Asserts in training mode only. */
  public LayerAssert inTraining() {
    modes = EnumSet.of(LayerMode.TRAINING);
    return this;
  }

  /** Asserts in eval mode only. */
  public LayerAssert inEval() {
    modes = EnumSet.of(LayerMode.EVAL);
    return this;
  }

  /**
   * Sets the tolerance: a derivative passes if its error is within either, which default to 0 and
   * 1e-6; an output passes within {@code absolute + relative * |expected|}, which defaults to what
   * {@link TensorAssert#isCloseTo(Tensor)} allows.
   */
  @Override
  public LayerAssert tolerance(double absolute, double relative) {
    difference = (output, expected) -> Difference.of(output, expected, absolute, relative);
    return super.tolerance(absolute, relative);
  }

  // ---- assertions ----------------------------------------------------------------------------

  /**
   * Verifies that the gradients of the inputs, and of all parameters that are not frozen, are those
   * of finite differences. A failure starts with the mode, the input or the path of the parameter,
   * its worst element, and the operation to suspect; then comes the whole report.
   *
   * <pre>{@code
   * // assertion will pass
   * assertThatLayer(layer).onInput(x).hasCorrectGradients();
   *
   * // assertion will fail: Norm in training mode: ... FAILED: scale at [2]: analytic 4.2, numeric 2.1
   * assertThatLayer(normWithATypo).onInput(x).hasCorrectGradients();
   * }</pre>
   *
   * @throws IllegalArgumentException if an input or a parameter is float32, without {@link
   *     #inFloat32()}; {@link Layer#to} makes a layer float64
   */
  public LayerAssert hasCorrectGradients() {
    return inEachMode(() -> {
      GradientReport report = check().wrt(learnable()).run();
      return report.isOk() ? null : report.toString();
    });
  }

  /**
   * Verifies that the output and all gradients are the same bits when they are computed again, and
   * on 1 and on 4 threads, while each {@link Generator} draws the same numbers.
   *
   * <pre>{@code
   * // assertion will pass
   * assertThatLayer(new Linear(3, 2, generator)).onInput(x).isDeterministic();
   *
   * // assertion will fail: Noise in training mode: a second run changed the output: element [0] is ...
   * assertThatLayer(noiseByMathRandom).onInput(x).isDeterministic();
   * }</pre>
   */
  public LayerAssert isDeterministic() {
    return inEachMode(() -> {
      Replay replay = Replay.probing();
      Supplier<List<Part>> parts = () -> outputAndGradients(replay);
      List<Part> first = parts.get();
      List<String> changes = new ArrayList<>();
      addChanges("a second run", first, parts.get(), changes);
      addChanges("a run on 1 thread", first, Parallel.withThreads(1, parts), changes);
      addChanges("a run on 4 threads", first, Parallel.withThreads(4, parts), changes);
      return changes.isEmpty() ? null : String.join("\n", changes);
    });
  }

  /**
   * Verifies that the output is the same bits in training mode and in eval mode.
   *
   * <pre>{@code
   * // assertion will pass
   * assertThatLayer(new Linear(3, 2, generator)).onInput(x).hasSameOutputInBothModes();
   *
   * // assertion will fail: BatchNorm in eval mode: the output differs from that in training mode: ...
   * assertThatLayer(new BatchNorm(3)).onInput(x).hasSameOutputInBothModes();
   * }</pre>
   */
  public LayerAssert hasSameOutputInBothModes() {
    isNotNull();
    Tensor training = LayerMode.TRAINING.call(actual, () -> run(inputs));
    Tensor eval = LayerMode.EVAL.call(actual, () -> run(inputs));
    return failIf(
        LayerMode.EVAL,
        describe(
            "the output differs from that in training mode", Difference::ofBits, eval, training));
  }

  /**
   * Verifies that the output stays the same when the first input is changed. Random draws are not
   * held: {@link #inEval()} does without those of dropout.
   *
   * <pre>{@code
   * // assertion will pass
   * assertThatLayer(new BatchNorm(3)).inTraining().onInput(x).isInvariantTo(t -> t.plus(5));
   *
   * // assertion will fail: Linear in training mode: the output changes with the input: element ...
   * assertThatLayer(linear).onInput(x).isInvariantTo(t -> t.plus(5));
   * }</pre>
   */
  public LayerAssert isInvariantTo(UnaryOperator<Tensor> change) {
    if (inputs.length == 0) {
      throw new IllegalArgumentException(
          "%s: isInvariantTo without an input; expected onInput(x) before".formatted(name()));
    }
    return inEachMode(() -> {
      Tensor[] changed = inputs.clone();
      changed[0] = change.apply(inputs[0]);
      return describe("the output changes with the input", difference, run(changed), run(inputs));
    });
  }

  /**
   * Verifies that the output stays the same when a parameter is changed.
   *
   * <pre>{@code
   * // assertion will pass
   * assertThatLayer(weightNormalized).onInput(x).isInvariantTo("direction", v -> v.times(3));
   *
   * // assertion will fail: Linear in training mode: the output changes with weight: element ...
   * assertThatLayer(linear).onInput(x).isInvariantTo("weight", w -> w.times(3));
   * }</pre>
   *
   * @param path the name of the parameter in {@link Layer#namedParameters()}
   */
  public LayerAssert isInvariantTo(String path, UnaryOperator<Tensor> change) {
    isNotNull();
    Parameter parameter = actual.namedParameters().get(path);
    if (parameter == null) {
      throw new IllegalArgumentException(
          "%s: no parameter '%s'; expected one of %s"
              .formatted(name(), path, actual.namedParameters().keySet()));
    }
    Tensor base = parameter.value().untracked().copy();
    return inEachMode(() -> {
      Tensor before = run(inputs).copy();
      try {
        parameter.assign(change.apply(base));
        return describe("the output changes with " + path, difference, run(inputs), before);
      } finally {
        parameter.assign(base);
      }
    });
  }

  // ---- how -----------------------------------------------------------------------------------

  /** Finds what is wrong in a mode: null if nothing is. */
  private interface Check {
    @Nullable String failure();
  }

  /** Finds how a tensor differs from another: null if it does not. */
  private interface Comparison {
    @Nullable String of(Tensor actual, Tensor expected);
  }

  private LayerAssert inEachMode(Check check) {
    isNotNull();
    for (LayerMode mode : modes) {
      failIf(mode, mode.call(actual, check::failure));
    }
    return this;
  }

  private LayerAssert failIf(LayerMode mode, @Nullable String failure) {
    if (failure != null) {
      failWithMessage("%s in %s: %s", name(), mode, failure);
    }
    return this;
  }

  private static @Nullable String describe(
      String what, Comparison comparison, Tensor actual, Tensor expected) {
    String difference = comparison.of(actual, expected);
    return difference == null
        ? null
        : "%s: %s\nactual: %s\nexpected: %s".formatted(what, difference, actual, expected);
  }

  @Override
  GradientCheck start() {
    return GradientCheck.of(this::output);
  }

  private Tensor output(Tensor... in) {
    if (call != null) {
      return call.apply(in);
    }
    if (actual instanceof Transform transform && in.length == 1) {
      return transform.forward(in[0]);
    }
    throw new IllegalArgumentException(
        actual instanceof Transform
            ? "%s: %d inputs; expected onInput(x), or calledAs(in -> ...)"
                .formatted(name(), in.length)
            : "%s is not a Transform; expected calledAs(in -> ...)".formatted(name()));
  }

  /** Computes the output, without a trace; recorded, so that a layer may differentiate inside. */
  private Tensor run(Tensor... in) {
    return Replay.probing().run(() -> output(in)).untracked();
  }

  /** The output or a gradient, with its name. */
  private record Part(String name, Tensor tensor) {}

  private List<Part> outputAndGradients(Replay replay) {
    Map<String, Tensor> sources = new LinkedHashMap<>();
    Tensor[] x = Arrays.stream(inputs).map(Tensor::tracked).toArray(Tensor[]::new);
    for (int i = 0; i < x.length; i++) {
      sources.put("input " + i, x[i]);
    }
    learnable().forEach((path, parameter) -> sources.put(path, parameter.value()));
    Tensor y = replay.run(() -> output(x.clone()));
    Tensor seed = Generator.seeded(1).normal(0, 1, y.shape(), y.dtype());
    Gradients gradients = y.isTracked() ? y.backward(seed) : null;
    List<Part> parts = new ArrayList<>(List.of(new Part("the output", y)));
    sources.forEach((name, source) ->
        parts.add(new Part("the gradient of " + name, gradient(gradients, source))));
    return parts;
  }

  private static void addChanges(
      String what, List<Part> first, List<Part> again, List<String> changes) {
    for (int i = 0; i < first.size(); i++) {
      String change = Difference.ofBits(again.get(i).tensor(), first.get(i).tensor());
      if (change != null) {
        changes.add("%s changed %s: %s".formatted(what, first.get(i).name(), change));
      }
    }
  }

  private static Tensor gradient(@Nullable Gradients gradients, Tensor source) {
    return gradients != null && gradients.contains(source)
        ? gradients.of(source)
        : Tensors.zeros(source.shape(), source.dtype());
  }

  private Map<String, Parameter> learnable() {
    Map<String, Parameter> learnable = new LinkedHashMap<>(actual.namedParameters());
    learnable.values().removeIf(Parameter::isFrozen);
    return learnable;
  }

  private String name() {
    String simple = actual.getClass().getSimpleName();
    return simple.isEmpty() ? "Layer" : simple; // of an anonymous class
  }
}
