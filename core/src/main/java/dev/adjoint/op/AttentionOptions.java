package dev.adjoint.op;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/**
 * How queries attend to keys:
 *
 * <pre>{@code
 * AttentionOptions options = AttentionOptions.DEFAULT.causal(true).first(past);
 * ScaledDotProduct.attention(query, key, value, null, options);
 * }</pre>
 *
 * <p>Each method returns changed options.
 *
 * @param scale of the products; null, the default, for {@code 1 / sqrt(width)}
 * @param causal whether a query may attend to no key after it; false by default
 * @param first the position of query 0 among the keys; 0 by default
 * @param slopes of each head: what a score loses by a key that is one position farther; none by
 *     default
 * @param bias what is added to the scaled scores; null, the default, for nothing
 */
public record AttentionOptions(
    @Nullable Double scale, boolean causal, int first, List<Double> slopes, @Nullable Tensor bias) {

  /** Every query may attend to every key, near or far. */
  public static final AttentionOptions DEFAULT =
      new AttentionOptions(null, false, 0, List.of(), null);

  /** Checks the options. */
  public AttentionOptions {
    if (first < 0) {
      throw new IllegalArgumentException(
          "first: position %d; expected at least 0".formatted(first));
    }
    slopes = List.copyOf(slopes);
  }

  /** Multiplies the products of queries and keys by a number. */
  public AttentionOptions scale(double factor) {
    return new AttentionOptions(factor, causal, first, slopes, bias);
  }

  /** Sets whether query t may attend to keys 0 to first + t only, at half the cost. */
  public AttentionOptions causal(boolean on) {
    return new AttentionOptions(scale, on, first, slopes, bias);
  }

  /** Sets the position of query 0 among the keys: so many keys are of what came before. */
  public AttentionOptions first(int position) {
    return new AttentionOptions(scale, causal, position, slopes, bias);
  }

  /**
   * Subtracts from the scaled score of query i and key j {@code slope * |i - j|} (ALiBi: Press et
   * al. 2022, arXiv:2108.12409).
   *
   * @param perHead one slope for each head
   */
  public AttentionOptions slopes(double... perHead) {
    List<Double> all = DoubleStream.of(perHead).boxed().toList();
    return new AttentionOptions(scale, causal, first, all, bias);
  }

  /**
   * Adds numbers to the scaled scores, before the softmax: what PyTorch's {@code
   * scaled_dot_product_attention} takes for a floating-point {@code attn_mask}. A mask says by 1
   * and 0 who may attend to what; a bias of 0 changes nothing, and one of -infinity hides a key. So
   * does every bias of -1e38 or less, which is the lowest number of either type, too: PyTorch lets
   * a query attend to those where it has nothing better.
   *
   * <p>Gradients flow to the bias, 0 where it hides. They hold the weights of all queries; without
   * them, nothing but the bias does.
   *
   * @param added to the scores (..., T, S), to which it broadcasts
   */
  public AttentionOptions bias(Tensor added) {
    return new AttentionOptions(scale, causal, first, slopes, added);
  }

  double scale(Tensor query) {
    return scale == null ? 1 / Math.sqrt(query.size(-1)) : scale;
  }

  /** Returns the slopes, of shape (heads). */
  Tensor slopes(DType dtype) {
    double[] values = slopes.stream().mapToDouble(Double::doubleValue).toArray();
    return Tensor.of(values, values.length).to(dtype);
  }

  void requireHeads(Tensor query) {
    if (!slopes.isEmpty() && (query.rank() < 3 || query.size(-3) != slopes.size())) {
      throw new IllegalArgumentException(
          "attention: %d slopes and queries of shape %s; expected one slope for each head of (..., heads, T, width)"
              .formatted(slopes.size(), query.shape()));
    }
  }
}
