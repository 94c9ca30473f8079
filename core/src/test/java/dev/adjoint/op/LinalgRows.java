package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;

/** Rows for {@link Linalg}. */
final class LinalgRows {

  private LinalgRows() {}

  static List<OpCase> rows() {
    return List.of(
        op(
                "outer",
                x -> Linalg.outer(x[0], x[1]),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), x[1].size(0)}, i -> x[0].at(i[0]) * x[1].at(i[1])),
                in(REAL, "m"),
                in(REAL, "n"))
            .covers("Linalg.outer(Tensor, Tensor)"),
        op(
                "diagonal",
                x -> Linalg.diagonal(x[0]),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), Math.min(x[0].size(1), x[0].size(2))},
                        i -> x[0].at(i[0], i[1], i[1])),
                in(REAL, "b m n"))
            .covers("Linalg.diagonal(Tensor)")
            .uses("Diagonal.DIAGONAL"),
        op(
                "diagEmbed",
                x -> Linalg.diagEmbed(x[0]),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), x[0].size(1), x[0].size(1)},
                        i -> i[1] == i[2] ? x[0].at(i[0], i[1]) : 0),
                in(REAL, "m n"))
            .covers("Linalg.diagEmbed(Tensor)")
            .uses("Diagonal.Embed"),
        op(
                "triu",
                x -> Linalg.triu(x[0], 1),
                x -> Dense.of(x[0].sizes(), i -> i[2] - i[1] >= 1 ? x[0].at(i) : 0),
                in(REAL, "b m n"))
            .covers("Linalg.triu(Tensor, int)"),
        op(
                "tril",
                x -> Linalg.tril(x[0], -1),
                x -> Dense.of(x[0].sizes(), i -> i[2] - i[1] <= -1 ? x[0].at(i) : 0),
                in(REAL, "b m n"))
            .covers("Linalg.tril(Tensor, int)"),
        op(
                "eigenvalues by eigh",
                x -> Linalg.eigh(x[0]).values(),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), 2},
                        i -> {
                          double a = x[0].at(i[0], 0, 0);
                          double b = (x[0].at(i[0], 0, 1) + x[0].at(i[0], 1, 0)) / 2;
                          double d = x[0].at(i[0], 1, 1);
                          return (a + d) / 2 + (2 * i[1] - 1) * Math.hypot((a - d) / 2, b);
                        }),
                in(REAL, "b 2 2"))
            .covers("Linalg.eigh(Tensor)")
            .uses("SymmetricEigen.EIGH")
            .tolerance(4),
        op(
                "exponential of a matrix by eigh",
                x -> {
                  Linalg.Eigh e = Linalg.eigh(x[0]);
                  Tensor scaled = e.vectors().times(e.values().exp().unsqueeze(-2));
                  return scaled.matmul(e.vectors().transpose());
                },
                x -> exponential(x[0]),
                in(REAL, "b 3 3"))
            .covers("Linalg.eigh(Tensor)")
            .tolerance(8),
        op(
                "exponential of a matrix",
                x -> Linalg.matrixFunction(x[0], Tensor::exp),
                x -> exponential(x[0]),
                in(REAL, "b 3 3"))
            .covers("Linalg.matrixFunction(Tensor, UnaryOperator)")
            .uses("MatrixFunction")
            .tolerance(8),
        op(
                "inverseSqrt",
                x ->
                    Linalg.inverseSqrt(
                        x[0].matmul(x[0].transpose()).plus(Tensors.eye(2, x[0].dtype()))),
                x -> inverseRoot(x[0]),
                in(REAL, "b 2 2"))
            .covers("Linalg.inverseSqrt(Tensor)")
            .uses("SymmetricRoot.INVERSE_SQRT", "SymmetricRoot.LYAPUNOV")
            .tolerance(8));
  }

  /** (x xT + 1)^(-1/2) by Cayley and Hamilton: the root of a is (a + sqrt(det a)) / its trace. */
  private static Dense inverseRoot(Dense x) {
    return Dense.of(
        x.sizes(),
        i -> {
          int n = i[0];
          double a = square(x.at(n, 0, 0)) + square(x.at(n, 0, 1)) + 1;
          double b = x.at(n, 0, 0) * x.at(n, 1, 0) + x.at(n, 0, 1) * x.at(n, 1, 1);
          double d = square(x.at(n, 1, 0)) + square(x.at(n, 1, 1)) + 1;
          double s = Math.sqrt(a * d - b * b);
          double inverse = 1 / (s * Math.sqrt(a + d + 2 * s));
          return inverse * (i[1] != i[2] ? -b : s + (i[1] == 0 ? d : a));
        });
  }

  private static double square(double x) {
    return x * x;
  }

  /** Taylor's series of the exponential of (x + xT) / 2. */
  private static Dense exponential(Dense x) {
    Dense a = Dense.of(x.sizes(), i -> (x.at(i) + x.at(i[0], i[2], i[1])) / 2);
    Dense sum = Dense.of(x.sizes(), i -> i[1] == i[2] ? 1 : 0);
    Dense term = sum;
    for (int n = 1; n < 60; n++) {
      Dense last = term;
      int divisor = n;
      term =
          Dense.of(
              x.sizes(),
              i -> {
                double product = 0;
                for (int k = 0; k < x.size(1); k++) {
                  product += last.at(i[0], i[1], k) * a.at(i[0], k, i[2]);
                }
                return product / divisor;
              });
      Dense partial = sum;
      Dense next = term;
      sum = Dense.of(x.sizes(), i -> partial.at(i) + next.at(i));
    }
    return sum;
  }
}
