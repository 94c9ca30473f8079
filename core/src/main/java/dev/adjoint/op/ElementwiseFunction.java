package dev.adjoint.op;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An elementwise function that is composed of others and runs, like its gradient, in one pass;
 * {@link Autodiff#elementwise(String, UnaryOperator)} tells what it may do.
 */
public sealed class ElementwiseFunction implements Primitive.Broadcasting permits Normalized {

  private final String name;
  private final int arity;
  private final Function<Tensor[], Tensor> definition;
  private final Program.Cache forward;
  private final Program.Pullbacks pullbacks;

  /** Makes a function of so many tensors, which is traced when it is first called. */
  public ElementwiseFunction(String name, int arity, Function<Tensor[], Tensor> definition) {
    this(name, arity, definition, null);
  }

  /** Makes a function with another gradient than its definition has. */
  ElementwiseFunction(
      String name,
      int arity,
      Function<Tensor[], Tensor> definition,
      Program.Pullbacks.@Nullable Rule pullback) {
    this.name = name;
    this.arity = arity;
    this.definition = definition;
    this.forward = new Program.Cache(name, arity, 1, (key, x) -> new Tensor[] {traced(x)});
    this.pullbacks =
        new Program.Pullbacks(name, arity, 0, pullback == null ? this::composed : pullback);
  }

  /**
   * Traces the function now.
   *
   * @throws IllegalArgumentException if it is not elementwise, with the reason
   */
  public ElementwiseFunction checked() {
    program(DType.FLOAT32);
    return this;
  }

  private Tensor traced(Tensor[] samples) {
    Tensor y = definition.apply(samples);
    DType dtype = samples[0].dtype();
    if (y == null || y.dtype() != dtype) {
      throw new IllegalArgumentException(
          "%s: the function returned %s for %s tensors; expected a tensor of their type"
              .formatted(name, y == null ? "null" : "a " + y.dtype() + " tensor", dtype));
    }
    return y;
  }

  private Program program(DType dtype) {
    Program program = forward.of(dtype, 0);
    if (program.inputs().length == 0) {
      throw new IllegalArgumentException(
          name + ": the function does not depend on its inputs; expected one that does");
    }
    return program;
  }

  /** Applies the function to every element, after promotion and broadcasting. */
  public Tensor apply(Tensor... inputs) {
    if (inputs.length != arity) {
      throw new IllegalArgumentException(
          "%s: %d tensors; expected %d".formatted(name, inputs.length, arity));
    }
    Tensor[] x = Engine.promoted(inputs);
    return Recorder.isTracing()
        ? Recorder.composite(name, this, () -> definition.apply(x), x)
        : Recorder.apply(this, x);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Tensor forward(Tensor... x) {
    return program(x[0].dtype()).run(x)[0];
  }

  @Override
  public @Nullable Tensor[] pullbacks(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
    return pullbacks.apply(needed, g, x, y);
  }

  /** Differentiates the definition, operation by operation. */
  private @Nullable Tensor[] composed(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
    List<Tensor> wanted = new ArrayList<>();
    for (int i = 0; i < arity; i++) {
      if (needed[i]) {
        wanted.add(x[i]);
      }
    }
    Function<List<Tensor>, Tensor> function =
        some -> {
          Iterator<Tensor> next = some.iterator();
          Tensor[] own = x.clone();
          Arrays.setAll(own, i -> needed[i] ? next.next() : x[i]);
          return definition.apply(own);
        };
    Iterator<Tensor> gradients = Derivatives.vjp(function, wanted, g).iterator();
    @Nullable Tensor[] cotangents = new Tensor[arity];
    for (int i = 0; i < arity; i++) {
      cotangents[i] = needed[i] ? gradients.next() : null;
    }
    return cotangents;
  }
}
