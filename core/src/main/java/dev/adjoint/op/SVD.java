package dev.adjoint.op;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Computes u and v with orthonormal columns and values s with {@code u diag(s) vT = a}, of matrices
 * of shape (..., m, n) with m >= n, packed as (..., m + 1 + n, n): u above s above v.
 *
 * <p>By the one-sided Jacobi method (Hestenes 1958): turns each pair of columns, in a fixed order,
 * so that they become orthogonal, until all are; then their lengths are the values.
 */
record SVD() implements Primitive.Broadcasting {

  /** Of a matrix whose largest element is about 1, squares smaller than this are nothing. */
  private static final double TINY = 1e-290;

  @Override
  public String name() {
    return "svd";
  }

  @Override
  public Tensor forward(Tensor... x) {
    int m = x[0].size(-2);
    int n = x[0].size(-1);
    MatrixBatch.requireFinite("svd", x[0]);
    return MatrixBatch.map(
        "svd",
        x[0],
        m + 1 + n,
        n,
        10L * m * n * n,
        (a, from, out, to) -> decompose(a, from, m, n, out, to));
  }

  private static void decompose(double[] in, int from, int m, int n, double[] out, int to) {
    double largest = 0;
    for (int i = from; i < from + m * n; i++) {
      largest = Math.max(largest, Math.abs(in[i]));
    }
    int exponent = Math.clamp(Math.getExponent(largest), -1000, 1000);
    double[][] a = QR.columns(in, from, m, n);
    scale(a, -exponent);
    double[][] v = QR.zeros(n, n);
    for (int j = 0; j < n; j++) {
      v[j][j] = 1;
    }
    double tolerance = Math.ulp(1.0) * Math.sqrt(m); // as far as sums are exact
    Jacobi.sweep("svd", n, (p, q) -> rotate(a[p], a[q], v[p], v[q], tolerance));
    double[] lengths = Buffers.zeroedDoubles(n);
    Arrays.setAll(lengths, j -> QR.norm(a[j], 0));
    Integer[] order = new Integer[n];
    Arrays.setAll(order, j -> j);
    Arrays.sort(order, Comparator.comparingDouble(j -> -lengths[j]));
    double[][] sorted = new double[n][];
    Arrays.setAll(sorted, j -> a[order[j]]);
    double[][] u = QR.decompose(sorted, m); // finds what columns of zeros leave open, too
    for (int j = 0; j < n; j++) {
      double sign = sign(u[j]);
      int source = order[j];
      for (int i = 0; i < m; i++) {
        out[to + i * n + j] = sign * u[j][i];
      }
      out[to + m * n + j] = Math.scalb(lengths[source], exponent);
      for (int i = 0; i < n; i++) {
        out[to + (m + 1 + i) * n + j] = sign * v[source][i];
      }
    }
  }

  private static void scale(double[][] columns, int exponent) {
    double factor = Math.scalb(1.0, exponent);
    for (double[] column : columns) {
      for (int i = 0; i < column.length; i++) {
        column[i] *= factor;
      }
    }
  }

  /** Returns the sign of the first of the elements of largest magnitude. */
  private static double sign(double[] x) {
    double largest = 0;
    for (double value : x) {
      largest = Math.abs(value) > Math.abs(largest) ? value : largest;
    }
    return largest < 0 ? -1 : 1;
  }

  /** Makes two columns orthogonal; tells whether that took a rotation. */
  private static boolean rotate(
      double[] x, double[] y, double[] vx, double[] vy, double tolerance) {
    double xx = 0;
    double xy = 0;
    double yy = 0;
    for (int i = 0; i < x.length; i++) {
      xx += x[i] * x[i];
      xy += x[i] * y[i];
      yy += y[i] * y[i];
    }
    if (Math.abs(xy) <= Math.max(TINY, tolerance * Math.sqrt(xx) * Math.sqrt(yy))) {
      return false;
    }
    // The smaller of the two angles: t = tan, from t^2 + 2 theta t - 1 = 0
    double theta = (yy - xx) / (2 * xy);
    double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
    double cos = 1 / Math.sqrt(t * t + 1);
    turn(x, y, cos, t * cos);
    turn(vx, vy, cos, t * cos);
    return true;
  }

  private static void turn(double[] x, double[] y, double cos, double sin) {
    for (int i = 0; i < x.length; i++) {
      double xi = x[i];
      double yi = y[i];
      x[i] = cos * xi - sin * yi;
      y[i] = sin * xi + cos * yi;
    }
  }

  /**
   * With {@code ku = uT gu}, {@code kv = vT gv}, F_ij = 1 / (s_j - s_i) and G_ij = 1 / (s_j + s_i):
   * {@code (u (diag(gs) + sym(F (ku + kv)) + skew(G (ku - kv))) + (gu - u ku) diag(1 / s)) vT}
   * (Townsend 2016, "Differentiating the singular value decomposition", with his quotients by s_j^2
   * - s_i^2 taken apart). Where values are equal or 0 to rounding, F, G or 1 / s is taken for 0 if
   * nothing multiplies it.
   */
  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    int m = x[0].size(-2);
    int n = x[0].size(-1);
    if (y.size() == 0) {
      return Tensors.zeros(x[0].shape(), g.dtype());
    }
    Tensor u = y.slice(-2, 0, m);
    Tensor s = y.slice(-2, m, m + 1); // (..., 1, n)
    Tensor v = y.slice(-2, m + 1, m + 1 + n);
    Tensor gu = g.slice(-2, 0, m);
    Tensor gs = g.slice(-2, m, m + 1).squeeze(-2);
    Tensor gv = g.slice(-2, m + 1, m + 1 + n);
    Tensor zero = SymmetricEigen.largest(s).times(4);
    Tensor noise = SymmetricEigen.largest(gu).plus(SymmetricEigen.largest(gv)).times(16);
    Tensor ku = SymmetricEigen.others(u.transpose().matmul(gu));
    Tensor kv = SymmetricEigen.others(v.transpose().matmul(gv));
    Tensor byGap = divide(ku.plus(kv), s.minus(s.transpose()), zero, noise, x[0]);
    Tensor bySum = divide(ku.minus(kv), s.plus(s.transpose()), zero, noise, x[0]);
    Tensor inner =
        Linalg.diagEmbed(gs)
            .plus(Linalg.symmetric(byGap))
            .plus(bySum.minus(bySum.transpose()).times(0.5));
    Tensor left = u.matmul(inner);
    if (m > n) { // else u has all directions
      Tensor outside = gu.minus(u.matmul(u.transpose().matmul(gu)));
      left = left.plus(divide(outside, s, zero, noise, x[0]));
    }
    return left.matmul(v.transpose());
  }

  private static Tensor divide(Tensor x, Tensor by, Tensor zero, Tensor noise, Tensor a) {
    return SymmetricEigen.divide(
        x,
        by,
        zero,
        noise,
        () ->
            ("svd: the gradient of a function of the vectors of %s is undefined where values are"
                    + " equal or 0, since their vectors are not unique; expected distinct positive"
                    + " values")
                .formatted(a.shape()));
  }
}
