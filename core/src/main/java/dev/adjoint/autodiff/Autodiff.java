package dev.adjoint.autodiff;

import dev.adjoint.op.BatchedInputs;
import dev.adjoint.op.ElementwiseFunction;
import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Controls what is recorded, and defines functions with gradients of their own. */
public final class Autodiff {

  private Autodiff() {}

  /**
   * Computes without recording: nothing inside is tracked, and nothing is kept for a backward pass.
   * Recording resumes when the action ends, whatever happens.
   */
  public static <T extends @Nullable Object> T noGrad(Supplier<? extends T> action) {
    return Recorder.mode().recording(false).call(action::get);
  }

  /** Computes without recording. */
  public static void noGrad(Runnable action) {
    noGrad(() -> {
      action.run();
      return null;
    });
  }

  /**
   * Computes and checks every result: the first NaN or infinity, forward or backward, throws an
   * {@link AnomalyException} with the operation, the shapes of its inputs and the line of user code
   * that computed it. Slow: every result is searched.
   *
   * <p>An operation whose inputs contain an infinity may return one: a mask of {@code -inf} passes
   * through a sum, and the softmax after it is finite. A gradient may not be infinite at all.
   */
  public static <T extends @Nullable Object> T detectAnomalies(Supplier<? extends T> action) {
    return Recorder.mode().detecting(true).call(action::get);
  }

  /** Computes and checks every result. */
  public static void detectAnomalies(Runnable action) {
    detectAnomalies(() -> {
      action.run();
      return null;
    });
  }

  /**
   * Returns the same elements as a constant: gradients do not flow through. A gradient check holds
   * the constant at its base point ({@link Replay}).
   */
  public static Tensor stopGradient(Tensor x) {
    Examples<Tensor> examples = x.examples();
    return examples == null
        ? Replay.value(x::untracked)
        : Tensor.example(examples.with(stopGradient(examples.all())));
  }

  /**
   * Returns the same elements; in a backward pass, the cotangent passes through a function: to
   * print, scale or clip it.
   *
   * @param hook receives the cotangent and returns one of the same shape, which is converted to its
   *     type
   */
  public static Tensor onGradient(Tensor x, UnaryOperator<Tensor> hook) {
    return Recorder.apply(new GradientHook(hook), x);
  }

  /**
   * Computes a tensor without keeping what its gradient needs, and computes it again when the
   * gradient is asked for: less memory, more time, the same bits. Random draws are replayed;
   * effects such as running statistics happen once.
   *
   * <p>Gradients of every order have the same bits as without a checkpoint, as long as nothing but
   * the result is used outside of the computation. (A tensor that it leaves in a field, say, has
   * the right gradient too, but parts of it are added in another order.) Checkpoints may be nested;
   * the innermost of n is then computed n + 1 times. A {@link Backward#createGraph()} keeps what it
   * computes again for as long as the result.
   *
   * @param computation a function of tensors that it captures, of which gradients may be wanted
   * @throws IllegalStateException in the backward pass, if the computation gives another result or
   *     depends on other tensors than the first time
   */
  public static Tensor checkpoint(Supplier<Tensor> computation) {
    return Rematerialization.apply(computation);
  }

  /** Applies a function with a pullback of its own. */
  public static Tensor apply(CustomFunction function, Tensor... inputs) {
    return Recorder.apply(new CustomPrimitive(function), inputs.clone());
  }

  /**
   * Returns an elementwise function, composed of others, that runs as fast as a built-in one:
   *
   * <pre>{@code
   * UnaryOperator<Tensor> mish = Autodiff.elementwise("mish", x -> x.times(softplus(x).tanh()));
   * }</pre>
   *
   * <p>The function is run once for each element type, on samples, to learn its steps. From then on
   * all of them take one pass over the elements, forward and for the gradient; memory is allocated
   * for the result and for the cotangents only. Values have the bits of the composition, and so
   * have gradients, up to the order of sums over axes that broadcast; where a gradient is itself
   * recorded, the function is called again, for every order there is.
   *
   * <p>It may consist of arithmetic, comparisons, {@code where}, {@code clamp} and functions of
   * single values, applied to its inputs and to numbers. Numbers (and tensors of one value) that it
   * captures keep the values of the first run; what changes must be an input.
   *
   * @param name for messages
   * @throws IllegalArgumentException if it reads out elements, is not elementwise, draws random
   *     numbers, stops a gradient or uses tensors that are not its inputs, with what and why
   */
  public static UnaryOperator<Tensor> elementwise(String name, UnaryOperator<Tensor> function) {
    return new ElementwiseFunction(name, 1, x -> function.apply(x[0])).checked()::apply;
  }

