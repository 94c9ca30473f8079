package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Rows for the equations, determinants and decompositions of {@link Linalg}. The oracles expand
 * determinants along rows, and know nothing else: inverses are cofactors, and factors quotients of
 * minors.
 */
final class DecompositionRows {

  private DecompositionRows() {}

  static List<OpCase> rows() {
    return List.of(
        op(
                "solve",
                x -> Linalg.solve(plus(x[0], 4), x[1]),
                x ->
                    batch(
                        x[0],
                        (a, _) -> times(inverse(shifted(a, 4)), matrix(x[1], 0)),
                        x[1].size(-1)),
                in(REAL, "1 m m"),
                in(REAL, "m k"))
            .covers("Linalg.solve(Tensor, Tensor)")
            .uses("Solve.GENERAL")
            .tolerance(8),
        op(
                "solve of one matrix and many vectors",
                x -> Linalg.solve(plus(x[0], 4), x[1].unsqueeze(-1)).squeeze(-1),
                x ->
                    batchOf(
                            x[1].size(0),
                            1,
                            x[1].size(1),
                            b ->
                                transpose(
                                    times(
                                        inverse(shifted(matrix(x[0], 0), 4)),
                                        transpose(new double[][] {matrix(x[1], 0)[b]}))))
                        .reshape(x[1].sizes()),
                in(REAL, "m m"),
                in(REAL, "b m"))
            .covers("Linalg.solve(Tensor, Tensor)")
            .tolerance(8),
        op(
                "solveTriangular below",
                x -> Linalg.solveTriangular(plus(x[0], 3), x[1], false),
                x ->
                    batch(
                        x[0],
                        (a, b) -> times(inverse(triangle(shifted(a, 3), false)), matrix(x[1], b)),
                        x[1].size(-1)),
                in(REAL, "b m m"),
                in(REAL, "b m k"))
            .covers("Linalg.solveTriangular(Tensor, Tensor, boolean)")
            .uses("Solve.LOWER", "Solve.UPPER")
            .tolerance(8),
        op(
                "solveTriangular on the right, with a diagonal of ones",
                x -> Linalg.solveTriangular(x[0].times(0.3), x[1], true, false, true),
                x ->
                    batchOf(
                        x[0].size(0),
                        x[1].size(0),
                        x[1].size(1),
                        b -> {
                          double[][] a = triangle(scaled(matrix(x[0], b), 0.3), true);
                          for (int i = 0; i < a.length; i++) {
                            a[i][i] = 1;
                          }
                          return times(matrix(x[1], 0), inverse(a));
                        }),
                in(REAL, "b m m"),
                in(REAL, "k m"))
            .covers("Linalg.solveTriangular(Tensor, Tensor, boolean, boolean, boolean)")
            .uses("Solve.UNIT_UPPER", "Solve.UNIT_LOWER")
            .tolerance(8),
        op(
                "inverse",
                x -> Linalg.inverse(plus(x[0], 4)),
                x -> batch(x[0], a -> inverse(shifted(a, 4))),
                in(REAL, "b m m"))
            .covers("Linalg.inverse(Tensor)")
            .tolerance(8),
        op(
                "lstsq",
                x -> Linalg.lstsq(plus(x[0], 1), x[1]),
                x ->
                    batchOf(
                        x[0].size(0),
                        x[0].size(2),
                        x[1].size(1),
                        b ->
                            x[0].size(1) == 0
                                ? new double[x[0].size(2)][x[1].size(1)]
                                : times(
                                    pseudoinverse(shifted(matrix(x[0], b), 1)), matrix(x[1], 0))),
                in(REAL, "b n m"),
                in(REAL, "n k"))
            .covers("Linalg.lstsq(Tensor, Tensor)")
            .tolerance(32),
        op(
                "pinv",
                x -> Linalg.pinv(x[0]),
                x ->
                    batchOf(
                        x[0].size(0),
                        x[0].size(2),
                        x[0].size(1),
                        b -> pseudoinverse(matrix(x[0], b))),
                in(REAL, "b n m"))
            .covers("Linalg.pinv(Tensor)")
            .uses("PseudoInverse")
            .tolerance(32),
        op(
                "matrixPower",
                x -> Linalg.matrixPower(x[0], 3).plus(Linalg.matrixPower(plus(x[0], 5), -2)),
                x ->
                    batch(
                        x[0],
                        a -> {
                          double[][] inverse = inverse(shifted(a, 5));
                          double[][] cube = times(times(a, a), a);
                          double[][] square = times(inverse, inverse);
                          return matrix(a.length, a.length, (i, j) -> cube[i][j] + square[i][j]);
                        }),
                in(REAL, "b m m"))
            .covers("Linalg.matrixPower(Tensor, int)")
            .tolerance(8),
        op(
                "det",
                x -> Linalg.det(x[0]),
                x -> ofEach(x[0], DecompositionRows::det),
                in(REAL, "b m m"))
            .covers("Linalg.det(Tensor)")
            .uses("Determinant.Value.DET", "Determinant.Gradient")
            .tolerance(8),
        op(
                "slogdet",
                x -> {
                  Linalg.Slogdet parts = Linalg.slogdet(plus(x[0], 3));
                  return parts.logabsdet().times(parts.sign());
                },
                x ->
                    ofEach(
                        x[0],
                        a -> {
                          double det = det(shifted(a, 3));
                          return Math.log(Math.abs(det)) * Math.signum(det);
                        }),
                in(REAL, "b m m"))
            .covers("Linalg.slogdet(Tensor)")
            .uses("Determinant.Value.SLOGDET")
            .tolerance(8),
        op(
                "logdet",
                x -> Linalg.logdet(plus(x[0].matmul(x[0].transpose()), 1)),
                x -> ofEach(x[0], a -> Math.log(det(gram(a, 1)))),
                in(REAL, "b m m"))
            .covers("Linalg.logdet(Tensor)")
            .tolerance(8),
        op(
                "cholesky",
                x -> Linalg.cholesky(plus(x[0].matmul(x[0].transpose()), 1)),
                x -> batch(x[0], a -> cholesky(gram(a, 1))),
                in(REAL, "b m m"))
            .covers("Linalg.cholesky(Tensor)")
            .uses("Cholesky.CHOLESKY")
            .tolerance(8),
        op(
                "qr",
                x -> {
                  Linalg.Qr qr = Linalg.qr(plus(x[0], 1));
                  return Joining.concat(-2, qr.q(), qr.r().transpose());
                },
                x ->
                    batchOf(
                        x[0].size(0),
                        x[0].size(1) + x[0].size(2),
                        Math.min(x[0].size(1), x[0].size(2)),
                        b -> qr(shifted(matrix(x[0], b), 1))),
                in(REAL, "b n m"))
            .covers("Linalg.qr(Tensor)")
            .uses("QR")
            .tolerance(16),
        op(
                "singular values",
                x -> Linalg.svd(x[0]).s(),
                x ->
                    batchOf(
                            x[0].size(0),
                            1,
                            Math.min(x[0].size(1), 2),
                            b -> new double[][] {values(matrix(x[0], b))})
                        .reshape(x[0].size(0), Math.min(x[0].size(1), 2)),
                in(REAL, "b m 2"))
            .covers("Linalg.svd(Tensor)")
            .uses("SVD")
            .tolerance(8),
        op(
                "best approximation of rank 1 by svd",
                x -> {
                  Linalg.Svd svd = Linalg.svd(x[0]);
                  return svd.u()
                      .slice(-1, 0, 1)
                      .times(svd.s().slice(-1, 0, 1).unsqueeze(-1))
                      .matmul(svd.vh().slice(-2, 0, 1));
                },
                x -> batch(x[0], DecompositionRows::bestOfRankOne),
                in(REAL, "b m 2"))
            .covers("Linalg.svd(Tensor)")
            .nonEmpty("m")
            .tolerance(16));
  }

