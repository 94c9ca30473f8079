package dev.adjoint.autodiff;

import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.Tensor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Adds results to the graph: every operation of the engine ends in {@link #record}. */
public final class Recorder {

  private Recorder() {}

  static Mode mode() {
    return Mode.CURRENT.orElse(Mode.DEFAULT);
  }

  /** Computes a primitive and records it; in a mapped function, for all examples at once. */
  public static Tensor apply(Primitive primitive, Tensor... inputs) {
    for (Tensor input : inputs) {
      if (input.examples() != null) {
        return apply(primitive, input.examples(), inputs);
      }
    }
    return record(computed(primitive, inputs), primitive, inputs);
  }

  private static Tensor computed(Primitive primitive, Tensor[] inputs) {
    Trace trace = mode().trace();
    return trace != null && trace.isOfPrimitives()
        ? untraced(() -> primitive.forward(inputs))
        : primitive.forward(inputs);
  }

  private static <T> T untraced(Supplier<T> function) {
    return mode().trace(null).call(function::get);
  }

  /**
   * Computes a function that is made of several operations. A trace may take it for one step; for
   * all others it is what it is made of.
   *
   * @param name what a trace knows it by
   * @param options a value that says what the function does with its inputs
   */
  public static Tensor composite(
      String name, Object options, Supplier<Tensor> function, Tensor... inputs) {
    Trace trace = mode().trace();
    if (trace == null || !trace.takes(name)) {
      return function.get();
    }
    Tensor output = untraced(function);
    trace.composite(output, name, options, inputs);
    return output;
  }

  /**
   * Computes a primitive and records it.
   *
   * @param indices of the examples, if the primitive has an index that is not the same for all
   */
  public static Tensor apply(Primitive primitive, @Nullable Examples<?> indices, Tensor... inputs) {
    Vmap.Level level = Vmap.innermost(indices, inputs);
    return level == null
        ? record(computed(primitive, inputs), primitive, inputs)
        : made(level.apply(primitive, inputs), mode(), primitive, inputs);
  }

  /**
   * Records a new, untracked tensor as the output of a primitive, if gradients can flow to inputs.
   *
   * @return the output
   * @throws IllegalStateException if a parameter was updated while the output was computed from it
   */
  public static Tensor record(Tensor output, Primitive primitive, Tensor... inputs) {
    for (Tensor input : inputs) {
      if (output.ownStorage() != input.ownStorage()) {
        input.checkAfterReading();
      }
    }
    Mode mode = mode();
    Trace trace = mode.trace();
    if (trace != null) {
      trace.step(output, primitive, inputs);
    }
    if (mode.detecting() && mode.site() == null) {
      Anomalies.checkForward(output, primitive, inputs);
    }
    return made(output, mode, primitive, inputs);
  }

  private static Tensor made(Tensor output, Mode mode, Primitive primitive, Tensor[] inputs) {
    if (mode.recording() && primitive.isDifferentiable()) {
      for (Tensor input : inputs) {
        if (input.isTracked()) {
          Node node = new Node(primitive, inputs, null, mode.detecting() ? site(mode) : null);
          if (mode.observer() != null) {
            mode.observer().onNode(node);
          }
          return output.madeBy(node);
        }
      }
    }
    return output;
  }

  private static String site(Mode mode) {
    String site = mode.site();
    return site != null ? site : Anomalies.userSite();
  }

  /** Tells whether operations are being recorded. */
  public static boolean isRecording() {
    return mode().recording();
  }

  /**
   * Computes unrecorded elementwise functions, in a mapped function for all examples at once.
   *
   * @return the results, of the shape to which the inputs that are used broadcast
   */
  public static Tensor[] elementwise(Function<Tensor[], Tensor[]> functions, Tensor... inputs) {
    Vmap.Level level = Vmap.innermost(null, inputs);
    return level == null ? functions.apply(inputs) : level.elementwise(functions, inputs);
  }

  /**
   * Tells whether a pullback must be composed of operations, since they are recorded, or are those
   * of a mapped function; if not, a fused kernel may replace it.
   */
  public static boolean isOn() {
    Mode mode = mode();
    return mode.recording() || mode.map() != null;
  }

  static boolean isMapped() {
    return mode().map() != null;
  }

  /** Runs a function whose steps a trace sees. */
  public static <T> T traced(Trace trace, Supplier<T> function) {
    return new Mode(true, false, null, null, Node.Births.ALL, trace, null, null)
        .call(function::get);
  }

  /** Lets an observer see what an action records, and what its backward passes do. */
  public static <T> T observed(Observer observer, Supplier<T> action) {
    return mode().observer(observer).call(action::get);
  }

  /** Tells whether a function is being traced: then it does all that it does step by step. */
  public static boolean isTracing() {
    return mode().trace() != null;
  }

  /**
   * Throws where reading out a tensor would silently cut the graph: in a traced function, and in
   * the recorded pullback of a custom function.
   */
  public static void checkReadOut(Tensor tensor) {
    Examples<Tensor> examples = tensor.examples();
    if (examples != null) {
      throw examples.refusal(tensor.shape());
    }
    Mode mode = mode();
    Trace trace = mode.trace();
    if (trace != null && trace.isVariable(tensor)) {
      throw new IllegalArgumentException(
          ("%s: reads out a tensor (to a number, an array or a text), but it is run on samples,"
                  + " to learn its steps; expected operations on tensors only, such as where(...)"
                  + " for a choice")
              .formatted(trace.name()));
    }
    String function = mode.sealedBy();
    if (function != null && tensor.isTracked()) {
      throw new IllegalStateException(
          ("%s: its pullback reads out a tensor (to an array or a number), so it cannot be"
                  + " differentiated again; expected a pullback in tensor operations, or a first-order"
                  + " backward()")
              .formatted(function));
    }
  }

  /** Throws in a mapped function, with what it does and what to do instead. */
  public static void checkUnmapped(String does) {
    if (mode().map() != null) {
      throw new Vmap.Refusal("map: the function " + does);
    }
  }

  /** Throws in a traced function, where a replayed value would be constant from then on. */
  static void checkReplayed() {
    Trace trace = mode().trace();
    if (trace != null && !trace.isOfPrimitives()) {
      throw new IllegalArgumentException(
          ("%s: draws random numbers or stops a gradient, which happens once, when an elementwise"
                  + " function is traced; expected such a tensor as another input")
              .formatted(trace.name()));
    }
  }

  /**
   * How operations of the current scope behave: whether they are recorded, whether results are
   * searched for anomalies, and whether tracked tensors may be read out.
   *
   * @param recording whether outputs of tracked inputs are tracked
   * @param detecting whether the first NaN or infinity throws
   * @param site the line of user code of the operation whose pullback is running while detecting:
   *     its parts are not searched one by one, and what they record is from there; null elsewhere
   * @param sealedBy the custom function whose pullback is being recorded, in which reading out a
   *     tracked tensor would silently cut the graph; null elsewhere
   * @param births where nodes get their numbers from
   * @param trace what sees every step while a function is run on samples; null elsewhere
   * @param map the innermost mapped function; null outside of all
   * @param observer what sees nodes and backward passes; null elsewhere
   */
  record Mode(
      boolean recording,
      boolean detecting,
      @Nullable String site,
      @Nullable String sealedBy,
      Node.Births births,
      @Nullable Trace trace,
      Vmap.@Nullable Level map,
      @Nullable Observer observer) {

    private static final Mode DEFAULT =
        new Mode(true, false, null, null, Node.Births.ALL, null, null, null);
    private static final ScopedValue<Mode> CURRENT = ScopedValue.newInstance();

    Mode recording(boolean on) {
      return on == recording
          ? this
          : new Mode(on, detecting, site, sealedBy, births, trace, map, observer);
    }

    Mode detecting(boolean on) {
      return on == detecting
          ? this
          : new Mode(recording, on, site, sealedBy, births, trace, map, observer);
    }

    Mode sealedBy(@Nullable String function) {
      return new Mode(recording, detecting, site, function, births, trace, map, observer);
    }

    Mode site(@Nullable String line) {
      return new Mode(recording, detecting, line, sealedBy, births, trace, map, observer);
    }

    Mode births(Node.Births numbers) {
      return new Mode(recording, detecting, site, sealedBy, numbers, trace, map, observer);
    }

    Mode map(Vmap.Level level) {
      return new Mode(recording, detecting, site, sealedBy, births, trace, level, observer);
    }

    Mode trace(@Nullable Trace seeing) {
      return new Mode(recording, detecting, site, sealedBy, births, seeing, map, observer);
    }

    Mode observer(@Nullable Observer seeing) {
      return new Mode(recording, detecting, site, sealedBy, births, trace, map, seeing);
    }

    /** Runs an action in this mode; the mode ends with the action, whatever happens. */
    <T extends @Nullable Object, X extends Throwable> T call(
        ScopedValue.CallableOp<? extends T, X> action) throws X {
      return this.equals(mode()) ? action.call() : ScopedValue.where(CURRENT, this).call(action);
    }
  }

  /** Sees every step of a function that is run once, on samples, to learn its steps. */
  public interface Trace {

    String name();

    /** Receives a step, recorded or not. */
    void step(Tensor output, Primitive primitive, Tensor[] inputs);

    /** Tells whether a tensor depends on the samples. */
    boolean isVariable(Tensor tensor);

    /** Tells whether a function of several operations is to be one step. */
    default boolean takes(String composite) {
      return false;
    }

    /** Receives a function that was taken for one step. */
    default void composite(Tensor output, String name, Object options, Tensor[] inputs) {}

    /**
     * Tells whether steps are primitives of any kind, and not what they compute by, which may be
     * others; then a function may hold values, as those of buffers.
     */
    default boolean isOfPrimitives() {
      return false;
    }
  }

  /** Sees nodes as they are made, and what backward passes do. */
  public interface Observer {

    /** Receives the node of an operation that has just been recorded. */
    default void onNode(Node node) {}

    /**
     * Receives a node that a backward pass has come to.
     *
     * @param cotangent of the node's tensor: complete, to be copied if it is to stay
     */
    default void onVisit(Node node, Tensor cotangent) {}

    /**
     * Receives what the node that was visited last adds to the cotangent of an input.
     *
     * @param input which
     * @param x the input itself
     * @param pulled what the pullback returned, perhaps of the shape that the input broadcasts to
     * @param part what is added: the same, of the input's shape
     * @param sum of all parts so far
     */
    default void onPart(int input, Tensor x, Tensor pulled, Tensor part, Tensor sum) {}
  }
}
