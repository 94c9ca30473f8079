package dev.adjoint.op;

import dev.adjoint.tensor.DType;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Decomposes a symmetric matrix by Jacobi's method: rotates each pair of axes so that the element
 * between them becomes 0, in a fixed order, until none is left that matters (Golub and Van Loan,
 * "Matrix Computations", 8.5). Slower than methods by tridiagonal form for large matrices, more
 * accurate, and much simpler.
 */
final class Jacobi {

  private static final int MAX_SWEEPS = 100;

  private final int n;
  private final double[] a; // the matrix, on its way to a diagonal one
  private final double[] v; // row i is the vector of a[i][i]

  private Jacobi(double[] source, int from, int n) {
    this.n = n;
    a = (double[]) Engine.uninitialized(DType.FLOAT64, n * n);
    v = (double[]) Engine.zeroed(DType.FLOAT64, n * n);
    System.arraycopy(source, from, a, 0, n * n);
    for (int i = 0; i < n; i++) {
      v[i * n + i] = 1;
    }
  }

  /** Writes n ascending eigenvalues, then the n x n matrix whose columns are their vectors. */
  static void decompose(double[] source, int from, int n, double[] out, int outFrom) {
    Jacobi jacobi = new Jacobi(source, from, n);
    sweep("eigh", n, jacobi::rotate);
    jacobi.write(out, outFrom);
  }

  /** Rotates a pair of axes unless they are as they should be; tells whether it did. */
  interface Rotation {
    boolean of(int p, int q);
  }

  /** Rotates each pair of n axes, in a fixed order, again and again until none needs it. */
  static void sweep(String operation, int n, Rotation rotation) {
    boolean rotated = true;
    for (int sweep = 0; rotated; sweep++) {
      if (sweep == MAX_SWEEPS) {
        throw new IllegalStateException(
            "%s: a matrix of %d columns did not converge in %d sweeps"
                .formatted(operation, n, MAX_SWEEPS));
      }
      rotated = false;
      for (int p = 0; p < n; p++) {
        for (int q = p + 1; q < n; q++) {
          rotated |= rotation.of(p, q);
        }
      }
    }
  }

  /** Makes a[p][q] 0; tells whether that took a rotation. */
  private boolean rotate(int p, int q) {
    double off = a[p * n + q];
    double app = a[p * n + p];
    double aqq = a[q * n + q];
    if (Math.abs(app) + Math.abs(off) == Math.abs(app)
        && Math.abs(aqq) + Math.abs(off) == Math.abs(aqq)) {
      a[p * n + q] = a[q * n + p] = 0;
      return false;
    }
    // The smaller of the two angles: t = tan, from t^2 + 2 theta t - 1 = 0
    double theta = (aqq - app) / (2 * off);
    double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
    double cos = 1 / Math.sqrt(t * t + 1);
    double sin = t * cos;
    for (int k = 0; k < n; k++) {
      double akp = a[p * n + k];
      double akq = a[q * n + k];
      a[p * n + k] = a[k * n + p] = cos * akp - sin * akq;
      a[q * n + k] = a[k * n + q] = sin * akp + cos * akq;
      double vp = v[p * n + k];
      double vq = v[q * n + k];
      v[p * n + k] = cos * vp - sin * vq;
      v[q * n + k] = sin * vp + cos * vq;
    }
    a[p * n + p] = app - t * off;
    a[q * n + q] = aqq + t * off;
    a[p * n + q] = a[q * n + p] = 0;
    return true;
  }

  private void write(double[] out, int from) {
    Integer[] order = new Integer[n];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparingDouble(i -> a[i * n + i]));
    for (int column = 0; column < n; column++) {
      int i = order[column];
      out[from + column] = a[i * n + i];
      int largest = i * n;
      for (int k = i * n; k < (i + 1) * n; k++) {
        if (Math.abs(v[k]) > Math.abs(v[largest])) {
          largest = k;
        }
      }
      double sign = v[largest] < 0 ? -1 : 1;
      for (int k = 0; k < n; k++) {
        out[from + (k + 1) * n + column] = sign * v[i * n + k];
      }
    }
  }
}
