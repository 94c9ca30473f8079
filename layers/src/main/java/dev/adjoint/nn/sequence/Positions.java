package dev.adjoint.nn.sequence;

import static com.google.common.base.Preconditions.checkArgument;

import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;

/** The position encodings of {@link MultiHeadAttention}. */
public enum Positions {
  /** None: the order of keys makes no difference. */
  NONE,
  /**
   * Turns queries and keys by angles that grow with their positions, so that a product depends on
   * the distance (Su et al. 2021, arXiv:2104.09864). Feature i of a head is turned with feature
   * {@code i + width / 2}, as in GPT-NeoX and in Llama's weights at Hugging Face.
   */
  ROTARY,
  /** As {@link #ROTARY}, but feature 2i is turned with 2i + 1, as in the paper and in GPT-J. */
  ROTARY_INTERLEAVED,
  /**
   * Subtracts from each score the distance times a slope, another one for each head (ALiBi: Press
   * et al. 2022, arXiv:2108.12409).
   */
  ALIBI;

  boolean isRotary() {
    return this == ROTARY || this == ROTARY_INTERLEAVED;
  }

  /**
   * Returns features turned by their positions: pair i of position t by the angle {@code t *
   * base^(-2 i / width)}. Returns x itself unless this is rotary.
   *
   * @param x of shape (..., T, width), the width even
   * @param first the position of x at t = 0
   * @param base 10000 in the paper; larger for longer texts
   */
  public Tensor rotate(Tensor x, int first, double base) {
    if (!isRotary()) {
      return x;
    }
    checkArgument(
        x.rank() >= 2 && x.size(-1) % 2 == 0,
        "rotate: input of shape %s; expected (..., T, width) of an even width",
        x.shape());
    return rotate(x, turns(first, x.size(-2), x.size(-1) / 2, base));
  }

  /** Cosines and sines of the angles of positions, of shape (T, pairs). */
  record Turns(Tensor cos, Tensor sin) {}

  /** Returns the turns of positions from the first on, for so many pairs of features. */
  static Turns turns(int first, int length, int pairs, double base) {
    Tensor frequency =
        Tensors.arange(0, pairs, 1, DType.FLOAT64).times(-Math.log(base) / pairs).exp();
    Tensor angle =
        Tensors.arange(first, first + length, 1, DType.FLOAT64).unsqueeze(1).times(frequency);
    return new Turns(angle.cos(), angle.sin());
  }

  /** Returns features turned as the first of some positions say. */
  Tensor rotate(Tensor x, Turns turns) {
    int half = x.size(-1) / 2;
    int pair = this == ROTARY ? -2 : -1;
    Tensor cos = turns.cos.slice(0, 0, x.size(-2)).to(x.dtype());
    Tensor sin = turns.sin.slice(0, 0, x.size(-2)).to(x.dtype());
    int[] sizes = Arrays.copyOf(x.shape().toArray(), x.rank() + 1);
    sizes[x.rank() - 1] = this == ROTARY ? 2 : half;
    sizes[x.rank()] = this == ROTARY ? half : 2;
    Tensor pairs = x.reshape(sizes);
    Tensor a = pairs.select(pair, 0);
    Tensor b = pairs.select(pair, 1);
    return Joining.stack(pair, a.times(cos).minus(b.times(sin)), b.times(cos).plus(a.times(sin)))
        .reshape(x.shape());
  }

  /**
   * Returns ALiBi's slopes: {@code 2^(-8 i / heads)} for i from 1 to the heads. Where these are no
   * power of two, those of the power below, and then every other one of the power above.
   */
  public static double[] slopes(int heads) {
    checkArgument(heads >= 1, "slopes: of %s heads; expected at least 1", heads);
    int power = Integer.highestOneBit(heads);
    double[] slopes = new double[heads];
    for (int i = 0; i < heads; i++) {
      double step = i < power ? i + 1 : (2 * (i - power) + 1) / 2.0;
      slopes[i] = Math.pow(2, -8 * step / power);
    }
    return slopes;
  }
}
