package dev.adjoint.examples.names;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Predicts a character from the few before it by counting: what a model has to beat.
 *
 * <p>Every possible character counts as if it had been seen a tenth of a time more.
 */
public final class Ngrams {

  private static final double UNSEEN = 0.1;

  private final Alphabet alphabet;
  private final int before;
  private final Map<List<Integer>, Integer> counts = new HashMap<>();
  private final Map<List<Integer>, Integer> totals = new HashMap<>();

  /**
   * Counts.
   *
   * @param before how many characters are looked at: 0 for unigrams
   */
  public Ngrams(List<String> names, Alphabet alphabet, int before) {
    this.alphabet = alphabet;
    this.before = before;
    for (String name : names) {
      List<Integer> codes = padded(name);
      for (int i = before; i < codes.size(); i++) {
        counts.merge(codes.subList(i - before, i + 1), 1, Integer::sum);
        totals.merge(codes.subList(i - before, i), 1, Integer::sum);
      }
    }
  }

  /** Returns the mean of -log p over all characters and ends of names, in nats. */
  public double crossEntropy(List<String> names) {
    double sum = 0;
    long n = 0;
    for (String name : names) {
      List<Integer> codes = padded(name);
      for (int i = before; i < codes.size(); i++) {
        int count = counts.getOrDefault(codes.subList(i - before, i + 1), 0);
        int total = totals.getOrDefault(codes.subList(i - before, i), 0);
        sum -= Math.log((count + UNSEEN) / (total + UNSEEN * alphabet.size()));
        n++;
      }
    }
    return sum / n;
  }

  private List<Integer> padded(String name) {
    int[] codes = alphabet.encode(name);
    Integer[] padded = new Integer[before + codes.length];
    Arrays.setAll(padded, i -> i < before ? Alphabet.END : codes[i - before]);
    return List.of(padded);
  }
}
