package dev.adjoint.examples.search;

import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * How well queries find what they ask for.
 *
 * @param at1 the share of queries whose answer is the first
 * @param at10 the share of queries whose answer is among the first ten
 * @param reciprocalRank the mean of 1 / rank of the answer; 0 where it was not found
 */
public record Recall(double at1, double at10, double reciprocalRank) {

  /** Judges by the rank of each answer, from 1; 0 where it was not found. */
  static Recall of(int[] ranks) {
    return new Recall(
        IntStream.of(ranks).filter(rank -> rank == 1).count() / (double) ranks.length,
        IntStream.of(ranks).filter(rank -> rank >= 1 && rank <= 10).count() / (double) ranks.length,
        IntStream.of(ranks).mapToDouble(rank -> rank == 0 ? 0 : 1.0 / rank).average().orElse(0));
  }

  /**
   * Judges vectors of length 1 by their products.
   *
   * @param queries of shape (N, width)
   * @param answers of shape (M, width)
   * @param right the answer of each query
   */
  static Recall of(Tensor queries, Tensor answers, int[] right) {
    Tensor columns = answers.transpose();
    int[] ranks = new int[right.length];
    for (int i = 0; i < right.length; i++) {
      float[] scores = queries.slice(0, i, i + 1).matmul(columns).toFloatArray();
      float own = scores[right[i]];
      for (float score : scores) {
        ranks[i] += score >= own ? 1 : 0; // others that are as good count as better
      }
    }
    return of(ranks);
  }

  /** Returns the means of the numbers. */
  public static Recall mean(List<Recall> all) {
    return new Recall(
        all.stream().mapToDouble(Recall::at1).average().orElse(0),
        all.stream().mapToDouble(Recall::at10).average().orElse(0),
        all.stream().mapToDouble(Recall::reciprocalRank).average().orElse(0));
  }

  /** Returns the three numbers. */
  public double[] values() {
    return new double[] {at1, at10, reciprocalRank};
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "%5.1f%%   %5.1f%%     %.3f", 100 * at1, 100 * at10, reciprocalRank);
  }
}
