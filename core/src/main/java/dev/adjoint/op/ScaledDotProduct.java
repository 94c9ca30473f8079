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
 * <p>A query may attend to a key where the mask is not 0, where no {@linkplain
 * AttentionOptions#bias bias} of -infinity hides it and, if causal, where the key is not later than
 * the query. One that may attend to nothing gets zeros, and gradients 0. No gradient flows to the
 * mask; one does to the bias.
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
   * @param mask broadcasts to (..., T, S), {@link #scores}: 0 where a query may not attend to a
   *     key; or null. What is added to scores is {@link AttentionOptions#bias}
   * @return of shape (..., T, any)
   */
  public static Tensor attention(
      Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, AttentionOptions options) {
    Shape scores = scores(query, key);
    if (value.rank() < 2 || key.size(-2) != value.size(-2)) {
      throw new IllegalArgumentException(
          "attention: keys of shape %s and values of shape %s; expected (..., S, width) and (..., S, any)"
              .formatted(key.shape(), value.shape()));
    }
    requireBroadcasts("mask", mask, scores);
    requireBroadcasts("bias", options.bias(), scores);
    options.requireHeads(query);
    Tensor bias = options.bias();
    DType dtype = DType.promote(DType.promote(query.dtype(), key.dtype()), value.dtype());
    if (bias != null) {
      dtype = DType.promote(dtype, bias.dtype());
      bias = bias.to(dtype);
    }
    Tensor q = query.to(dtype);
    Tensor k = key.to(dtype);
    Tensor v = value.to(dtype);
    Tensor allowed = mask == null || mask.dtype() == dtype ? mask : mask.notEqual(0).to(dtype);
    int shared = sharedHeads(query, key);
    if (shared < 2 || value.rank() < 3 || value.size(-3) != key.size(-3)) {
      return apply(options, inputs(q, k, v, allowed, bias));
    }
    Tensor y =
        apply(
            options,
            inputs(
                grouped(q, shared),
                k.unsqueeze(-3),
                v.unsqueeze(-3),
                allowed == null || allowed.rank() < 3 ? allowed : grouped(allowed, shared),
                bias == null || bias.rank() < 3 ? bias : grouped(bias, shared)));
    Shape values = MatMul.leading(value.shape()).with(-1, query.size(-3));
    Shape batch = Shape.broadcast("attention", MatMul.leading(scores), values);
    return y.reshape(MatMul.matrices(batch, query.size(-2), value.size(-1)));
  }

  private static Tensor[] inputs(@Nullable Tensor... all) {
    return Arrays.stream(all).filter(Objects::nonNull).toArray(Tensor[]::new);
  }

  private static Tensor apply(AttentionOptions options, Tensor... x) {
    Fused fused = new Fused(options, null);
    if (BatchedInputs.hasExamples(x)) {
      return Recorder.apply(fused, x);
    }
    if (Recorder.isTracing()) {
      return fused.composed(x).matmul(x[2]);
    }
    AttentionBlocks blocks = fused.blocks(x);
    Tensor weights = Recorder.isOn() ? blocks.kept() : null;
    return Recorder.record(blocks.forward(weights), new Fused(options, weights), x);
  }

  /**
   * Returns how much of each value goes into each result: rows that add up to 1, or are zeros. With
   * these, {@code weights.matmul(value)} is the definition of {@link #attention} where heads share
   * no values.
   *
   * @param query of shape (..., T, width)
   * @param key of shape (..., S, width); leading axes broadcast, and heads may share keys
   * @param mask broadcasts to (..., T, S): 0 where a query may not attend to a key; or null
   * @return of shape (..., T, S)
   */
  public static Tensor weights(
      Tensor query, Tensor key, @Nullable Tensor mask, AttentionOptions options) {
    Shape shape = scores(query, key);
    requireBroadcasts("mask", mask, shape);
    requireBroadcasts("bias", options.bias(), shape);
    options.requireHeads(query);
    int shared = sharedHeads(query, key);
    Tensor q = query.times(options.scale(query));
    Tensor scores =
        shared > 1
            ? grouped(q, shared).matmul(key.unsqueeze(-3).transpose()).reshape(shape)
            : q.matmul(key.transpose());
    return softmax(nearer(scores, options), mask, options);
  }

  /** Subtracts what scores lose by distance. */
  private static Tensor nearer(Tensor scores, AttentionOptions options) {
    if (options.slopes().isEmpty()) {
      return scores;
    }
    Tensor losses =
        options
            .slopes(scores.dtype())
            .reshape(-1, 1, 1)
            .times(lead(scores, options).abs().to(scores.dtype()));
    Shape losing = losses.shape();
    int others = MatMul.leading(scores.shape()).size() / losing.size(0);
    return scores
        .reshape(others, losing.size(0), losing.size(1), losing.size(2))
        .minus(losses)
        .reshape(scores.shape());
  }

  /** Returns the softmax of scores and the bias, over the keys to which a query may attend. */
  private static Tensor softmax(Tensor scores, @Nullable Tensor mask, AttentionOptions options) {
    Tensor bias = options.bias();
    Tensor biased = bias == null ? scores : scores.plus(bias);
    Tensor allowed = mask;
    if (options.causal()) {
      allowed = and(allowed, lead(scores, options).greaterEqual(0).to(scores.dtype()));
    }
    if (bias != null) {
      allowed = and(allowed, shown(bias));
    }
    if (allowed == null) {
      return biased.softmax(-1);
    }
    Tensor finite = Where.where(allowed, biased, Tensor.scalar(LOWEST, biased.dtype()));
    return Where.where(allowed, finite.softmax(-1), Tensor.scalar(0, biased.dtype()));
  }

  private static Tensor and(@Nullable Tensor mask, Tensor other) {
    return mask == null ? other : mask.notEqual(0).times(other);
  }

  /** Returns the mask that a bias is: 0 where it hides; a NaN does not. */
  static Tensor shown(Tensor bias) {
    return bias.lessEqual(LOWEST).equal(0);
  }

  /** Returns how many positions each query is after each key, of shape (T, S). */
  private static Tensor lead(Tensor scores, AttentionOptions options) {
    Tensor positions = Tensors.arange(scores.size(-2)).plus(options.first());
    return positions.unsqueeze(1).minus(Tensors.arange(scores.size(-1)));
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

  private static void requireBroadcasts(String what, @Nullable Tensor x, Shape scores) {
    if (x != null && !x.shape().broadcastsTo(scores)) {
      throw new IllegalArgumentException(
          "attention: %s of shape %s; expected one that broadcasts to %s"
              .formatted(what, x.shape(), scores));
    }
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
   * The whole as one step. The inputs are query, key, value, then the mask if there is one, then
   * the bias if the options have one: which is theirs, or what it has become.
   *
   * @param weights what {@link AttentionBlocks} kept, if anything, to go back with
   */
  record Fused(AttentionOptions options, @Nullable Tensor weights) implements Primitive {
    @Override
    public String name() {
      return "attention";
    }

    /** Returns the number of inputs without the bias. */
    private int unbiased(int inputs) {
      return options.bias() == null ? inputs : inputs - 1;
    }

    private AttentionOptions options(Tensor[] x) {
      return options.bias() == null ? options : options.bias(x[x.length - 1]);
    }

    AttentionBlocks blocks(Tensor[] x) {
      return new AttentionBlocks(options(x), Arrays.copyOf(x, unbiased(x.length)));
    }

    @Override
    public Tensor forward(Tensor... x) {
      return blocks(x).forward(null);
    }

    @Override
    public Tensor batched(BatchedInputs x) {
      Tensor[] all = x.aligned();
      if (!x.isMapped(0)) { // a mask or a bias alone does not make more queries
        all[0] = all[0].expand(x.with(all[0].shape()));
      }
      return apply(options, all);
    }

    @Override
    public @Nullable Tensor[] pullbacks(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
      int unbiased = unbiased(x.length);
      @Nullable Tensor[] cotangents =
          Recorder.isOn() || unbiased < x.length && needed[unbiased]
              ? composedPullbacks(needed, g, x)
              : blocks(x).pullbacks(needed, g, weights);
      if (unbiased > 3 && needed[3]) {
        cotangents[3] = Tensors.zeros(x[3].shape(), x[3].dtype());
      }
      return cotangents;
    }

    private Tensor composed(Tensor[] x) {
      Tensor q = x[0].times(options.scale(x[0]));
      Tensor scores = nearer(q.matmul(x[1].transpose()), options);
      return softmax(scores, unbiased(x.length) > 3 ? x[3] : null, options(x));
    }

    private @Nullable Tensor[] composedPullbacks(boolean[] needed, Tensor g, Tensor[] x) {
      Tensor p = composed(x);
      Tensor dp = g.matmul(x[2].transpose());
      Tensor dscores = p.times(dp.minus(Reductions.sum(dp.times(p), true, -1)));
      Tensor ds = dscores.times(options.scale(x[0]));
      @Nullable Tensor[] cotangents = new Tensor[x.length];
      cotangents[0] = needed[0] ? ds.matmul(x[1]) : null;
      cotangents[1] = needed[1] ? ds.transpose().matmul(x[0]) : null;
      cotangents[2] = needed[2] ? p.transpose().matmul(g) : null;
      if (unbiased(x.length) < x.length) {
        cotangents[x.length - 1] = dscores;
      }
      return cotangents;
    }
  }
}
