package dev.adjoint.op;

import static dev.adjoint.op.Domain.MASK;
import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.Domain.WHOLE;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.tensor.IntTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;

/** Rows for {@link Indexing}, {@link Scattering} and {@link Masking}. */
final class IndexingRows {

  private IndexingRows() {}

  static List<OpCase> rows() {
    return List.of(
        op(
                "gather along 1",
                x -> Indexing.gather(x[0], 1, ints(places(x[0].size(1), x[0].size(0), 7))),
                x -> {
                  Dense places = places(x[0].size(1), x[0].size(0), 7);
                  return Dense.of(places.sizes(), i -> x[0].at(i[0], (int) places.at(i)));
                },
                in(REAL, "m n"))
            .covers("Indexing.gather(Tensor, int, IntTensor)")
            .uses("Indexing.Gather")
            .nonEmpty("n"),
        op(
                "gather along 0, of fewer columns",
                x -> Indexing.gather(x[0], 0, ints(places(x[0].size(0), 4, 1))),
                x -> {
                  Dense places = places(x[0].size(0), 4, 1);
                  return Dense.of(places.sizes(), i -> x[0].at((int) places.at(i), i[1]));
                },
                in(REAL, "m n"))
            .covers("Indexing.gather(Tensor, int, IntTensor)")
            .nonEmpty("mn"),
        op(
                "takeAlongAxis",
                x -> Indexing.takeAlongAxis(x[0], -1, ints(places(x[0].size(1), 1, 6))),
                x -> {
                  Dense places = places(x[0].size(1), 1, 6);
                  return Dense.of(
                      new int[] {x[0].size(0), 6}, i -> x[0].at(i[0], (int) places.at(i)));
                },
                in(REAL, "m n"))
            .covers("Indexing.takeAlongAxis(Tensor, int, IntTensor)")
            .nonEmpty("n"),
        op(
                "indexSelect",
                x -> Indexing.indexSelect(x[0], 1, ints(places(x[0].size(1), 4))),
                x -> {
                  Dense places = places(x[0].size(1), 4);
                  return Dense.of(
                      new int[] {x[0].size(0), 4, x[0].size(2)},
                      i -> x[0].at(i[0], (int) places.at(i[1]), i[2]));
                },
                in(REAL, "b m n"))
            .covers("Indexing.indexSelect(Tensor, int, IntTensor)")
            .uses("Slices.IndexSelect", "Slices.IndexAdd")
            .nonEmpty("m"),
        op(
                "embedding",
                x -> Indexing.embedding(x[0], ints(places(x[0].size(0), 2, 3))),
                x -> {
                  Dense places = places(x[0].size(0), 2, 3);
                  return Dense.of(
                      new int[] {2, 3, x[0].size(1)},
                      i -> x[0].at((int) places.at(i[0], i[1]), i[2]));
                },
                in(REAL, "m n"))
            .covers("Indexing.embedding(Tensor, IntTensor)")
            .nonEmpty("m"),
        op(
                "scatterAdd",
                x ->
                    Scattering.scatterAdd(
                        x[0], 1, ints(places(x[0].size(1), x[1].shape().toArray())), x[1]),
                x -> {
                  Dense places = places(x[0].size(1), x[1].sizes());
                  return Dense.of(
                      x[0].sizes(),
                      i -> {
                        double sum = x[0].at(i);
                        for (int j = 0; j < x[1].size(1); j++) {
                          sum += places.at(i[0], j) == i[1] ? x[1].at(i[0], j) : 0;
                        }
                        return sum;
                      });
                },
                in(REAL, "m n"),
                in(REAL, "m k"))
            .covers("Scattering.scatterAdd(Tensor, int, IntTensor, Tensor)")
            .uses("Indexing.ScatterAdd")
            .nonEmpty("n"),
        op(
                "scatter",
                x ->
                    Scattering.scatter(
                        x[0], 1, ints(places(x[0].size(1), x[1].shape().toArray())), x[1]),
                x -> {
                  Dense places = places(x[0].size(1), x[1].sizes());
                  return Dense.of(
                      x[0].sizes(),
                      i -> {
                        double last = x[0].at(i);
                        for (int j = 0; j < x[1].size(1); j++) {
                          last = places.at(i[0], j) == i[1] ? x[1].at(i[0], j) : last;
                        }
                        return last;
                      });
                },
                in(REAL, "m n"),
                in(REAL, "m k"))
            .covers("Scattering.scatter(Tensor, int, IntTensor, Tensor)")
            .nonEmpty("n"),
        op(
                "scatter of a number, of fewer columns",
                x -> Scattering.scatter(x[0], 0, ints(places(x[0].size(0), 2, 1)), 7),
                x -> {
                  Dense places = places(x[0].size(0), 2, 1);
                  return Dense.of(
                      x[0].sizes(),
                      i ->
                          i[1] == 0 && (places.at(0, 0) == i[0] || places.at(1, 0) == i[0])
                              ? 7
                              : x[0].at(i));
                },
                in(REAL, "m n"))
            .covers("Scattering.scatter(Tensor, int, IntTensor, double)")
            .nonEmpty("mn"),
        op(
                "indexAdd",
                x -> Scattering.indexAdd(x[0], 1, ints(places(x[0].size(1), x[1].size(1))), x[1]),
                x -> {
                  Dense places = places(x[0].size(1), x[1].size(1));
                  return Dense.of(
                      x[0].sizes(),
                      i -> {
                        double sum = x[0].at(i);
                        for (int j = 0; j < x[1].size(1); j++) {
                          sum += places.at(j) == i[1] ? x[1].at(i[0], j, i[2]) : 0;
                        }
                        return sum;
                      });
                },
                in(REAL, "b m n"),
                in(REAL, "b k n"))
            .covers("Scattering.indexAdd(Tensor, int, IntTensor, Tensor)")
            .nonEmpty("m"),
        op(
                "index by two axes",
                x -> Indexing.index(x[0], twoAxes(x[0].shape().toArray())),
                x -> {
                  Dense rows = places(x[0].size(0), 4, 1);
                  Dense columns = places(x[0].size(1), 2);
                  return Dense.of(
                      new int[] {4, 2, x[0].size(2)},
                      i -> x[0].at((int) rows.at(i[0], 0), (int) columns.at(i[1]), i[2]));
                },
                in(REAL, "b m n"))
            .covers("Indexing.index(Tensor, IntTensor[])")
            .nonEmpty("bm"),
        op(
                "indexPut by two axes",
                x -> Scattering.indexPut(x[0], List.of(twoAxes(x[0].shape().toArray())), x[1]),
                x -> put(x[0], x[1], (_, value) -> value),
                in(REAL, "b m n"),
                in(REAL, "4 2 n"))
            .covers("Scattering.indexPut(Tensor, List, Tensor)")
            .nonEmpty("bm"),
        op(
                "indexPut by two axes, accumulated",
                x ->
                    Scattering.indexPut(x[0], List.of(twoAxes(x[0].shape().toArray())), x[1], true),
                x -> put(x[0], x[1], Double::sum),
                in(REAL, "b m n"),
                in(REAL, "2 1"))
            .covers("Scattering.indexPut(Tensor, List, Tensor, boolean)")
            .nonEmpty("bm"),
        op(
                "maskedScatter",
                x -> Masking.maskedScatter(x[0], x[1], x[2]),
                x -> {
                  int[] next = {0};
                  return Dense.of(
                      x[0].sizes(), i -> x[1].at(i) != 0 ? x[2].values()[next[0]++] : x[0].at(i));
                },
                in(REAL, "m n"),
                in(MASK, "n"),
                in(REAL, "n m"))
            .covers("Masking.maskedScatter(Tensor, Tensor, Tensor)"),
        op(
                "maskedFill",
                x -> Masking.maskedFill(x[0], x[1], -7),
                x -> Dense.of(x[0].sizes(), i -> x[1].at(i) != 0 ? -7 : x[0].at(i)),
                in(REAL, "m n"),
                in(MASK, "n"))
            .covers("Masking.maskedFill(Tensor, Tensor, double)"),
        op(
                "maskedSelect",
                x -> Masking.maskedSelect(x[0], x[1]),
                x -> {
                  int[] sizes = Dense.broadcast(x);
                  double[] chosen = new double[Dense.product(sizes)];
                  int[] count = {0};
                  Dense.of(
                      sizes,
                      i -> {
                        if (x[1].at(i) != 0) {
                          chosen[count[0]++] = x[0].at(i);
                        }
                        return 0;
                      });
                  return new Dense(Arrays.copyOf(chosen, count[0]), count[0]);
                },
                in(REAL, "m n"),
                in(MASK, "b 1 n"))
            .covers("Masking.maskedSelect(Tensor, Tensor)"),
        op(
                "nonzero",
                x -> Masking.nonzero(x[0]).toTensor(x[0].dtype()),
                x -> {
                  List<int[]> places = new ArrayList<>();
                  Dense.of(
                      x[0].sizes(),
                      i -> {
                        if (x[0].at(i) != 0) {
                          places.add(i.clone());
                        }
                        return 0;
                      });
                  return Dense.of(new int[] {places.size(), 2}, i -> places.get(i[0])[i[1]]);
                },
                in(WHOLE, "m n"))
            .covers("Masking.nonzero(Tensor)")
            .order(0));
  }

