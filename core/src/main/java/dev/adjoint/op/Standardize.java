package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Subtracts the mean of sets of elements and divides by their deviation: the heart of every
 * normalization.
 *
 * <p>A set is what lies along the reduction axes; there is one for each combination of the others.
 * With {@code mu} and {@code sigma} of its set, {@code y = (x - mu) / sigma}, where {@code sigma =
 * sqrt(variance + epsilon)}; not centred, {@code y = x / sqrt(mean(x^2) + epsilon)}. A set with
 * {@code sigma} 0 becomes zeros, with gradients 0.
 */
public final class Standardize {

  private Standardize() {}

  /**
   * Holds what standardizing gives.
   *
   * @param y the standardized elements, of the shape of x
   * @param mean of each set, of the shape of x without the reduction axes; 0 where not centred;
   *     untracked
   * @param variance biased, of each set; the mean square where not centred; untracked
   */
  public record Standardized(Tensor y, Tensor mean, Tensor variance) {}

  /**
   * Standardizes the sets of elements along the reduction axes.
   *
   * @param centred whether the mean is subtracted
   * @param epsilon at least 0, added to the variance
   * @param reductionAxes none means all
   */
  public static Standardized standardize(
      Tensor x, boolean centred, double epsilon, int... reductionAxes) {
    if (!(epsilon >= 0)) {
      throw new IllegalArgumentException(
          "standardize: epsilon %s for shape %s; expected at least 0"
              .formatted(epsilon, x.shape()));
    }
    int[] axes = x.shape().axes("standardize", reductionAxes);
    Result result = compute(x.untracked(), centred, epsilon, axes);
    Fused primitive = new Fused(centred, epsilon, axes, result.inverse);
    return new Standardized(Recorder.record(result.y, primitive, x), result.mean, result.variance);
  }

  /** Standardizes by the definition: what the kernel is compared with. */
  static Tensor composed(Tensor x, boolean centred, double epsilon, int... reductionAxes) {
    int[] axes = x.shape().axes("standardize", reductionAxes);
    Tensor deviation = centred ? Reductions.centred(x, axes) : x;
    return deviation.times(inverseOf(deviation, epsilon, axes));
  }

  /** Returns 1 / sigma of each set of deviations, in tensor operations; 0 where sigma is 0. */
  private static Tensor inverseOf(Tensor deviation, double epsilon, int[] axes) {
    int n = 1;
    for (int axis : axes) {
      n *= deviation.size(axis);
    }
    Tensor sigma = Reductions.length(deviation.times(1 / Math.sqrt(n)), epsilon, true, axes);
    if (epsilon > 0) {
      return sigma.reciprocal();
    }
    Tensor isZero = sigma.untracked().equal(0);
    return Where.where(isZero, Tensor.scalar(0, sigma.dtype()), sigma.plus(isZero).reciprocal());
  }

  private record Result(Tensor y, Tensor mean, Tensor variance, Tensor inverse) {}

  private static Result compute(Tensor x, boolean centred, double epsilon, int[] axes) {
    Layout layout = Layout.of(x.shape(), axes);
    DType dtype = x.dtype();
    Kernels kernels = Engine.kernels(dtype);
    Object in = layout.array(x);
    Object y = Engine.uninitialized(dtype, x.size());
    Object mean = Engine.uninitialized(dtype, layout.c);
    Object variance = Engine.uninitialized(dtype, layout.c);
    Object inverse = Engine.uninitialized(dtype, layout.c);
    layout.inChunks((from, to) ->
        kernels.standardize(
            in, layout.a, layout.c, layout.b, from, to, centred, epsilon, y, mean, variance,
            inverse));
    Shape statistics = x.shape().reduced(axes, false);
    return new Result(
        layout.tensor(y, dtype),
        Engine.tensor(mean, dtype, statistics),
        Engine.tensor(variance, dtype, statistics),
        Engine.tensor(inverse, dtype, statistics));
  }

  /**
   * Standardizes by one kernel, and differentiates by another.
   *
   * @param axes to reduce, ascending
   * @param inverse 1 / sigma of each set, kept for the backward kernel
   */
  record Fused(boolean centred, double epsilon, int[] axes, Tensor inverse) implements Primitive {
    @Override
    public String name() {
      return "standardize";
    }

