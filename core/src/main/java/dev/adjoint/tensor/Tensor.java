package dev.adjoint.tensor;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Examples;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Node;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Storage;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An n-dimensional array of floating-point numbers that records how it was computed where gradients
 * are wanted.
 *
 * <p>A tensor is an immutable value: operations return new tensors. Those that only rearrange
 * (reshape, transpose, slice, ...) share the elements with their input and copy nothing. It has a
 * {@linkplain #shape() shape} of 0 to 8 axes and a {@linkplain #dtype() type}; operations on two
 * tensors broadcast shapes by NumPy's rule and {@linkplain DType#promote promote} types.
 *
 * <p>A tensor is <em>tracked</em> when it depends on a {@link dev.adjoint.autodiff.Parameter} or on
 * a tensor made by {@link #tracked()}; then {@link #backward()} computes the gradients:
 *
 * <pre>{@code
 * Tensor x = Tensor.of(1f, 2f, 3f).tracked();
 * Tensor y = x.times(x).sum();
 * y.backward().of(x); // [2, 4, 6]
 * }</pre>
 *
 * <p>Methods do elementwise arithmetic, reductions and changes of shape; other operations are
 * static functions by topic in {@code dev.adjoint.op}. Tensors are safe to share between threads.
 */
@SuppressWarnings("InvalidBlockTag") // Error Prone does not know @hidden
public final class Tensor implements TensorArithmetic, TensorReductions, TensorViews {

  private final Storage storage;
  private final int generation;
  private final DType dtype;
  private final Shape shape;
  private final int[] strides;
  private final int offset;
  private final boolean contiguous;
  private final @Nullable Examples<Tensor> examples;
  private @Nullable Node node;

  @SuppressWarnings("ReferenceEquality") // the common case, told apart without a loop
  private Tensor(
      Storage storage,
      int generation,
      DType dtype,
      Shape shape,
      int[] strides,
      int offset,
      @Nullable Examples<Tensor> examples) {
    this.storage = storage;
    this.generation = generation;
    this.dtype = dtype;
    this.shape = shape;
    this.strides = strides;
    this.offset = shape.size() == 0 ? 0 : offset; // no elements start nowhere, not past the end
    this.contiguous = strides == shape.sharedStrides() || shape.isContiguous(strides);
    this.examples = examples;
  }

  // ---- creation ------------------------------------------------------------------------------

  /** Returns a float32 tensor of shape (values.length) with these values. */
  public static Tensor of(float... values) {
    return of(values, values.length);
  }

  /** Returns a float64 tensor of shape (values.length) with these values. */
  public static Tensor of(double... values) {
    return of(values, values.length);
  }

  /**
   * Returns a float32 tensor with these values, the last axis varying fastest.
   *
   * @param sizes the shape; its product is the number of values
   */
  public static Tensor of(float[] values, int... sizes) {
    return contiguous(
        new Storage(values.clone()), DType.FLOAT32, Shape.filled(values.length, sizes));
  }

  /**
   * Returns a float64 tensor with these values, the last axis varying fastest.
   *
   * @param sizes the shape; its product is the number of values
   */
  public static Tensor of(double[] values, int... sizes) {
    return contiguous(
        new Storage(values.clone()), DType.FLOAT64, Shape.filled(values.length, sizes));
  }

  /** Returns a float32 tensor of shape (values.length, values[0].length). */
  public static Tensor of(float[][] values) {
    return NestedArrays.read(values, DType.FLOAT32, 2);
  }

  /** Returns a float64 tensor of shape (values.length, values[0].length). */
  public static Tensor of(double[][] values) {
    return NestedArrays.read(values, DType.FLOAT64, 2);
  }

  /** Returns a float32 tensor with the shape of a rectangular array. */
  public static Tensor of(float[][][] values) {
    return NestedArrays.read(values, DType.FLOAT32, 3);
  }

  /** Returns a float64 tensor with the shape of a rectangular array. */
  public static Tensor of(double[][][] values) {
    return NestedArrays.read(values, DType.FLOAT64, 3);
  }

  /** Returns a float32 tensor with the shape of a rectangular array. */
  public static Tensor of(float[][][][] values) {
    return NestedArrays.read(values, DType.FLOAT32, 4);
  }

  /** Returns a float64 tensor with the shape of a rectangular array. */
  public static Tensor of(double[][][][] values) {
    return NestedArrays.read(values, DType.FLOAT64, 4);
  }

  /** Returns a float32 scalar: a tensor of rank 0. */
  public static Tensor scalar(double value) {
    return scalar(value, DType.FLOAT32);
  }

  /** Returns a scalar (a tensor of rank 0) of the given type. */
  public static Tensor scalar(double value, DType dtype) {
    Object array = dtype.elements().uninitialized(1);
    dtype.elements().set(array, 0, value);
    return contiguous(new Storage(array), dtype, Shape.of());
  }

  // ---- what it is ----------------------------------------------------------------------------

  /** Returns the sizes of the axes. */
  public Shape shape() {
    return shape;
  }

  /** Returns the size of one axis; negative axes count from the last. */
  public int size(int axis) {
    return shape.size(axis);
  }

  /** Returns the number of elements. */
  public int size() {
    return shape.size();
  }

  /** Returns the number of axes. */
  public int rank() {
    return shape.rank();
  }

  /** Returns the type of the elements. */
  public DType dtype() {
    return dtype;
  }

  // ---- reading -------------------------------------------------------------------------------

  /**
   * Returns the only element.
   *
   * @throws IllegalStateException if there is not exactly one
   */
  public double item() {
    Recorder.checkReadOut(this);
    if (size() != 1) {
      throw new IllegalStateException(
          "item: a tensor of shape %s has %d elements, expected exactly 1"
              .formatted(shape, size()));
    }
    return element(offset);
  }

  /**
   * Returns one element.
   *
   * @param index one index an axis; negative ones count from the end
   * @throws IndexOutOfBoundsException if an index is outside its axis
   */
  public double get(int... index) {
    Recorder.checkReadOut(this);
    return element(offset + shape.distance(strides, index));
  }

  private double element(int position) {
    double value = dtype.elements().get(storage().array(), position);
    checkAfterReading();
    return value;
  }

  /** Returns the elements, rounded to float32, as a new array, the last axis varying fastest. */
  public float[] toFloatArray() {
    return (float[]) to(DType.FLOAT32).freshArray();
  }

  /** Returns the elements as a new array, the last axis varying fastest. */
  public double[] toDoubleArray() {
    return (double[]) to(DType.FLOAT64).freshArray();
  }

  /**
   * Returns the elements as nested arrays, as {@code float[][]} for a float32 tensor of rank 2.
   *
   * @param type the array type, as in {@code float[][].class}; its depth is the rank
   */
  public <T> T toNestedArray(Class<T> type) {
    return type.cast(NestedArrays.write(this, type));
  }

  /**
   * Returns a string with shape, type and aligned values; long axes are abridged. Numbers have four
   * decimals, those of float64 up to eight.
   */
  @Override
  public String toString() {
    return TensorPrinter.print(this);
  }

  /**
   * Returns a string as {@link #toString()} does, with another number of decimals.
   *
   * @param decimals 0 to 17; whole numbers have none anyway
   */
  public String toString(int decimals) {
    return TensorPrinter.print(this, decimals);
  }

  // ---- gradients -----------------------------------------------------------------------------

  /** Returns a leaf of the graph: the same elements, for which gradients can be asked. */
  public Tensor tracked() {
    return alias().madeBy(Node.leaf());
  }

  /**
   * Returns a tensor with the same elements through which no gradient flows, as {@code detach} of
   * PyTorch; nothing is copied. In a gradient check it changes with its input, other than the
   * result of {@link dev.adjoint.autodiff.Autodiff#stopGradient}.
   */
  public Tensor untracked() {
    return node == null ? this : alias();
  }

  /** Tells whether gradients flow through this tensor. */
  public boolean isTracked() {
    return node != null;
  }

  /**
   * Computes the gradients of this scalar with respect to each parameter and tracked tensor behind
   * it.
   *
   * @throws IllegalStateException if this is not a scalar (pass a seed then) or is not tracked
   */
  public Gradients backward() {
    return Backward.DEFAULT.of(this);
  }

  /**
   * Computes the gradients of {@code sum(this * seed)}.
   *
   * @param seed the cotangent of this tensor, of the same shape
   */
  public Gradients backward(Tensor seed) {
    return Backward.DEFAULT.seed(seed).of(this);
  }

  // ---- for the engine: hidden from the documentation (ADR 45) ---------------------------------

  /**
   * Engine only: returns a tensor over all of a new storage.
   *
   * @hidden
   */
  @SuppressWarnings("exports")
  public static Tensor contiguous(Storage storage, DType dtype, Shape shape) {
    return new Tensor(storage, storage.generation(), dtype, shape, shape.sharedStrides(), 0, null);
  }

  /**
   * Engine only: returns a tensor for the elements that a storage has after it is invalidated.
   *
   * @hidden
   */
  @SuppressWarnings("exports")
  public static Tensor upcoming(Storage storage, DType dtype, Shape shape) {
    return new Tensor(
        storage, storage.generation() + 1, dtype, shape, shape.sharedStrides(), 0, null);
  }

  /**
   * Engine only: returns the tensor that stands for one example of many in a mapped function.
   *
   * @hidden
   */
  public static Tensor example(Examples<Tensor> examples) {
    Tensor all = examples.all();
    Shape one = all.shape.reduced(new int[] {0}, false);
    return new Tensor(
        all.storage, all.generation, all.dtype, one, one.sharedStrides(), 0, examples);
  }

  /**
   * Engine only: returns what this tensor of a mapped function stands for; null elsewhere.
   *
   * @hidden
   */
  public @Nullable Examples<Tensor> examples() {
    return examples;
  }

  /**
   * Engine only: returns an untracked tensor with the same elements, which is not this one.
   *
   * @hidden
   */
  public Tensor alias() {
    return examples == null
        ? view(shape, strides, offset)
        : example(examples.with(examples.all().untracked()));
  }

  /**
   * Engine only: returns an untracked tensor over this tensor's elements, arranged otherwise.
   *
   * @hidden
   */
  public Tensor view(Shape newShape, int[] newStrides, int newOffset) {
    checkReadable();
    return new Tensor(storage, generation, dtype, newShape, newStrides, newOffset, null);
  }

  /**
   * Engine only: returns the storage, checked to hold what this tensor saw at its birth.
   *
   * @hidden
   */
  @SuppressWarnings("exports")
  public Storage storage() {
    checkReadable();
    storage.check(generation);
    return storage;
  }

  private void checkReadable() {
    if (examples != null) {
      throw examples.refusal(shape);
    }
  }

  /**
   * Engine only: returns the storage, unchecked: for who owns it, not for who reads it.
   *
   * @hidden
   */
  @SuppressWarnings("exports")
  public Storage ownStorage() {
    return storage;
  }

  /**
   * Engine only: tells whether this is a view of the elements that another tensor views.
   *
   * @hidden
   */
  public boolean sharesElements(Tensor other) {
    return storage == other.storage;
  }

  /**
   * Engine only: throws if the elements were replaced since this tensor's birth, perhaps while the
   * caller read them.
   *
   * @hidden
   */
  public void checkAfterReading() {
    storage.checkAfter(generation);
  }

  /**
   * Engine only: returns the steps between neighbors along each axis, in elements; not to be
   * changed.
   *
   * @hidden
   */
  public int[] strides() {
    return strides;
  }

  /**
   * Engine only: returns the position of the first element in the storage.
   *
   * @hidden
   */
  public int offset() {
    return offset;
  }

  /**
   * Engine only: tells whether the elements lie one after another from {@link #offset()}.
   *
   * @hidden
   */
  public boolean isContiguous() {
    return contiguous;
  }

  /**
   * Engine only: returns what made this tensor, or null if it is not tracked.
   *
   * @hidden
   */
  public @Nullable Node node() {
    return node;
  }

  /**
   * Engine only: makes this new tensor the output of a node.
   *
   * @hidden
   */
  public Tensor madeBy(Node maker) {
    if (node != null) {
      throw new IllegalStateException("a tensor has one maker");
    }
    node = Objects.requireNonNull(maker);
    return this;
  }

  /** Returns the elements in order in an array of exactly their number that nobody else has. */
  private Object freshArray() {
    Recorder.checkReadOut(this);
    Tensor flat = untracked().contiguous();
    Object result = dtype.elements().uninitialized(size());
    System.arraycopy(flat.storage().array(), flat.offset, result, 0, size());
    flat.checkAfterReading();
    return result;
  }
}
