package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Mask;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Mixes values by how well their keys fit a query: {@code softmax(q k' / sqrt(width)) v} (Vaswani
 * et al. 2017, arXiv:1706.03762, section 3.2.1).
 *
 * <p><b>In a mask 1 means that a query may attend to a key, 0 that it may not</b>, here and in all
 * layers. So it is in PyTorch's {@code scaled_dot_product_attention}; the {@code attn_mask} and
 * {@code key_padding_mask} of its {@code MultiheadAttention} mean the opposite. A query that may
 * attend to nothing gets zeros. Keys and values that are masked must be finite. {@link Mask} says
 * what is no mask.
 */
public final class Attention {

  /** A score that is below all others, yet finite: a row of nothing else has a softmax. */
  private static final double LOWEST = -1e38;

  private Attention() {}

  /** Returns the mixed values; every query may attend to every key. */
  public static Tensor scaledDotProduct(Tensor query, Tensor key, Tensor value) {
    return scaledDotProduct(query, key, value, null);
  }

  /**
   * Returns the mixed values.
   *
   * @param query of shape (..., T, width)
   * @param key of shape (..., S, width)
   * @param value of shape (..., S, any)
   * @param mask of shape (..., T, S), where each size may be 1: 1 where a query may attend to a
   *     key; or null
   * @return of shape (..., T, any)
   */
  public static Tensor scaledDotProduct(
      Tensor query, Tensor key, Tensor value, @Nullable Tensor mask) {
    if (value.rank() < 2 || key.rank() < 2 || value.size(-2) != key.size(-2)) {
      throw new IllegalArgumentException(
          "attention: keys of shape %s and values of shape %s; expected (..., S, width) and (..., S, any)"
              .formatted(key.shape(), value.shape()));
    }
    return weights(query, key, mask).matmul(value);
  }

  /**
   * Returns how much of each value goes into each result: rows that add up to 1, or are zeros where
   * the mask leaves nothing.
   *
   * @param query of shape (..., T, width)
   * @param key of shape (..., S, width)
   * @param mask of shape (..., T, S), where each size may be 1: 1 where a query may attend to a
   *     key; or null
   * @return of shape (..., T, S)
   */
  public static Tensor weights(Tensor query, Tensor key, @Nullable Tensor mask) {
    if (query.rank() < 2 || key.rank() < 2 || query.size(-1) != key.size(-1)) {
      throw new IllegalArgumentException(
          "attention: queries of shape %s and keys of shape %s; expected (..., T, width) and (..., S, width)"
              .formatted(query.shape(), key.shape()));
    }
    Tensor scores = query.times(1 / Math.sqrt(query.size(-1))).matmul(key.transpose());
    if (mask == null) {
      return scores.softmax(-1);
    }
    Tensor counts = Mask.of("attention", mask, scores.shape(), scores.dtype());
    Tensor allowed = Where.where(counts, scores, Tensor.scalar(LOWEST, scores.dtype()));
    return Where.where(counts, allowed.softmax(-1), Tensor.scalar(0, scores.dtype()));
  }
}
