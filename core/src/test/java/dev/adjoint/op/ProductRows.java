package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import java.util.ArrayList;
import java.util.List;

/** Rows for matrix products: every combination of ranks, broadcast batches, transposed operands. */
final class ProductRows {

  private ProductRows() {}

  static List<OpCase> rows() {
    String[][] shapes = {
      {"m k", "k n"},
      {"k", "k"},
      {"m k", "k"},
      {"k", "k n"},
      {"b m k", "k n"},
      {"m k", "b k n"},
      {"b m k", "b k n"},
      {"b 1 m k", "3 k n"},
      {"b m k", "1 k n"},
      {"b m k", "k"},
      {"k", "b k n"},
      {"b 3 m k", "k n"},
    };
    List<OpCase> rows = new ArrayList<>();
    for (String[] pair : shapes) {
      rows.add(
          op(
                  "matmul of (%s) and (%s)".formatted((Object[]) pair),
                  x -> x[0].matmul(x[1]),
                  x -> product(x[0], x[1]),
                  in(REAL, pair[0]),
                  in(REAL, pair[1]))
              .covers("matmul(Tensor)")
              .uses("MatMul.MATMUL")
              .tolerance(4));
    }
    for (String x : List.of("k", "m k", "b m k")) {
      rows.add(
          op(
                  "linear of (%s)".formatted(x),
                  t -> MatMul.linear(t[0], t[1], t[2]),
                  t ->
                      Dense.of(
                          withLast(t[0], t[1].size(0)),
                          i -> {
                            double sum = t[2].at(i[i.length - 1]);
                            int[] at = i.clone();
                            for (int k = 0; k < t[1].size(1); k++) {
                              at[i.length - 1] = k;
                              sum += t[0].at(at) * t[1].at(i[i.length - 1], k);
                            }
                            return sum;
                          }),
                  in(REAL, x),
                  in(REAL, "n k"),
                  in(REAL, "n"))
              .covers("MatMul.linear(Tensor, Tensor, Tensor)")
              .uses("MatMul.MATMUL")
              .tolerance(4));
    }
    rows.add(
        op(
                "matmul of transposed matrices",
                x -> x[0].transpose().matmul(x[1].transpose()),
                x ->
                    Dense.of(
                        new int[] {x[0].size(1), x[1].size(0)},
                        i -> {
                          double sum = 0;
                          for (int k = 0; k < x[0].size(0); k++) {
                            sum += x[0].at(k, i[0]) * x[1].at(i[1], k);
                          }
                          return sum;
                        }),
                in(REAL, "k m"),
                in(REAL, "n k"))
            .covers("matmul(Tensor)")
            .tolerance(4));
    return rows;
  }

  private static Dense product(Dense a, Dense b) {
    if (a.rank() == 1) {
      Dense y = product(a.reshape(1, a.size(0)), b);
      return y.reshape(without(y.sizes(), b.rank() == 1 ? 0 : y.rank() - 2));
    }
    if (b.rank() == 1) {
      Dense y = product(a, b.reshape(b.size(0), 1));
      return y.reshape(without(y.sizes(), y.rank() - 1));
    }
    // The batch axes broadcast once the matrix axes are set to the result's.
    int[] sizes =
        Dense.broadcast(
            new Dense(new double[0], with(a.sizes(), 1, 1)),
            new Dense(new double[0], with(b.sizes(), 1, 1)));
    int rank = sizes.length;
    sizes[rank - 2] = a.size(-2);
    sizes[rank - 1] = b.size(-1);
    return Dense.of(
        sizes,
        i -> {
          double sum = 0;
          for (int k = 0; k < a.size(-1); k++) {
            sum += a.at(with(i, i[rank - 2], k)) * b.at(with(i, k, i[rank - 1]));
          }
          return sum;
        });
  }

  private static int[] with(int[] index, int row, int column) {
    int[] result = index.clone();
    result[result.length - 2] = row;
    result[result.length - 1] = column;
    return result;
  }

  private static int[] without(int[] sizes, int axis) {
    int[] result = new int[sizes.length - 1];
    for (int i = 0; i < result.length; i++) {
      result[i] = sizes[i < axis ? i : i + 1];
    }
    return result;
  }

  private static int[] withLast(Dense x, int size) {
    int[] shape = x.sizes().clone();
    shape[shape.length - 1] = size;
    return shape;
  }
}
