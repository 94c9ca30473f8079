package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.op.Linalg.Eigh;
import java.util.ArrayList;
import java.util.List;

/** Rows for parts of matrices and eigenvectors. */
final class LinalgRows {

  private LinalgRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    rows.add(
        op(
                "outer",
                x -> Linalg.outer(x[0], x[1]),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), x[1].size(0)}, i -> x[0].at(i[0]) * x[1].at(i[1])),
                in(REAL, "m"),
                in(REAL, "n"))
            .covers("Linalg.outer(Tensor, Tensor)"));
    for (String shape : new String[] {"b m n", "b n m"}) {
      rows.add(
          op(
                  "diagonal of (%s)".formatted(shape),
                  x -> Linalg.diagonal(x[0]),
                  x ->
                      Dense.of(
                          new int[] {x[0].size(0), Math.min(x[0].size(1), x[0].size(2))},
                          i -> x[0].at(i[0], i[1], i[1])),
                  in(REAL, shape))
              .covers("Linalg.diagonal(Tensor)")
              .uses("Linalg.Diagonal.DIAGONAL"));
    }
    rows.add(
        op(
                "diagEmbed",
                x -> Linalg.diagEmbed(x[0]),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), x[0].size(1), x[0].size(1)},
                        i -> i[1] == i[2] ? x[0].at(i[0], i[1]) : 0),
                in(REAL, "m n"))
            .covers("Linalg.diagEmbed(Tensor)")
            .uses("Linalg.DiagonalEmbed"));
    for (int diagonal : new int[] {0, 1, -2}) {
      rows.add(
          op(
                  "triu from " + diagonal,
                  x -> Linalg.triu(x[0], diagonal),
                  x -> Dense.of(x[0].sizes(), i -> i[2] - i[1] >= diagonal ? x[0].at(i) : 0),
                  in(REAL, "b m n"))
              .covers("Linalg.triu(Tensor, int)"));
      rows.add(
          op(
                  "tril to " + diagonal,
                  x -> Linalg.tril(x[0], diagonal),
                  x -> Dense.of(x[0].sizes(), i -> i[2] - i[1] <= diagonal ? x[0].at(i) : 0),
                  in(REAL, "b m n"))
              .covers("Linalg.tril(Tensor, int)"));
    }
    rows.add(
        op(
                "eigh, put together again",
                x -> {
                  Eigh eigh = Linalg.eigh(x[0]);
                  return eigh.vectors()
                      .times(eigh.values().unsqueeze(-2))
                      .matmul(eigh.vectors().transpose());
                },
                x ->
                    Dense.of(
                        x[0].sizes(),
                        i -> (x[0].at(i[0], i[1], i[2]) + x[0].at(i[0], i[2], i[1])) / 2),
                in(REAL, "b k k"))
            .covers("Linalg.eigh(Tensor)")
            .uses("Linalg.SymmetricEigen.EIGH")
            .tolerance(4));
    return rows;
  }
}