  /**
   * Returns an elementwise function of two tensors, as {@link #elementwise(String, UnaryOperator)}
   * does: {@code elementwise("huber", (x, t) -> ...)}. The inputs broadcast and promote their
   * types.
   */
  public static BinaryOperator<Tensor> elementwise(String name, BinaryOperator<Tensor> function) {
    return new ElementwiseFunction(name, 2, x -> function.apply(x[0], x[1])).checked()::apply;
  }

  /** A function of three tensors. */
  @FunctionalInterface
  public interface TernaryOperator {
    /** Computes a tensor from three. */
    Tensor apply(Tensor x, Tensor y, Tensor z);
  }

  /** Returns a function of three tensors, as {@link #elementwise(String, BinaryOperator)} does. */
  public static TernaryOperator elementwise(String name, TernaryOperator function) {
    return new ElementwiseFunction(name, 3, x -> function.apply(x[0], x[1], x[2])).checked()::apply;
  }

  /** The identity, whose cotangent passes through a function. */
  private record GradientHook(UnaryOperator<Tensor> hook) implements Primitive.Open {
    @Override
    public String name() {
      return "onGradient";
    }

    @Override
    public Tensor forward(Tensor... x) {
      return x[0].alias();
    }

    @Override
    public Tensor batched(BatchedInputs x) {
      return onGradient(x.get(0), g -> Vmap.map(hook, g));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      Tensor changed = hook.apply(g);
      if (changed == null) {
        throw new IllegalStateException(
            "onGradient: the hook returned null for a gradient of shape %s; expected a tensor of the same shape"
                .formatted(g.shape()));
      }
      if (!changed.shape().equals(g.shape())) {
        throw new IllegalStateException(
            "onGradient: the hook turned a gradient of shape %s into %s; expected the same shape"
                .formatted(g.shape(), changed.shape()));
      }
      return changed.to(g.dtype());
    }
  }

  /** A user's function as a primitive of the graph. */
  private record CustomPrimitive(CustomFunction function) implements Primitive.Open {
    @Override
    public String name() {
      return function.name();
    }

    @Override
    public Tensor forward(Tensor... x) {
      Recorder.Mode mode = Recorder.mode().recording(false).sealedBy(null);
      Tensor y = mode.call(() -> function.forward(List.of(x)));
      if (y == null) {
        throw new IllegalStateException(name() + ": forward returned null; expected a tensor");
      }
      // A function may return one of its inputs, or a tensor that it keeps: the graph needs one of
      // its own.
      return y.alias();
    }

    @Override
    public @Nullable Tensor[] pullbacks(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
      Recorder.Mode mode = Recorder.mode();
      Recorder.Mode sealed = mode.recording() ? mode.sealedBy(name()) : mode;
      List<Tensor> cotangents = sealed.call(() -> function.pullback(g, List.of(x), y));
      if (cotangents == null || cotangents.size() != x.length) {
        throw new IllegalStateException(
            cotangents == null
                ? "%s: the pullback returned null; expected a list of %d cotangents, one for each input"
                    .formatted(name(), x.length)
                : "%s: the pullback returned %d cotangents for %d inputs; expected one for each"
                    .formatted(name(), cotangents.size(), x.length));
      }
      @Nullable Tensor[] result = new Tensor[x.length];
      for (int i = 0; i < x.length; i++) {
        Tensor cotangent = cotangents.get(i);
        if (cotangent == null) {
          throw new IllegalStateException(
              "%s: the pullback returned null for input %d; expected a cotangent of shape %s, zeros if it has no influence"
                  .formatted(name(), i, x[i].shape()));
        }
        if (!cotangent.shape().equals(x[i].shape())) {
          throw new IllegalStateException(
              "%s: the pullback returned a cotangent of shape %s for input %d of shape %s; expected equal shapes%s"
                  .formatted(
                      name(), cotangent.shape(), i, x[i].shape(), remedy(cotangent, x[i].shape())));
        }
        result[i] = cotangent.to(x[i].dtype());
      }
      return result;
    }

    /** Says how a cotangent comes to the shape of an input, if that is plain. */
    private static String remedy(Tensor cotangent, Shape input) {
      if (input.broadcastsTo(cotangent.shape())) {
        return ": the input was broadcast, so sum over axes "
            + Arrays.toString(input.repeatedIn(cotangent.shape()));
      }
      return cotangent.shape().broadcastsTo(input)
          ? ": several elements of the input make one of the output, so spread its cotangent over"
              + " them"
          : "";
    }
  }
}