  /** Adds to the diagonal, so that no matrix is singular whose elements are all equal. */
  private static Tensor plus(Tensor x, double shift) {
    int m = x.size(-2);
    int n = x.size(-1);
    Tensor eye = Tensors.eye(Math.max(m, n), x.dtype()).slice(0, 0, m).slice(1, 0, n);
    return x.plus(eye.times(shift));
  }

  // ---- matrices in plain Java ----------------------------------------------------------------

  /** Computes an element. */
  private interface Element {
    double at(int i, int j);
  }

  /** Computes a matrix from the matrix of a number, and the number. */
  private interface Numbered {
    double[][] of(double[][] a, int b);
  }

  /** Computes a matrix of a number. */
  private interface Matrix {
    double[][] of(int b);
  }

  /** Computes a number from a matrix. */
  private interface Value {
    double of(double[][] a);
  }

  private static double[][] matrix(int m, int n, Element element) {
    double[][] a = new double[m][n];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        a[i][j] = element.at(i, j);
      }
    }
    return a;
  }

  private static double[][] matrix(Dense x, int b) {
    return matrix(x.size(-2), x.size(-1), (i, j) -> x.rank() == 2 ? x.at(i, j) : x.at(b, i, j));
  }

  private static Dense batchOf(int count, int m, int n, Matrix f) {
    double[][][] results = new double[count][][];
    for (int b = 0; b < count && m * n > 0; b++) {
      results[b] = f.of(b);
    }
    return Dense.of(new int[] {count, m, n}, i -> results[i[0]][i[1]][i[2]]);
  }

  private static Dense batch(Dense x, Numbered f, int columns) {
    return batchOf(x.size(0), x.size(1), columns, b -> f.of(matrix(x, b), b));
  }

  private static Dense batch(Dense x, UnaryOperator<double[][]> f) {
    return batch(x, (a, _) -> f.apply(a), x.size(2));
  }

  private static Dense ofEach(Dense x, Value f) {
    return Dense.of(new int[] {x.size(0)}, i -> f.of(matrix(x, i[0])));
  }

  private static double[][] times(double[][] a, double[][] b) {
    int n = b.length == 0 ? 0 : b[0].length;
    return matrix(
        a.length,
        n,
        (i, j) -> {
          double sum = 0;
          for (int k = 0; k < b.length; k++) {
            sum += a[i][k] * b[k][j];
          }
          return sum;
        });
  }

  private static double[][] transpose(double[][] a) {
    return matrix(a.length == 0 ? 0 : a[0].length, a.length, (i, j) -> a[j][i]);
  }

  private static double[][] scaled(double[][] a, double factor) {
    return matrix(a.length, a.length, (i, j) -> factor * a[i][j]);
  }

  private static double[][] shifted(double[][] a, double shift) {
    int n = a.length == 0 ? 0 : a[0].length;
    return matrix(a.length, n, (i, j) -> a[i][j] + (i == j ? shift : 0));
  }

  private static double[][] triangle(double[][] a, boolean upper) {
    return matrix(a.length, a.length, (i, j) -> i == j || upper == j > i ? a[i][j] : 0);
  }

  /** a aT + shift. */
  private static double[][] gram(double[][] a, double shift) {
    return shifted(times(a, transpose(a)), shift);
  }

  private static double det(double[][] a) {
    double sum = a.length == 0 ? 1 : 0;
    for (int j = 0; j < a.length; j++) {
      sum += (j % 2 == 0 ? 1 : -1) * a[0][j] * det(without(a, 0, j));
    }
    return sum;
  }

  private static double[][] without(double[][] a, int row, int column) {
    int n = a.length - 1;
    return matrix(n, n, (i, j) -> a[i < row ? i : i + 1][j < column ? j : j + 1]);
  }

  private static double[][] inverse(double[][] a) {
    double det = det(a);
    return matrix(
        a.length, a.length, (i, j) -> ((i + j) % 2 == 0 ? 1 : -1) * det(without(a, j, i)) / det);
  }

  private static double[][] pseudoinverse(double[][] a) {
    double[][] turned = transpose(a);
    return a.length < a[0].length
        ? times(turned, inverse(times(a, turned)))
        : times(inverse(times(turned, a)), turned);
  }

  /** Quotients of minors: of the first j rows and row i, and the first j + 1 columns. */
  private static double[][] cholesky(double[][] a) {
    return matrix(
        a.length,
        a.length,
        (i, j) ->
            j > i
                ? 0
                : minor(a, j, i)
                    / Math.sqrt(minor(a, j, j) * (j == 0 ? 1 : minor(a, j - 1, j - 1))));
  }

  private static double minor(double[][] a, int first, int row) {
    return det(matrix(first + 1, first + 1, (i, j) -> a[i < first ? i : row][j]));
  }

  /** q above rT: rT r is aT a, and q is what is left of the first columns. */
  private static double[][] qr(double[][] a) {
    int m = a.length;
    int n = a[0].length;
    int k = Math.min(m, n);
    double[][] first = matrix(m, k, (i, j) -> a[i][j]);
    double[][] l = cholesky(times(transpose(first), first));
    double[][] q = times(first, inverse(transpose(l)));
    double[][] turned = times(transpose(a), q);
    return matrix(m + n, k, (i, j) -> i < m ? q[i][j] : i - m < j ? 0 : turned[i - m][j]);
  }

  /** The values of a matrix of two columns. */
  private static double[] values(double[][] a) {
    double[][] square = times(transpose(a), a);
    double mean = (square[0][0] + square[1][1]) / 2;
    double distance = Math.hypot((square[0][0] - square[1][1]) / 2, square[0][1]);
    double larger = Math.sqrt(mean + distance);
    return a.length == 1
        ? new double[] {larger}
        : new double[] {larger, Math.sqrt(Math.max(0, det(square))) / larger};
  }

  /** a (aT a - s_1^2) / (s_0^2 - s_1^2). */
  private static double[][] bestOfRankOne(double[][] a) {
    double[] s = values(a);
    double least = s.length == 1 ? 0 : s[1] * s[1];
    double[][] square = times(transpose(a), a);
    double[][] projection =
        matrix(2, 2, (i, j) -> (square[i][j] - (i == j ? least : 0)) / (s[0] * s[0] - least));
    return times(a, projection);
  }
}
