package dev.adjoint.op;

import dev.adjoint.autodiff.Examples;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The inputs of a primitive in a mapped function, of all examples at once: what a batching rule
 * computes with. An input that is mapped has an axis of examples in front; another is the same for
 * all of them.
 */
public final class BatchedInputs {

  private final Object level;
  private final int size;
  private final Tensor[] inputs;
  private final boolean[] mapped;

  /**
   * Holds the inputs of so many examples.
   *
   * @param level whose examples they are
   */
  public BatchedInputs(Object level, int size, Tensor[] inputs, boolean[] mapped) {
    this.level = level;
    this.size = size;
    this.inputs = inputs;
    this.mapped = mapped;
  }

  int size() {
    return size;
  }

  /** Tells whether the examples have inputs of their own. */
  boolean isMapped(int input) {
    return mapped[input];
  }

  /** Returns an input as it is: of all examples, or the one that they share. */
  public Tensor get(int input) {
    return inputs[input];
  }

  /** Returns an input of all examples, repeated where they share it: (examples, ...). */
  Tensor all(int input) {
    Tensor x = inputs[input];
    return mapped[input] ? x : x.expand(with(x.shape()));
  }

  /** Returns all inputs of all examples. */
  Tensor[] all() {
    Tensor[] all = new Tensor[inputs.length];
    Arrays.setAll(all, this::all);
    return all;
  }

  /** Returns all inputs, such that the axes of the examples broadcast as in one example. */
  public Tensor[] aligned() {
    int rank = 0;
    for (int i = 0; i < inputs.length; i++) {
      rank = Math.max(rank, rank(i));
    }
    return aligned(rank);
  }

  /** Returns all inputs, with axes of size 1 after that of the examples up to a rank of each. */
  Tensor[] aligned(int rank) {
    Examples.requireRoom(rank);
    Tensor[] all = inputs.clone();
    for (int i = 0; i < all.length; i++) {
      if (mapped[i] && rank(i) < rank) {
        int[] own = all[i].shape().toArray();
        int[] sizes = new int[rank + 1];
        Arrays.fill(sizes, 1);
        sizes[0] = size;
        System.arraycopy(own, 1, sizes, sizes.length - own.length + 1, own.length - 1);
        all[i] = all[i].reshape(sizes);
      }
    }
    return all;
  }

  /** Returns the rank of an input of one example. */
  int rank(int input) {
    return inputs[input].rank() - (mapped[input] ? 1 : 0);
  }

  /** Returns indices of all examples, (examples, ...); null if they share them. */
  @Nullable IntTensor own(IntTensor index) {
    Examples<IntTensor> examples = index.examples();
    return examples != null && examples.level() == level ? examples.all() : null;
  }

  /** Returns indices of all examples, repeated where they share them: (examples, ...). */
  IntTensor all(IntTensor index) {
    IntTensor own = own(index);
    if (own != null) {
      return own;
    }
    Shape all = with(index.shape());
    int[] one = all.toArray();
    one[0] = 1;
    return Indexing.expand(index.reshape(one), all);
  }

  /** Tells whether one of these is an example of many. */
  static boolean hasExamples(Tensor... tensors) {
    return Arrays.stream(tensors).anyMatch(x -> x.examples() != null);
  }

  /** Returns the shape of an input of one example. */
  Shape shape(int input) {
    int[] sizes = inputs[input].shape().toArray();
    return Shape.of(Arrays.copyOfRange(sizes, mapped[input] ? 1 : 0, sizes.length));
  }

  /** Returns a shape with the axis of the examples in front. */
  Shape with(Shape shape) {
    Examples.requireRoom(shape.rank());
    int[] sizes = new int[shape.rank() + 1];
    sizes[0] = size;
    System.arraycopy(shape.toArray(), 0, sizes, 1, shape.rank());
    return Shape.of(sizes);
  }

  /** Returns axes of an example as those of all. */
  static int[] shifted(int... axes) {
    return Arrays.stream(axes).map(axis -> axis + 1).toArray();
  }

  /** Applies an operation on the slices of an axis 0 to those of an axis of all examples. */
  Tensor slices(int axis, Primitive operation, Tensor source) {
    boolean isMapped = source.rank() > rank(0);
    Tensor lines = Movement.moved(source, isMapped ? axis + 1 : axis, isMapped ? 1 : 0);
    Tensor y = Recorder.apply(operation, isMapped ? lines.flatten(0, 1) : lines);
    int[] sizes = y.shape().toArray();
    sizes[0] /= size;
    return Movement.moved(y.reshape(with(Shape.of(sizes))), 1, axis + 1);
  }

  /** Returns the indices of all examples (examples, n) into slices that lie so far apart. */
  static IntTensor apart(IntTensor index, int step) {
    int n = index.shape().size(1);
    int[] values = index.toArray();
    Arrays.setAll(values, i -> values[i] + i / n * step);
    return IntTensor.of(values);
  }

  /** Computes one example after the other: the rule of a primitive that has no other. */
  Tensor loop(Primitive primitive) {
    Tensor[] results = new Tensor[size];
    for (int i = 0; i < size; i++) {
      Tensor[] x = inputs.clone();
      for (int j = 0; j < x.length; j++) {
        x[j] = mapped[j] ? x[j].select(0, i) : x[j];
      }
      results[i] = Recorder.apply(primitive, x);
    }
    return Joining.stack(0, results);
  }
}
