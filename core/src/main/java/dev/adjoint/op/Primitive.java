package dev.adjoint.op;

import com.google.common.base.CaseFormat;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.Tensor;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An operation that the engine can differentiate.
 *
 * <p>Primitives are data: enum rows and records, whose components are the attributes of the step.
 * The graph can therefore be printed, drawn and rewritten. Everything else is composed of them.
 */
public sealed interface Primitive
    permits Primitive.Broadcasting,
        Movement,
        Pad,
        Reductions.Fold,
        Length,
        CumulativeSum,
        LinearRecurrence,
        MatMul,
        Joining.Concat,
        Indexing.Gather,
        Indexing.ScatterAdd,
        Slices,
        CrossEntropy,
        SymmetricRoot,
        MatrixFunction,
        Solve,
        Determinant.Value,
        Determinant.Gradient,
        Windows.Unfold,
        Windows.Fold,
        Convolution.Conv,
        Standardize.Fused,
        ScaledDotProduct.Fused,
        LongShortTermMemory.Fused,
        Primitive.Open {

  /** Returns the name: by default that of the class, of a row of a table its own. */
  default String name() {
    return CaseFormat.UPPER_CAMEL.to(CaseFormat.LOWER_CAMEL, getClass().getSimpleName());
  }

  /** Returns the name for messages: of a row of a table, as its operation is written. */
  default String title() {
    return this instanceof Enum<?>
        ? CaseFormat.UPPER_UNDERSCORE.to(CaseFormat.LOWER_CAMEL, name())
        : name();
  }

  /** Returns the name in tables: that of the class, and of its row or kind, as "Unary.EXP". */
  default String key() {
    Class<?> type = this instanceof Enum<?> row ? row.getDeclaringClass() : getClass();
    Class<?> outer = type.getEnclosingClass();
    String name = (outer == null ? "" : outer.getSimpleName() + ".") + type.getSimpleName();
    if (this instanceof Enum<?> row) {
      return name + "." + row.name();
    }
    Map<String, Object> attributes = attributes();
    for (String kind : List.of("kind", "side")) {
      name += attributes.get(kind) instanceof Enum<?> row ? "." + row.name() : "";
    }
    return name;
  }

  /**
   * Returns the attributes of this step by name, as {@code axes} of a sum: none of a row of a table
   * or of a class that hides them.
   */
  default Map<String, Object> attributes() {
    Map<String, Object> attributes = new LinkedHashMap<>();
    if (getClass().isRecord()) {
      for (RecordComponent component : getClass().getRecordComponents()) {
        try {
          Object value =
              component.getAccessor().trySetAccessible()
                  ? component.getAccessor().invoke(this)
                  : null;
          if (value != null) {
            attributes.put(component.getName(), value);
          }
        } catch (ReflectiveOperationException e) {
          throw new IllegalStateException(name() + ": " + component + " cannot be read", e);
        }
      }
    }
    return attributes;
  }

  /** Computes the output: a new, untracked tensor. */
  Tensor forward(Tensor... x);

  /**
   * Computes the cotangent of one input, in tensor operations; left out by primitives whose {@link
   * #pullbacks} computes all at once.
   *
   * <p>It may have the shape to which the input was broadcast: the backward pass sums it to the
   * input's own.
   *
   * @param input which
   * @param g the cotangent of the output, of its shape
   * @param x the inputs
   * @param y the output
   */
  default Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    throw new AssertionError(name() + ": pullbacks computes all cotangents at once");
  }

  /**
   * Computes the cotangents of the inputs that need one; overridden where computing them together
   * is cheaper.
   *
   * @return one entry an input, null where not needed
   */
  default @Nullable Tensor[] pullbacks(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
    @Nullable Tensor[] cotangents = new Tensor[x.length];
    for (int i = 0; i < x.length; i++) {
      cotangents[i] = needed[i] ? pullback(i, g, x, y) : null;
    }
    return cotangents;
  }

  /**
   * Computes the output in a mapped function, for all examples at once, in tensor operations: by
   * default one example after the other.
   *
   * @return of shape (examples, axes of the output...)
   */
  default Tensor batched(BatchedInputs x) {
    return x.loop(this);
  }

  /** Tells whether gradients flow through; comparisons, for one, return constants. */
  default boolean isDifferentiable() {
    return true;
  }

  /** A primitive that computes many examples as one: elementwise, or of the last axes alone. */
  sealed interface Broadcasting extends Primitive
      permits Unary,
          Binary,
          Where,
          Clamp,
          Cast,
          Contiguous,
          RowOp,
          Diagonal,
          Diagonal.Embed,
          SymmetricEigen,
          Cholesky,
          QR,
          SVD,
          PseudoInverse,
          ElementwiseFunction {
    @Override
    default Tensor batched(BatchedInputs x) {
      return Recorder.apply(this, x.aligned());
    }
  }

  /**
   * A primitive that is not the engine's own: a hook, a checkpoint or a user's function, which may
   * keep the tensors that it sees in a backward pass.
   */
  non-sealed interface Open extends Primitive {}
}
