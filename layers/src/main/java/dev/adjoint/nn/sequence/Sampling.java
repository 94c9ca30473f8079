package dev.adjoint.nn.sequence;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * How the next token is chosen by its scores:
 *
 * <pre>{@code
 * Sampling sampling = Sampling.DEFAULT.temperature(0.8).topK(50).topP(0.95);
 * }</pre>
 *
 * <p>Scores are divided by the temperature; the k best are left, and of these the fewest whose
 * probabilities add up to p; one of them is drawn. Each method returns a changed one.
 *
 * @param temperature below 1, what is likely gets likelier; at 0 the best is taken; 1 by default
 * @param topK how many tokens may be drawn, and those that are as good as the last; all by default
 * @param topP more than 0, up to 1: the share of the probability that may be drawn (Holtzman et al.
 *     2019, arXiv:1904.09751); 1 by default
 */
public record Sampling(double temperature, int topK, double topP) {

  /** Draws each token with its probability. */
  public static final Sampling DEFAULT = new Sampling(1, Integer.MAX_VALUE, 1);

  /** Takes the best token; of equal ones the first. */
  public static final Sampling GREEDY = DEFAULT.temperature(0);

  /** Checks the settings. */
  public Sampling {
    if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "temperature %s; expected a finite number of at least 0".formatted(temperature));
    }
    checkArgument(topK >= 1, "topK %s; expected at least 1", topK);
    checkArgument(topP > 0 && topP <= 1, "topP %s; expected more than 0, up to 1", topP);
  }

  /** Divides scores by a number. */
  public Sampling temperature(double divisor) {
    return new Sampling(divisor, topK, topP);
  }

  /** Draws one of the k best. */
  public Sampling topK(int k) {
    return new Sampling(temperature, k, topP);
  }

  /** Draws one of the fewest whose probabilities add up to p. */
  public Sampling topP(double p) {
    return new Sampling(temperature, topK, p);
  }

  /**
   * Returns the chosen token.
   *
   * @param scores of shape (tokens)
   * @param chance uniform from 0 to 1
   * @throws IllegalStateException if a score is NaN, or the highest is infinite
   */
  int choose(Tensor scores, double chance) {
    double highest = scores.max().item(); // NaN if a score is
    checkState(
        Double.isFinite(highest),
        "generate: the highest score of a token is %s; expected a finite number",
        highest);
    if (temperature == 0) {
      return scores.argmax(0).get(0);
    }
    double[] p = probabilities(scores.toDoubleArray());
    double left = chance * Arrays.stream(p).sum();
    int last = 0;
    for (int i = 0; i < p.length; i++) {
      if (p[i] > 0) {
        last = i;
        left -= p[i];
        if (left < 0) {
          break;
        }
      }
    }
    return last;
  }

  /** Returns what is proportional to the probabilities: 0 for who is left out. */
  double[] probabilities(double[] scores) {
    double max = Arrays.stream(scores).max().orElse(0);
    double[] p = Arrays.stream(scores).map(s -> Math.exp((s - max) / temperature)).toArray();
    if (topK >= p.length && topP == 1) {
      return p;
    }
    double[] sorted = Arrays.stream(p).sorted().toArray();
    int worst = Math.max(0, p.length - topK);
    double below = 0;
    double sum = Arrays.stream(sorted, worst, p.length).sum();
    while (worst < p.length - 1 && below + sorted[worst] <= (1 - topP) * sum) {
      below += sorted[worst++];
    }
    double least = sorted[worst];
    return Arrays.stream(p).map(each -> each < least ? 0 : each).toArray();
  }
}
