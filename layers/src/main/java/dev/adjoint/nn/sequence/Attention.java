package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Mask;
import dev.adjoint.op.AttentionOptions;
import dev.adjoint.op.ScaledDotProduct;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Scaled dot-product attention, which averages values by how well their keys fit a query: {@code
 * softmax(q k' / sqrt(width)) v} (Vaswani et al. 2017, arXiv:1706.03762, section 3.2.1).
 *
 * <p><b>In a mask 1 means that a query may attend to a key, 0 that it may not</b>, here and in all
 * layers. So it is in PyTorch's {@code scaled_dot_product_attention}; the {@code attn_mask} and
 * {@code key_padding_mask} of its {@code MultiheadAttention} mean the opposite. A query that may
 * attend to nothing gets zeros. Keys and values that are masked must be finite. {@link Mask} says
 * what is no mask.
 */
public final class Attention {

  private Attention() {}

  /** Returns the mixed values; every query may attend to every key. */
  public static Tensor scaledDotProduct(Tensor query, Tensor key, Tensor value) {
    return scaledDotProduct(query, key, value, null);
  }

  /** Returns the mixed values; where there is a mask, 1 in it lets a query attend to a key. */
  public static Tensor scaledDotProduct(
      Tensor query, Tensor key, Tensor value, @Nullable Tensor mask) {
    return scaledDotProduct(query, key, value, mask, false);
  }

  /**
   * Returns the mixed values. What is held on the way does not grow with T times S: see {@link
   * ScaledDotProduct}.
   *
   * @param query of shape (..., T, width)
   * @param key of shape (..., S, width)
   * @param value of shape (..., S, any)
   * @param mask of shape (..., T, S), where each size may be 1: 1 where a query may attend to a
   *     key; or null
   * @param causal whether, besides, query t may attend to keys 0 to t only; costs half
   * @return of shape (..., T, any)
   */
  public static Tensor scaledDotProduct(
      Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, boolean causal) {
    return scaledDotProduct(query, key, value, mask, AttentionOptions.DEFAULT.causal(causal));
  }

  /**
   * Returns the mixed values, as {@link #scaledDotProduct(Tensor, Tensor, Tensor, Tensor)}, with
   * options: another scale, a first position, slopes, or a {@linkplain AttentionOptions#bias bias}
   * that is added to the scores. Heads, the last axis of those that lead, may share keys and
   * values: where there are a multiple of them, as many in a row do.
   */
  public static Tensor scaledDotProduct(
      Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, AttentionOptions options) {
    return ScaledDotProduct.attention(query, key, value, checked(mask, query, key), options);
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
    return weights(query, key, mask, AttentionOptions.DEFAULT);
  }

  static Tensor weights(Tensor query, Tensor key, @Nullable Tensor mask, AttentionOptions options) {
    return ScaledDotProduct.weights(query, key, checked(mask, query, key), options);
  }

  private static @Nullable Tensor checked(@Nullable Tensor mask, Tensor query, Tensor key) {
    Shape scores = ScaledDotProduct.scores(query, key);
    return mask == null ? null : Mask.of("attention", mask, scores, query.dtype());
  }
}