    @Override
    public Tensor forward(Tensor... x) {
      return compute(x[0].untracked(), centred, epsilon, axes).y;
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.isOn() ? composedPullback(g, x[0], y) : fusedPullback(g, y);
    }

    private Tensor fusedPullback(Tensor g, Tensor y) {
      Layout layout = Layout.of(y.shape(), axes);
      Kernels kernels = Engine.kernels(y.dtype());
      Object q = layout.array(g);
      Object output = layout.array(y);
      Object inverses = Engine.array(inverse);
      Object dx = Engine.uninitialized(y.dtype(), y.size());
      layout.inChunks((from, to) ->
          kernels.standardizePullback(
              q, output, inverses, layout.a, layout.c, layout.b, from, to, centred, dx));
      return layout.tensor(dx, y.dtype());
    }

    /**
     * (g - mean(g) - y mean(g y)) / sigma. Both y and sigma are functions of x here, so that this
     * can be differentiated as often as wanted.
     */
    private Tensor composedPullback(Tensor g, Tensor x, Tensor y) {
      Tensor deviation = centred ? Reductions.centred(x, axes) : x;
      Tensor along = y.times(Reductions.mean(g.times(y), true, axes));
      Tensor rest = centred ? g.minus(Reductions.mean(g, true, axes)) : g;
      return rest.minus(along).times(inverseOf(deviation, epsilon, axes));
    }
  }

  /**
   * Arranges a shape as (a, c, b), where c counts the sets, and a and b the elements of each: by
   * joining axes where the kept ones are neighbors, else by moving these to the front.
   */
  private record Layout(Shape shape, int[] order, int a, int c, int b) {

    static Layout of(Shape shape, int[] axes) {
      int rank = shape.rank();
      boolean[] reduced = new boolean[rank];
      for (int axis : axes) {
        reduced[axis] = true;
      }
      int[] order = new int[rank];
      int count = 0;
      int[] product = {1, 1, 1};
      int part = 0; // 0 before, 1 among, 2 after the kept axes
      boolean joined = true;
      for (int axis = 0; axis < rank; axis++) {
        if (shape.size(axis) != 1) {
          if (reduced[axis] == (part == 1)) {
            part++;
          }
          joined &= part <= 2;
          product[Math.min(part, 2)] *= shape.size(axis);
        }
        order[axis] = axis;
      }
      if (joined) {
        return new Layout(shape, order, product[0], product[1], product[2]);
      }
      int sets = 1;
      int elements = 1;
      for (int axis = 0; axis < rank; axis++) {
        if (!reduced[axis]) {
          order[count++] = axis;
          sets *= shape.size(axis);
        }
      }
      for (int axis : axes) {
        order[count++] = axis;
        elements *= shape.size(axis);
      }
      return new Layout(shape, order, 1, sets, elements);
    }

    /** Returns the elements in this order in an array that starts with them. */
    Object array(Tensor x) {
      Tensor arranged = Movement.permute(x.untracked(), order);
      boolean suits = arranged.isContiguous() && arranged.offset() == 0;
      return Engine.array(suits ? arranged : Contiguous.pack(arranged));
    }

    /** Returns a tensor of the shape over elements in this order. */
    Tensor tensor(Object array, DType dtype) {
      int[] sizes = new int[order.length];
      for (int i = 0; i < order.length; i++) {
        sizes[i] = shape.size(order[i]);
      }
      int[] arranged = Shape.of(sizes).strides();
      int[] strides = new int[order.length];
      for (int i = 0; i < order.length; i++) {
        strides[order[i]] = arranged[i];
      }
      return Engine.tensor(array, dtype, Shape.of(sizes)).view(shape, strides, 0);
    }

    /** Receives a range of sets. */
    interface Body {
      void run(int from, int to);
    }

    void inChunks(Body body) {
      int sets = Math.max(1, (1 << 14) / Math.max(1, a * b));
      int chunk = b == 1 ? (sets + 63) & -64 : sets; // single columns: whole vectors of them
      Parallel.run(
          Math.ceilDiv(c, chunk),
          (long) a * b * c,
          i -> body.run(i * chunk, i * chunk + Math.min(chunk, c - i * chunk)));
    }
  }
}
