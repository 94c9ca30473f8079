package dev.adjoint.nn.norm;

import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.op.Linalg;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Whitens data: turns and scales examples so that over the training data every feature has mean 0
 * and variance 1, and no two are correlated.
 *
 * <pre>{@code
 * Whitening whitening = Whitening.pca(train, 20, 1e-5); // the 20 directions of largest variance
 * Tensor x = whitening.forward(test);
 * }</pre>
 *
 * <p>With the covariance {@code C = U L U'} of the training data (biased: the sum over m), PCA
 * whitening multiplies centered examples by {@code (L + epsilon)^(-1/2) U'}, which gives the
 * principal components, the largest first; ZCA whitening turns these back by U, so that what it
 * gives looks like the data. Epsilon, 1e-5 by default, keeps directions without variance, which
 * there are whenever there are fewer examples than features, from being blown up.
 *
 * <p>Computed in double precision, and rounded to the type of the data. Nothing is learned; the
 * buffers are mean, matrix, inverse and explained_variance.
 */
public final class Whitening extends Layer implements Transform {

  private static final double EPSILON = 1e-5;

  private final int features = size("features").get();
  private final int components = size("components").get();
  private final Buffer mean = buffer("mean", Shape.of(features), 0);
  private final Buffer matrix = buffer("matrix", Shape.of(components, features), 0);
  private final Buffer backward = buffer("inverse", Shape.of(components, features), 0);
  private final Buffer explainedVariance = buffer("explained_variance", Shape.of(components), 0);

  /** Creates a layer from its description. */
  public Whitening(Description from) {
    super(from);
  }

  private static Whitening fit(Tensor x, int components, double epsilon, boolean zca) {
    requireData(x, components, epsilon);
    int n = x.size(1);
    Tensor data = x.untracked().to(DType.FLOAT64);
    Tensor center = data.mean(0);
    Tensor centered = data.minus(center);
    Linalg.Eigh eigen = Linalg.eigh(centered.transpose().matmul(centered).div(x.size(0)));
    Tensor variances = eigen.values().clamp(0, Double.MAX_VALUE).flip(0);
    requireVariance(x, variances, components, epsilon);
    Tensor kept = variances.slice(0, 0, components);
    Tensor vectors = eigen.vectors().slice(1, n - components, n).flip(1); // (n, components)
    Tensor roots = kept.plus(epsilon).sqrt();
    Tensor forth = vectors.div(roots).transpose(); // (components, n)
    Tensor back = vectors.times(roots).transpose();
    return new Whitening(
        Description.of(Whitening::new)
            .set("features", n)
            .set("components", components)
            .with("mean", center.to(x.dtype()))
            .with("matrix", (zca ? vectors.matmul(forth) : forth).to(x.dtype()))
            .with("inverse", (zca ? vectors.matmul(back) : back).to(x.dtype()))
            .with("explained_variance", kept.to(x.dtype())));
  }

  /** Fits PCA whitening that keeps all components. */
  public static Whitening pca(Tensor x) {
    return pca(x, x.size(-1), EPSILON);
  }

  /**
   * Fits PCA whitening.
   *
   * @param x training data of shape (m, n)
   * @param components how many to keep, 1 to n
   * @param epsilon at least 0, added to the variances
   * @throws IllegalArgumentException if the data have no variance in as many directions, and
   *     epsilon is too small to make up for it
   */
  public static Whitening pca(Tensor x, int components, double epsilon) {
    return fit(x, components, epsilon, false);
  }

  /** Fits ZCA whitening. */
  public static Whitening zca(Tensor x) {
    return zca(x, EPSILON);
  }

  /**
   * Fits ZCA whitening.
   *
   * @param x training data of shape (m, n)
   * @param epsilon at least 0, added to the variances
   * @throws IllegalArgumentException if the data have no variance in some direction, and epsilon is
   *     too small to make up for it
   */
  public static Whitening zca(Tensor x, double epsilon) {
    return fit(x, x.size(-1), epsilon, true);
  }

  /**
   * Returns examples whitened.
   *
   * @param x of shape (..., n)
   * @return of shape (..., components)
   */
  @Override
  public Tensor forward(Tensor x) {
    requireLastAxis("forward", x, matrix().size(1));
    return observed(x.minus(mean()).matmul(matrix().transpose()));
  }

  /**
   * Returns the original examples of whitened ones; with fewer components than features, those
   * nearest to the mean.
   *
   * @param y of shape (..., components)
   * @return of shape (..., n)
   */
  public Tensor inverse(Tensor y) {
    Tensor back = backward.value();
    requireLastAxis("inverse", y, back.size(0));
    return y.matmul(back).plus(mean());
  }

  /** Returns the mean of the training data, which is subtracted: shape (n). */
  public Tensor mean() {
    return mean.value();
  }

  /** Returns the matrix that centered examples are multiplied by: shape (components, n). */
  public Tensor matrix() {
    return matrix.value();
  }

  /**
   * Returns the variances of the training data along the components, the largest first, without
   * epsilon: shape (components).
   */
  public Tensor explainedVariance() {
    return explainedVariance.value();
  }

  private static void requireData(Tensor x, int components, double epsilon) {
    if (x.rank() != 2 || x.size(0) < 2 || x.size(1) < 1) {
      throw new IllegalArgumentException(
          "Whitening: data of shape %s; expected (m, n), at least 2 examples of at least 1 feature"
              .formatted(x.shape()));
    }
    if (x.isFinite().all().item() == 0) {
      throw new IllegalArgumentException(
          "Whitening: data of shape %s with NaN or infinity; expected finite numbers (Imputation replaces what is missing)"
              .formatted(x.shape()));
    }
    if (components < 1 || components > x.size(1) || !(epsilon >= 0)) {
      throw new IllegalArgumentException(
          "Whitening: %d components and epsilon %s for data of shape %s; expected 1 to %d, and at least 0"
              .formatted(components, epsilon, x.shape(), x.size(1)));
    }
  }

  /** Refuses to divide by what rounding has left of no variance. */
  private static void requireVariance(Tensor x, Tensor variances, int components, double epsilon) {
    double computing = variances.get(0) * x.size(1) * DType.FLOAT64.epsilon();
    double rounding = x.abs().max().item() * x.dtype().epsilon();
    double noise = Math.max(computing, rounding * rounding);
    int rank = (int) variances.plus(epsilon).greater(noise).sum().item();
    if (rank < components) {
      throw new IllegalArgumentException(
          "Whitening: data of shape %s vary in %d directions, and epsilon is %s; expected at most %2$d components instead of %d, or a larger epsilon"
              .formatted(x.shape(), rank, epsilon, components));
    }
  }
}
