package dev.adjoint.spark;

import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.Imputation;
import dev.adjoint.nn.norm.Standardization;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.spark.api.java.JavaRDD;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

/** Statistics of the features of shards, by sums that do not depend on who computes them. */
final class Statistics {

  private static final int DIGIT_BITS = 8;
  private static final int DIGITS = 1 << DIGIT_BITS;
  private static final int ROWS_AT_ONCE = 4096;

  private Statistics() {}

  // ---- medians ---------------------------------------------------------------------------------

  /** The first digits of the two values in the middle of each feature, as far as they are known. */
  private record Prefixes(int[] lower, int[] upper, int shift) implements Serializable {

    /** Counts the next digit of values that begin like this. */
    long[] count(float[] rows) {
      int features = lower.length;
      long[] counts = new long[2 * features * DIGITS];
      int known = shift == Integer.SIZE - DIGIT_BITS ? 0 : -1 << (shift + DIGIT_BITS);
      for (int i = 0; i < rows.length; i++) {
        if (Float.isNaN(rows[i])) {
          continue;
        }
        int feature = i % features;
        int key = key(rows[i]);
        int digit = (key >>> shift) & (DIGITS - 1);
        if ((key & known) == lower[feature]) {
          counts[feature * DIGITS + digit]++;
        }
        if ((key & known) == upper[feature]) {
          counts[(features + feature) * DIGITS + digit]++;
        }
      }
      return counts;
    }
  }

  /** Returns bits that are, without a sign, in the order of the numbers. */
  private static int key(float value) {
    int bits = Float.floatToIntBits(value);
    return bits < 0 ? ~bits : bits ^ Integer.MIN_VALUE;
  }

  private static float value(int key) {
    return Float.intBitsToFloat(key < 0 ? key ^ Integer.MIN_VALUE : ~key);
  }

  static Imputation imputation(JavaRDD<Tuple2<float[], float[]>> shards, List<String> names) {
    int features = names.size();
    int[][] found = new int[2][features];
    long[][] ranks = new long[2][features];
    double[] missing = new double[features];
    long rows = shards.map(shard -> (long) shard._1.length).reduce(Long::sum) / features;
    for (int shift = Integer.SIZE - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
      Prefixes prefixes = new Prefixes(found[0], found[1], shift);
      long[] counts = shards.map(shard -> prefixes.count(shard._1)).treeReduce(Statistics::add);
      for (int feature = 0; feature < features; feature++) {
        if (shift == Integer.SIZE - DIGIT_BITS) {
          int from = feature * DIGITS;
          long known = Arrays.stream(counts, from, from + DIGITS).sum();
          if (known == 0) {
            throw new IllegalArgumentException(
                "imputation: feature '%s' is missing in all %d rows; expected it in one at least"
                    .formatted(names.get(feature), rows));
          }
          missing[feature] = known < rows ? 1 : 0;
          ranks[0][feature] = (known - 1) / 2;
          ranks[1][feature] = known / 2;
        }
        for (int side = 0; side < 2; side++) {
          int digit = 0;
          int from = (side * features + feature) * DIGITS;
          for (; ranks[side][feature] >= counts[from + digit]; digit++) {
            ranks[side][feature] -= counts[from + digit];
          }
          found[side][feature] |= digit << shift;
        }
      }
    }
    double[] medians = new double[features];
    Arrays.setAll(medians, i -> value(found[0][i]) / 2.0 + value(found[1][i]) / 2.0);
    return Imputation.of(
        Tensor.of(medians).to(DType.FLOAT32), Tensor.of(missing).to(DType.FLOAT32));
  }

  private static long[] add(long[] sums, long[] more) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += more[i];
    }
    return sums;
  }

  // ---- moments ---------------------------------------------------------------------------------

  /** What is known of each feature of some rows; {@code squares} are those around the means. */
  private record Moments(long rows, double[] means, double[] squares, double[] least, double[] most)
      implements Serializable {

    static Moments of(Tensor rows) {
      Tensor x = rows.to(DType.FLOAT64);
      return new Moments(
          x.size(0),
          x.mean(0).toDoubleArray(),
          x.biasedVariance(0).times(x.size(0)).toDoubleArray(),
          x.min(0).toDoubleArray(),
          x.max(0).toDoubleArray());
    }

    Moments and(Moments more) {
      long all = rows + more.rows;
      double[] newMeans = means.clone();
      double[] newSquares = squares.clone();
      double[] newLeast = least.clone();
      double[] newMost = most.clone();
      for (int i = 0; i < means.length; i++) {
        double distance = more.means[i] - means[i];
        newMeans[i] += distance * more.rows / all;
        newSquares[i] += more.squares[i] + distance * distance * rows / all * more.rows;
        newLeast[i] = Math.min(least[i], more.least[i]);
        newMost[i] = Math.max(most[i], more.most[i]);
      }
      return new Moments(all, newMeans, newSquares, newLeast, newMost);
    }

    Standardization standardization() {
      double[] mean = new double[means.length];
      double[] deviation = new double[means.length];
      for (int i = 0; i < mean.length; i++) {
        boolean isConstant = least[i] == most[i];
        mean[i] = isConstant ? most[i] : means[i];
        deviation[i] = isConstant ? 1 : Math.sqrt(squares[i] / rows);
        if (!Double.isFinite(mean[i]) || !Double.isFinite(deviation[i])) {
          throw new IllegalArgumentException(
              "standardization: feature %d has mean %s and deviation %s; expected finite numbers, such as Imputation puts in place of missing ones"
                  .formatted(i, mean[i], deviation[i]));
        }
      }
      return Standardization.of(
          Tensor.of(mean).to(DType.FLOAT32), Tensor.of(deviation).to(DType.FLOAT32));
    }
  }

  static Standardization standardization(JavaRDD<float[]> shards, int features, Transform... before)
      throws IOException {
    PredictorFile file = before.length == 0 ? null : PredictorFile.of(Predictor.of(before));
    return shards.map(shard -> moments(shard, features, file)).collect().stream()
        .reduce(Moments::and)
        .orElseThrow()
        .standardization();
  }

  private static Moments moments(float[] rows, int features, @Nullable PredictorFile before) {
    Moments moments = null;
    int all = rows.length / features;
    for (int row = 0; row < all; row += ROWS_AT_ONCE) {
      int count = Math.min(ROWS_AT_ONCE, all - row);
      Tensor some =
          Tensor.of(
              Arrays.copyOfRange(rows, row * features, (row + count) * features), count, features);
      Moments more = Moments.of(before == null ? some : before.predictor().predict(some));
      moments = moments == null ? more : moments.and(more);
    }
    return Objects.requireNonNull(moments, "a shard without rows");
  }
}
