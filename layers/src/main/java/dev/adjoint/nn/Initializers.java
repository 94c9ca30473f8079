package dev.adjoint.nn;

import dev.adjoint.op.Linalg;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Initial values of weights: {@code linear.weight("weight").assign(Initializers.heNormal(shape,
 * gain, generator))}.
 *
 * <p>A weight has the shape (out, in, kernel...), as in {@link Linear} and {@link Conv2d}; {@code
 * fanIn} is {@code in} times the size of the kernel, {@code fanOut} {@code out} times that. The
 * gain is that of the {@link Activation} that follows. All values are float32.
 *
 * <p>A shape does not tell the groups of a convolution: {@code fanIn} is right for any number of
 * them, {@code fanOut} only for one. Draw the weight of several group by group, {@code (out /
 * groups, in / groups, kernel...)}, and join them along axis 0.
 *
 * <p>The weight of a transposed convolution is (in, out / groups, kernel...): drawn in that shape,
 * {@code fanIn} and {@code fanOut} change places, as in PyTorch, and {@code heNormal} keeps the
 * variance of gradients rather than of values. For values draw {@code (out, in, kernel...)} and
 * swap the first two axes; with a stride an output sees only {@code fanIn / stride} inputs an axis.
 */
public final class Initializers {

  private Initializers() {}

  /** Draws uniformly between -bound and bound. */
  public static Tensor uniform(double bound, Shape shape, Generator generator) {
    return generator.uniform(-bound, bound, shape, DType.FLOAT32);
  }

  /**
   * Draws uniformly with the deviation {@code gain sqrt(2 / (fanIn + fanOut))} (Glorot and Bengio
   * 2010).
   */
  public static Tensor xavierUniform(Shape shape, double gain, Generator generator) {
    return uniform(Math.sqrt(3) * xavier(shape, gain), shape, generator);
  }

  /** Draws from the normal distribution of deviation {@code gain sqrt(2 / (fanIn + fanOut))}. */
  public static Tensor xavierNormal(Shape shape, double gain, Generator generator) {
    return generator.normal(0, xavier(shape, gain), shape, DType.FLOAT32);
  }

  /**
   * Draws uniformly with the deviation {@code gain / sqrt(fanIn)} (He et al. 2015,
   * arXiv:1502.01852: with the gain of relu).
   */
  public static Tensor heUniform(Shape shape, double gain, Generator generator) {
    return uniform(Math.sqrt(3) * gain / Math.sqrt(fanIn(shape)), shape, generator);
  }

  /** Draws from the normal distribution with the deviation {@code gain / sqrt(fanIn)}. */
  public static Tensor heNormal(Shape shape, double gain, Generator generator) {
    return generator.normal(0, gain / Math.sqrt(fanIn(shape)), shape, DType.FLOAT32);
  }

  /**
   * Draws from the normal distribution with the deviation {@code 1 / sqrt(fanIn)} (LeCun et al.
   * 1998), for selu.
   */
  public static Tensor lecunNormal(Shape shape, Generator generator) {
    return heNormal(shape, 1, generator);
  }

  /** Draws uniformly with the deviation {@code 1 / sqrt(fanIn)}. */
  public static Tensor lecunUniform(Shape shape, Generator generator) {
    return heUniform(shape, 1, generator);
  }

  /** Draws from the normal distribution limited to two deviations around 0. */
  public static Tensor truncatedNormal(double deviation, Shape shape, Generator generator) {
    return generator.truncatedNormal(
        0, deviation, -2 * deviation, 2 * deviation, shape, DType.FLOAT32);
  }

  /**
   * Draws a matrix with orthogonal rows or columns, whichever are fewer, of length gain, from the
   * uniform distribution over such (Saxe et al. 2014, arXiv:1312.6120): for a normal matrix A with
   * fewer rows, {@code gain (A A')^(-1/2) A}. Axes after the first count as one.
   */
  public static Tensor orthogonal(Shape shape, double gain, Generator generator) {
    int rows = requireWeight(shape).size(0);
    int columns = shape.size() / rows;
    Shape matrix = Shape.of(Math.min(rows, columns), Math.max(rows, columns));
    Tensor a = generator.normal(0, 1, matrix, DType.FLOAT64);
    Tensor orthogonal = Linalg.inverseSqrt(a.matmul(a.transpose())).matmul(a).times(gain);
    return (rows <= columns ? orthogonal : orthogonal.transpose()).reshape(shape).to(DType.FLOAT32);
  }

  private static double xavier(Shape shape, double gain) {
    return gain * Math.sqrt(2 / (fanIn(shape) + fanOut(shape)));
  }

  /** Returns how many inputs each output depends on. */
  private static double fanIn(Shape shape) {
    return requireWeight(shape).size() / (double) shape.size(0);
  }

  /** Returns how many outputs depend on each input. */
  private static double fanOut(Shape shape) {
    return requireWeight(shape).size() / (double) shape.size(1);
  }

  private static Shape requireWeight(Shape shape) {
    if (shape.rank() < 2 || shape.size() == 0) {
      throw new IllegalArgumentException(
          "initializer: shape %s; expected (out, in, kernel...), none of them 0".formatted(shape));
    }
    return shape;
  }
}
