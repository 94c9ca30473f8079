package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.IntTensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Rows for {@link SequenceLosses}. */
final class SequenceLossRows {

  private SequenceLossRows() {}

  static List<OpCase> rows() {
    return List.of(
        op(
                "ctc",
                x -> {
                  Labels y = new Labels(x[0].shape().toArray());
                  return SequenceLosses.ctc(x[0], y.padded(), y.inputLengths(), y.lengths());
                },
                x ->
                    ctc(x[0], true)
                        .fold(new int[] {}, false, v -> Arrays.stream(v).sum() / v.length),
                in(REAL, "m b k"))
            .covers("SequenceLosses.ctc(Tensor, IntTensor, IntTensor, IntTensor)")
            .nonEmpty("mk")
            .tolerance(4),
        op(
                "ctc per sequence, of targets one after another",
                x -> {
                  Labels y = new Labels(x[0].shape().toArray());
                  return SequenceLosses.ctc(
                      x[0], y.joined(), y.inputLengths(), y.lengths(), 0, true, Reduction.NONE);
                },
                x -> ctc(x[0], false),
                in(REAL, "n b k"))
            .covers(
                "SequenceLosses.ctc(Tensor, IntTensor, IntTensor, IntTensor, int, boolean,"
                    + " Reduction)")
            .nonEmpty("nk")
            .tolerance(4));
  }

  /**
   * Says what is read in log-probabilities of sizes (T, N, C): targets that fit, of two lengths.
   */
  private record Labels(int... sizes) {
    int length(int sequence) {
      return sizes[2] == 1 ? 0 : Math.max(0, (sizes[0] - 1) / 2 - sequence % 2);
    }

    int inputLength(int sequence) {
      return Math.max(0, sizes[0] - sequence % 2);
    }

    /** Labels of which some are repeated. */
    int label(int sequence, int place) {
      return 1 + (sequence + place / 2) % (sizes[2] - 1);
    }

    private int[] of(int sequence) {
      return IntStream.range(0, length(sequence)).map(s -> label(sequence, s)).toArray();
    }

    IntTensor lengths() {
      return IntTensor.of(IntStream.range(0, sizes[1]).map(this::length).toArray());
    }

    IntTensor inputLengths() {
      return IntTensor.of(IntStream.range(0, sizes[1]).map(this::inputLength).toArray());
    }

    IntTensor joined() {
      return IntTensor.of(
          IntStream.range(0, sizes[1]).flatMap(i -> Arrays.stream(of(i))).toArray());
    }

    /** Pads by what is no class. */
    IntTensor padded() {
      int longest = sizes[1] == 0 ? 0 : length(0);
      int[] all = new int[sizes[1] * longest];
      Arrays.fill(all, -7);
      for (int i = 0; i < sizes[1]; i++) {
        System.arraycopy(of(i), 0, all, i * longest, length(i));
      }
      return IntTensor.of(all, sizes[1], longest);
    }
  }

  /** Sums probabilities of ways over time: how probable it is to have read so many states. */
  private static Dense ctc(Dense x, boolean isByLength) {
    Labels y = new Labels(x.sizes());
    return Dense.of(
        new int[] {x.size(1)},
        i -> {
          int n = i[0];
          double[] reading = new double[2 * y.length(n) + 1];
          reading[0] = 1;
          double log = 0;
          for (int t = 0; t < y.inputLength(n); t++) {
            double[] next = new double[reading.length];
            for (int s = 0; s < next.length; s++) {
              int label = s % 2 == 0 ? 0 : y.label(n, s / 2);
              boolean leaps = s > 2 && label != 0 && label != y.label(n, s / 2 - 1);
              next[s] = reading[s] + (s > 0 ? reading[s - 1] : 0) + (leaps ? reading[s - 2] : 0);
              next[s] *= Math.exp(x.at(t, n, label));
            }
            double total = Arrays.stream(next).sum();
            log += Math.log(total);
            reading = Arrays.stream(next).map(p -> p / total).toArray();
          }
          int last = reading.length - 1;
          double read = reading[last] + (last > 0 ? reading[last - 1] : 0);
          return -(log + Math.log(read)) / (isByLength ? Math.max(1, y.length(n)) : 1);
        });
  }
}
