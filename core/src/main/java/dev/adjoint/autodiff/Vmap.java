package dev.adjoint.autodiff;

import dev.adjoint.op.BatchedInputs;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Movement;
import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Maps a function of one example over many, as {@code torch.vmap}: the function is called once, and
 * each operation in it computes all examples at once.
 *
 * <pre>{@code
 * Tensor y = Vmap.map(x -> Derivatives.hessian(f, x), points); // a hessian for each row of points
 * Tensor g = Vmap.map(64, example -> // the gradient of w for each example, of shape (64, w's axes)
 *     loss(model.forward(example.batch(images)), example.batch(targets)).backward().of(w));
 * }</pre>
 *
 * <p>The result is that of a {@linkplain #loop loop} over the examples whose results are stacked,
 * to rounding; so are gradients, of a backward pass within the function as well as of one through
 * it. Maps nest. What the function captures is the same for all examples.
 *
 * <p>In the function a tensor has the shape of one example but no elements of its own: reading them
 * out ({@code item}, {@code toDoubleArray}, an {@code if} on a comparison) throws an {@link
 * IllegalStateException} that says so, and so does drawing random numbers and changing running
 * statistics. An operation for which there is no rule for many examples at once is computed for one
 * after the other.
 */
public final class Vmap {

  private Vmap() {}

  /** One example, as the function sees it. */
  public interface Example {

    /** Returns this example's part of a tensor of all examples, which come along axis 0. */
    default Tensor of(Tensor all) {
      return of(all, 0);
    }

    /**
     * Returns this example's part of a tensor of all examples.
     *
     * @param axis along which the examples come, which the part does not have
     */
    Tensor of(Tensor all, int axis);

    /** Returns this example's part of the indices of all examples, which come along axis 0. */
    IntTensor of(IntTensor all);

    /** Returns this example as a batch of one, of shape (1, ...), as models expect it. */
    default Tensor batch(Tensor all) {
      return of(all).unsqueeze(0);
    }

    /** Returns the indices of this example as those of a batch of one, of shape (1, ...). */
    default IntTensor batch(IntTensor all) {
      int[] sizes = all.shape().toArray();
      sizes[0] = 1;
      return of(all).reshape(sizes);
    }
  }

  /**
   * Maps a function of one tensor.
   *
   * @param x of shape (examples, ...)
   * @return of shape (examples, axes of the function's result...)
   */
  public static Tensor map(UnaryOperator<Tensor> f, Tensor x) {
    return map(examples(x), example -> f.apply(example.of(x)));
  }

  /**
   * Maps a function of two tensors.
   *
   * @param x of shape (examples, ...)
   * @param y of shape (examples, ...)
   * @return of shape (examples, axes of the function's result...)
   */
  public static Tensor map(BinaryOperator<Tensor> f, Tensor x, Tensor y) {
    return map(examples(x), example -> f.apply(example.of(x), example.of(y)));
  }

  /**
   * Maps a function that takes its parts of tensors by {@link Example#of}.
   *
   * @return of shape (examples, axes of the function's result...)
   */
  public static Tensor map(int examples, Function<Example, Tensor> f) {
    return mapAll(examples, example -> Collections.singletonList(f.apply(example))).getFirst();
  }

  /** Maps a function that returns several tensors. */
  public static List<Tensor> mapAll(int examples, Function<Example, List<Tensor>> f) {
    Level around = Recorder.mode().map();
    // Without examples the function is called for one of zeros, which gives the shapes.
    Level level =
        new Level(around == null ? 1 : around.depth + 1, Math.max(1, examples), examples == 0);
    try {
      List<Tensor> results = Recorder.mode().map(level).call(() -> f.apply(level));
      return results.stream().map(level::stacked).toList();
    } finally {
      level.ended = true;
    }
  }

  /**
   * Calls a function for one example after the other: what {@link #map(int, Function)} is compared
   * with, and how to map a function that reads out tensors.
   */
  public static Tensor loop(int examples, Function<Example, Tensor> f) {
    return loopAll(examples, example -> Collections.singletonList(f.apply(example))).getFirst();
  }

  /** Calls a function that returns several tensors for one example after the other. */
  public static List<Tensor> loopAll(int examples, Function<Example, List<Tensor>> f) {
    if (examples == 0) {
      return mapAll(0, f);
    }
    List<List<Tensor>> each =
        IntStream.range(0, examples).mapToObj(i -> f.apply(new One(i, examples))).toList();
    return IntStream.range(0, each.getFirst().size())
        .mapToObj(i -> Joining.stack(0, each.stream().map(r -> r.get(i)).toArray(Tensor[]::new)))
        .toList();
  }

  private static int examples(Tensor x) {
    return x.size(x.shape().axis("map", 0));
  }

  private static void requireExamples(Tensor all, int axis, int examples) {
    int size = all.size(all.shape().axis("map", axis));
    if (size != examples) {
      throw new IllegalArgumentException(
          "map: axis %d of shape %s for %d examples; expected as many elements"
              .formatted(axis, all.shape(), examples));
    }
  }

  /** One example that is told apart. */
  private record One(int index, int examples) implements Example {
    @Override
    public Tensor of(Tensor all, int axis) {
      requireExamples(all, axis, examples);
      return all.select(axis, index);
    }

    @Override
    public IntTensor of(IntTensor all) {
      int[] sizes = all.shape().toArray();
      return all.slice(index, index + 1).reshape(Arrays.copyOfRange(sizes, 1, sizes.length));
    }
  }

  // ---- for the engine ------------------------------------------------------------------------

  /** Returns the innermost level of which there are examples, or null. */
  static @Nullable Level innermost(@Nullable Examples<?> indices, Tensor[] inputs) {
    Level level = indices == null ? null : indices.level();
    for (Tensor input : inputs) {
      Examples<Tensor> examples = input.examples();
      if (examples != null && (level == null || examples.level().depth > level.depth)) {
        level = examples.level();
      }
    }
    return level;
  }

  /** One call: all its examples. */
  static final class Level implements Example {
    private final int depth;
    private final int size;
    private final boolean isEmpty;
    private volatile boolean ended;

    private Level(int depth, int size, boolean isEmpty) {
      this.depth = depth;
      this.size = size;
      this.isEmpty = isEmpty;
    }

    int size() {
      return size;
    }

    @Override
    public Tensor of(Tensor all, int axis) {
      requireExamples(all, axis, isEmpty ? 0 : size);
      Tensor front = Movement.moved(all, all.shape().axis("map", axis), 0);
      Tensor part = example(isEmpty ? front.pad(0, 0, 1, 0) : front);
      return front.isTracked() ? part.madeBy(Node.leaf()) : part;
    }

    @Override
    public IntTensor of(IntTensor all) {
      int size = all.shape().size(all.shape().axis("map", 0));
      if (size != this.size || isEmpty) {
        throw new IllegalArgumentException(
            "map: axis 0 of indices of shape %s for %d examples; expected as many elements, and at least one"
                .formatted(all.shape(), isEmpty ? 0 : this.size));
      }
      return IntTensor.example(new Examples<>(this, all));
    }

    /** Computes a primitive for all examples; not recorded for one. */
    Tensor apply(Primitive primitive, Tensor[] inputs) {
      return example(primitive.batched(batch(inputs)));
    }

    Tensor[] elementwise(Function<Tensor[], Tensor[]> functions, Tensor[] inputs) {
      Tensor[] all = batch(inputs).aligned();
      int rank = Arrays.stream(all).mapToInt(Tensor::rank).max().orElse(0);
      return Arrays.stream(Recorder.elementwise(functions, all))
          .map(y -> y.rank() == rank ? example(y) : y) // else of none that the examples differ in
          .toArray(Tensor[]::new);
    }

    private BatchedInputs batch(Tensor[] inputs) {
      Tensor[] all = new Tensor[inputs.length];
      boolean[] mapped = new boolean[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        Examples<Tensor> examples = inputs[i].examples();
        mapped[i] = examples != null && examples.level() == this;
        all[i] = examples != null && mapped[i] ? examples.all() : inputs[i];
      }
      return new BatchedInputs(this, size, all, mapped);
    }

    private Tensor example(Tensor all) {
      if (ended) {
        throw new IllegalStateException(
            "map: a tensor of shape %s is used after the end of the mapped function that computed it; expected it among the results of the function"
                .formatted(all.shape()));
      }
      return Tensor.example(new Examples<>(this, all));
    }

    private Tensor stacked(Tensor y) {
      if (y == null) {
        throw new IllegalArgumentException("map: the function returned null; expected a tensor");
      }
      Examples<Tensor> examples = y.examples();
      Tensor all;
      if (examples != null && examples.level() == this) {
        all = examples.all();
      } else {
        Tensor one = y.unsqueeze(0);
        all = one.expand(one.shape().with(0, size));
      }
      return isEmpty ? all.slice(0, 0, 0) : all;
    }
  }

  /** Thrown where a function cannot be computed for all examples at once, but for one by one. */
  static final class Refusal extends IllegalStateException {
    private static final long serialVersionUID = 1;

    Refusal(String message) {
      super(message);
    }
  }
}
