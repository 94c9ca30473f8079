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

/** Rows for {@link Indexing}. */
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
            .uses("Indexing.IndexSelect", "Indexing.IndexAdd")
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
                    Indexing.scatterAdd(
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
            .covers("Indexing.scatterAdd(Tensor, int, IntTensor, Tensor)")
            .uses("Indexing.ScatterAdd")
            .nonEmpty("n"),
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
