package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Computes {@code sqrt(sum(x^2) + epsilon)} over axes: the length of vectors.
 *
 * <p>Squares leave the range of a type long before lengths do. A sum of them that did is taken
 * again of elements that are scaled by a power of two, which rounds nothing.
 *
 * @param axes to reduce, ascending
 */
record Length(double epsilon, boolean keep, int[] axes) implements Primitive {

  @Override
  public String name() {
    return "norm";
  }

  @Override
  public Tensor forward(Tensor... inputs) {
    Tensor x = inputs[0].untracked();
    Tensor squares = Reductions.sum(x.square(), keep, axes);
    Tensor lengths = squares.plus(epsilon).sqrt();
    double[] sums = squares.toDoubleArray();
    boolean fit = true;
    for (double sum : sums) {
      fit &= fits(sum, x.dtype());
    }
    return fit || x.size() == 0 ? lengths : scaled(x, sums, lengths);
  }

  /** Tells whether the squares that overflowed or vanished do not matter in a sum. */
  private boolean fits(double sum, DType dtype) {
    double lost = dtype == DType.FLOAT32 ? 0x1p-78 : 0x1p-916; // what vanished, over epsilon^2
    return Double.isNaN(sum) || (sum + epsilon >= lost && sum < Double.POSITIVE_INFINITY);
  }

  private Tensor scaled(Tensor x, double[] sums, Tensor lengths) {
    Tensor largest = Reductions.max(x.abs(), true, axes);
    int least = x.dtype() == DType.FLOAT32 ? Float.MIN_EXPONENT : Double.MIN_EXPONENT;
    double[] scales = largest.toDoubleArray();
    for (int i = 0; i < scales.length; i++) {
      boolean helps = !fits(sums[i], x.dtype()) && Double.isFinite(scales[i]) && scales[i] > 0;
      scales[i] = helps ? Math.scalb(1.0, -Math.max(least, Math.getExponent(scales[i]))) : 1;
    }
    Tensor fitting = x.times(tensor(scales, largest.shape(), x.dtype()));
    double[] squares = Reductions.sum(fitting.square(), true, axes).toDoubleArray();
    double[] results = lengths.toDoubleArray();
    for (int i = 0; i < results.length; i++) {
      if (scales[i] != 1) {
        results[i] = Math.sqrt(squares[i] + epsilon * scales[i] * scales[i]) / scales[i];
      }
    }
    return tensor(results, lengths.shape(), x.dtype());
  }

  private static Tensor tensor(double[] values, Shape shape, DType dtype) {
    return Tensor.of(values, shape.toArray()).to(dtype);
  }

  @Override
  public Tensor batched(BatchedInputs x) {
    return Recorder.apply(new Length(epsilon, keep, BatchedInputs.shifted(axes)), x.get(0));
  }

  /** x / y; 0 for vectors of zeros, and so are the derivatives of that. */
  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    Shape kept = x[0].shape().reduced(axes, true);
    Tensor lengths = y.reshape(kept);
    Tensor isZero = lengths.untracked().equal(0);
    Tensor weights = Where.where(isZero, Tensor.scalar(0, g.dtype()), g.reshape(kept));
    return x[0].div(lengths.plus(isZero)).times(weights);
  }
}