  /** Returns indices along two axes that broadcast to (4, 2). */
  private static IntTensor[] twoAxes(int[] sizes) {
    return new IntTensor[] {ints(places(sizes[0], 4, 1)), ints(places(sizes[1], 2))};
  }

  /** Puts values where {@link #twoAxes} says, one after another. */
  private static Dense put(Dense x, Dense values, DoubleBinaryOperator put) {
    Dense rows = places(x.size(0), 4, 1);
    Dense columns = places(x.size(1), 2);
    return Dense.of(
        x.sizes(),
        i -> {
          double result = x.at(i);
          for (int a = 0; a < 4; a++) {
            for (int b = 0; b < 2; b++) {
              if (rows.at(a, 0) == i[0] && columns.at(b) == i[1]) {
                result = put.applyAsDouble(result, values.at(a, b, i[2]));
              }
            }
          }
          return result;
        });
  }

  /** Returns indices below a bound, some of them equal and in no order. */
  static Dense places(int bound, int... sizes) {
    int[] next = {0};
    return Dense.drawn(
        sizes,
        () -> {
          long i = next[0]++;
          return (i * i * 3 + i * 5 + 1) % 11 % bound;
        });
  }

  static IntTensor ints(Dense places) {
    int[] values = Arrays.stream(places.values()).mapToInt(v -> (int) v).toArray();
    return IntTensor.of(values, places.sizes());
  }
}
