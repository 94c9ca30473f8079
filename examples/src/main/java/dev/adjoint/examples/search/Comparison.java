package dev.adjoint.examples.search;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Memory;
import dev.adjoint.examples.search.SentenceEncoder.Group;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Our encoder beside the same model in ONNX Runtime, batch after batch of the same sentences.
 *
 * @param sentences how many there were
 * @param threads of both
 * @param largest difference of an element of what the last layer makes of a piece
 * @param largestOfVectors difference of an element of a sentence's vector, of length 1
 * @param ours sentences a second
 * @param theirs sentences a second
 */
public record Comparison(
    int sentences,
    int threads,
    double largest,
    double largestOfVectors,
    double ours,
    double theirs) {

  private static final int ROUNDS = 5;

  /** Compares outputs once, then times of the best of some rounds that take turns. */
  public static Comparison of(
      SentenceEncoder encoder, Libraries.Engine runtime, List<Group> groups, int threads) {
    encoder.eval();
    int sentences = groups.stream().mapToInt(group -> group.numbers().size()).sum();
    double largest = 0;
    double largestOfVectors = 0;
    for (Group group : groups) {
      Tensor mine = Autodiff.noGrad(() -> encoder.hidden(group.tokens()));
      Tensor other = Tensor.of(runtime.hidden(group), mine.shape().toArray());
      Tensor counts = encoder.mask(group.tokens());
      largest = Math.max(largest, difference(mine.times(counts), other.times(counts)));
      largestOfVectors =
          Math.max(
              largestOfVectors,
              difference(
                  encoder.pooled(mine, group.tokens()), encoder.pooled(other, group.tokens())));
    }
    double ours = Double.MAX_VALUE;
    double theirs = Double.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      ours =
          Math.min(
              ours,
              seconds(
                  groups,
                  group ->
                      Memory.step(() ->
                          Autodiff.noGrad(() -> encoder.hidden(group.tokens()).toFloatArray()))));
      theirs = Math.min(theirs, seconds(groups, runtime::hidden));
    }
    return new Comparison(
        sentences, threads, largest, largestOfVectors, sentences / ours, sentences / theirs);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%,d sentences; largest difference to ONNX Runtime %.1e of what becomes of a piece, %.1e of"
            + " a vector; %,.0f sentences a second beside %,.0f of ONNX Runtime, %.2f times its"
            + " time, on %d threads",
        sentences,
        largest,
        largestOfVectors,
        ours,
        theirs,
        theirs / ours,
        threads);
  }

  private static double difference(Tensor a, Tensor b) {
    return a.minus(b).abs().max().item();
  }

  private static double seconds(List<Group> groups, Consumer<Group> run) {
    long start = System.nanoTime();
    groups.forEach(run);
    return (System.nanoTime() - start) / 1e9;
  }
}
