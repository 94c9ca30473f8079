package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Scaled dot-product attention: {@code softmax(scale * q k') v} (Vaswani et al. 2017,
 * arXiv:1706.03762, section 3.2.1), without ever holding the softmax of all queries (Dao et al.
 * 2022, arXiv:2205.14135).
 *
 * <p>A query may attend to a key where the mask is not 0 and, if causal, where the key is not later
 * than the query. One that may attend to nothing gets zeros, and gradients 0. No gradient flows to
 * the mask.
 */
public final class ScaledDotProduct {

  /** A score that is below all others, yet finite: a row of nothing else has a softmax. */
  static final double LOWEST = -1e38;

  private ScaledDotProduct() {}

  /**
   * Returns the mixed values. Leading axes broadcast; where the last of them, the heads, are a
   * multiple of those of keys and values, as many heads in a row share each key and value (Ainslie
   * et al. 2023, arXiv:2305.13245).
   *
   * @param query of shape (..., T, width)
   * @param key of shape (..., S, width)
   * @param value of shape (..., S, any)
   * @param mask broadcasts to (..., T, S), {@link #scores}; or null
   * @param causal whether query t may attend to keys 0 to t only
   * @param scale of the products: usually {@code 1 / sqrt(width)}
   * @return of shape (..., T, any)
   */
  public static Tensor attention(
      Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, boolean causal, double scale) {
    Shape scores = scores(query, key);
    if (value.rank() < 2 || key.size(-2) != value.size(-2)) {
      throw new IllegalArgumentException(
          "attention: keys of shape %s and values of shape %s; expected (..., S, width) and (..., S, any)"
              .formatted(key.shape(), value.shape()));
    }
    requireMask(mask, scores);
    int shared = sharedHeads(query, key);
    if (shared > 1 && value.rank() > 2 && value.size(-3) == key.size(-3)) {
      Tensor y =
          attention(
              grouped(query, shared),
              key.unsqueeze(-3),
              value.unsqueeze(-3),
              mask == null || mask.rank() < 3 ? mask : grouped(mask, shared),
              causal,
              scale);
      Shape heads = MatMul.leading(scores);
      return y.reshape(MatMul.matrices(heads, query.size(-2), value.size(-1)));
    }
    DType dtype = DType.promote(DType.promote(query.dtype(), key.dtype()), value.dtype());
    Tensor q = query.to(dtype);
    Tensor k = key.to(dtype);
    Tensor v = value.to(dtype);
    if (mask == null) {
      return apply(causal, scale, q, k, v);
    }
    Tensor allowed = mask.dtype() == dtype ? mask : mask.notEqual(0).to(dtype);
    return apply(causal, scale, q, k, v, allowed);
  }

  private static Tensor apply(boolean causal, double scale, Tensor... x) {
    AttentionBlocks blocks = new AttentionBlocks(causal, scale, x);
    Tensor weights = Recorder.isOn() ? blocks.kept() : null;
    return Recorder.record(blocks.forward(weights), new Fused(causal, scale, weights), x);
  }

  /**
   * Returns how much of each value goes into each result: rows that add up to 1, or are zeros. With
   * these, {@code weights.matmul(value)} is the definition of {@link #attention}.
   *
   * @param query of shape (..., T, width)
   * @param key of shape (..., S, width); leading axes broadcast
   * @param mask broadcasts to (..., T, S); or null
   * @param causal whether query t may attend to keys 0 to t only
   * @return of shape (..., T, S)
   */
  public static Tensor weights(
      Tensor query, Tensor key, @Nullable Tensor mask, boolean causal, double scale) {
    requireMask(mask, scores(query, key));
    Tensor scores = query.times(scale).matmul(key.transpose());
    Tensor allowed = mask;
    if (causal) {
      Tensor lower = lowerTriangle(scores);
      allowed = mask == null ? lower : mask.notEqual(0).times(lower);
    }
    if (allowed == null) {
      return scores.softmax(-1);
    }
    Tensor finite = Where.where(allowed, scores, Tensor.scalar(LOWEST, scores.dtype()));
    return Where.where(allowed, finite.softmax(-1), Tensor.scalar(0, scores.dtype()));
  }

  /** Returns the shape of all scores, (..., T, S), to which a mask broadcasts. */
  public static Shape scores(Tensor query, Tensor key) {
    if (query.rank() < 2 || key.rank() < 2 || query.size(-1) != key.size(-1)) {
      throw new IllegalArgumentException(
          "attention: queries of shape %s and keys of shape %s; expected (..., T, width) and (..., S, width)"
              .formatted(query.shape(), key.shape()));
    }
    Shape keys = MatMul.leading(key.shape());
    if (sharedHeads(query, key) > 1) {
      keys = keys.with(-1, query.size(-3));
    }
    Shape batch = Shape.broadcast("attention", MatMul.leading(query.shape()), keys);
    return MatMul.matrices(batch, query.size(-2), key.size(-2));
  }

  private static void requireMask(@Nullable Tensor mask, Shape scores) {
    if (mask != null && !mask.shape().broadcastsTo(scores)) {
      throw new IllegalArgumentException(
          "attention: mask of shape %s; expected one that broadcasts to %s"
              .formatted(mask.shape(), scores));
    }
  }

  /** 1 where a key is not later than the query. */
  private static Tensor lowerTriangle(Tensor scores) {
    Tensor queries = Tensors.arange(scores.size(-2)).unsqueeze(1);
    return queries.greaterEqual(Tensors.arange(scores.size(-1))).to(scores.dtype());
  }

  /** Returns how many heads in a row share one of the keys': 1 where heads broadcast. */
  private static int sharedHeads(Tensor query, Tensor key) {
    if (query.rank() < 3 || key.rank() < 3 || key.size(-3) < 2) {
      return 1;
    }
    boolean grouped = query.size(-3) % key.size(-3) == 0;
    return grouped ? query.size(-3) / key.size(-3) : 1;
  }

  /** Splits the heads, the last axis but two, into groups of so many; one head stays one. */
  private static Tensor grouped(Tensor x, int shared) {
    int[] sizes = x.shape().toArray();
    int rank = sizes.length;
    int[] split = Arrays.copyOf(sizes, rank + 1);
    split[rank - 3] = Math.max(1, sizes[rank - 3] / shared);
    split[rank - 2] = sizes[rank - 3] == 1 ? 1 : shared;
    split[rank - 1] = sizes[rank - 2];
    split[rank] = sizes[rank - 1];
    return x.reshape(split);
  }

  /**
   * The whole as one step. The inputs are query, key, value, and the mask if there is one.
   *
   * @param weights what {@link AttentionBlocks} kept, if anything, to go back with
   */
  record Fused(boolean causal, double scale, @Nullable Tensor weights) implements Primitive {
    @Override
    public String name() {
      return "attention";
    }

    @Override
    public Tensor forward(Tensor... x) {
      return new AttentionBlocks(causal, scale, x).forward(null);
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      boolean[] needed = new boolean[x.length];
      needed[input] = true;
      return Objects.requireNonNull(pullbacks(needed, g, x, y)[input]);
    }

    @Override
    public @Nullable Tensor[] pullbacks(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
      @Nullable Tensor[] cotangents =
          Recorder.isOn()
              ? composedPullbacks(needed, g, x)
              : new AttentionBlocks(causal, scale, x).pullbacks(needed, g, weights);
      if (x.length > 3 && needed[3]) {
        cotangents[3] = Tensors.zeros(x[3].shape(), x[3].dtype());
      }
      return cotangents;
    }

    private @Nullable Tensor[] composedPullbacks(boolean[] needed, Tensor g, Tensor[] x) {
      Tensor p = ScaledDotProduct.weights(x[0], x[1], x.length > 3 ? x[3] : null, causal, scale);
      Tensor dp = g.matmul(x[2].transpose());
      Tensor ds = p.times(dp.minus(Reductions.sum(dp.times(p), true, -1))).times(scale);
      @Nullable Tensor[] cotangents = new Tensor[x.length];
      cotangents[0] = needed[0] ? ds.matmul(x[1]) : null;
      cotangents[1] = needed[1] ? ds.transpose().matmul(x[0]) : null;
      cotangents[2] = needed[2] ? p.transpose().matmul(g) : null;
      return cotangents;
    }
  }
}
