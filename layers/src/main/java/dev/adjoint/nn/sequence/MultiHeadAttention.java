package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Dropout;
import dev.adjoint.nn.Initializers;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Mask;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.nn.sequence.Positions.Turns;
import dev.adjoint.op.AttentionOptions;
import dev.adjoint.op.Joining;
import dev.adjoint.op.MatMul;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.jspecify.annotations.Nullable;

/**
 * Attends with several heads, each to other features (Vaswani et al. 2017, arXiv:1706.03762,
 * section 3.2.2): projects queries, keys and values, applies {@link Attention} to each head's share
 * of the features, and projects the results, side by side.
 *
 * <p>Sequences have the shape (N, T, width). In masks 1 means that a query may attend to a key, as
 * everywhere ({@link Mask}); they have the shape (N, T, S), where each size may be 1, and are the
 * same for all heads: {@code Masks.causal(T)}, {@code Masks.lengths(lengths, S).unsqueeze(1)}, or
 * the product of both. A mask of two axes is refused: it could be meant for (T, S) or (N, S).
 *
 * <p>The weights are in_proj_weight (3 width, width) and in_proj_bias, for query, key and value one
 * below the other, and out_proj, a {@link Linear}. As in PyTorch, in_proj_weight starts
 * Glorot-uniform, out_proj.weight as in every Linear, and the biases at 0.
 *
 * <p>Several heads in a row may share keys and values (grouped-query attention: Ainslie et al.
 * 2023, arXiv:2305.13245; with one head of keys, multi-query attention: arXiv:1911.02150). Then
 * in_proj_weight has as many rows fewer, and shared keys and values are not repeated in memory.
 *
 * <p>{@link #positions} says how order counts. Positions are those in the sequences, and in a
 * {@link KeyValueCache} they go on.
 */
public final class MultiHeadAttention extends Layer implements Transform {

  private final int width = size("width").get();
  private final int heads = size("heads").get();
  private final int keyValueHeads = integer("key_value_heads", heads).get();

  /** The width of keys and of values. */
  private final int shared = width / heads * keyValueHeads;

  private final Setting<Boolean> causal = flag("causal");
  private final Setting<Positions> positions = constant("positions", Positions.NONE);
  private final Setting<Double> rotaryBase = decimal("rotary_base", 10_000);
  private final Weight inProjWeight;
  private @Nullable Weight inProjBias;
  private @Nullable QueryKeyNorm qkNorm;
  private final Linear outProj;
  private final Dropout dropout;

  /**
   * Creates an attention.
   *
   * @param width of queries, keys, values and results; a multiple of the heads
   */
  public MultiHeadAttention(int width, int heads, Generator generator) {
    this(width, heads, heads, generator);
  }

  /**
   * Creates an attention whose heads share keys and values.
   *
   * @param width of queries, keys, values and results; a multiple of the heads
   * @param keyValueHeads heads of keys and values, a divisor of the heads; as many by default
   */
  public MultiHeadAttention(int width, int heads, int keyValueHeads, Generator generator) {
    this(
        Description.of(MultiHeadAttention::new)
            .set("width", width)
            .set("heads", heads)
            .set("key_value_heads", keyValueHeads)
            .with(generator));
  }

  /** Creates a layer from its description. */
  public MultiHeadAttention(Description from) {
    super(from);
    requireEqualShares();
    positions.require(
        kind -> !kind.isRotary() || width / heads % 2 == 0,
        "none or alibi for heads of odd widths");
    inProjWeight =
        parameter(
            "in_proj_weight",
            Shape.of(width + 2 * shared, width),
            shape -> Initializers.xavierUniform(shape, 1, from.generator()));
    inProjBias = optional("in_proj_bias", Shape.of(width + 2 * shared), 0);
    qkNorm = from.has("qk_norm") ? child("qk_norm", QueryKeyNorm.class) : null;
    outProj = child("out_proj", Linear.class, () -> outProj(from.generator()));
    dropout = child("dropout", Dropout.class, () -> new Dropout(0, from.generator()));
  }

  private Linear outProj(Generator generator) {
    Linear linear = new Linear(width, width, generator);
    linear.weight("bias").assign(Tensors.zeros(width));
    return linear;
  }

  private void requireEqualShares() {
    if (width % heads != 0) {
      throw new IllegalArgumentException(
          "MultiHeadAttention: width %d and %d heads; expected a width that the heads share equally"
              .formatted(width, heads));
    }
    if (keyValueHeads < 1 || heads % keyValueHeads != 0) {
      throw new IllegalArgumentException(
          "MultiHeadAttention: %d heads and %d of keys and values; expected that as many heads share each"
              .formatted(heads, keyValueHeads));
    }
  }

  /** Leaves out all biases. */
  public MultiHeadAttention withoutBias() {
    drop("in_proj_bias");
    inProjBias = null;
    outProj.withoutBias();
    return this;
  }

  /** Drops weights of the attention with this probability in training; the default is 0. */
  public MultiHeadAttention dropout(double probability) {
    dropout.probability(probability);
    return this;
  }

  /**
   * Lets each position attend to itself and those before only: as {@link Masks#causal}, at half the
   * cost, and with no mask in memory.
   */
  public MultiHeadAttention causal() {
    causal.set(true);
    return this;
  }

  /**
   * Normalizes queries and keys before they are turned to their positions and compared, in one of
   * several ways that bear this name: see {@link QueryKeyNorm.Kind}.
   */
  public MultiHeadAttention qkNorm(QueryKeyNorm.Kind kind) {
    qkNorm = exchange("qk_norm", new QueryKeyNorm(kind, heads, keyValueHeads, width / heads));
    return this;
  }

  /** Sets how order counts; the default is {@link Positions#NONE}. */
  public MultiHeadAttention positions(Positions kind) {
    positions.set(kind);
    return this;
  }

  /** Sets the base of rotary positions, which is larger for longer texts; the default is 10000. */
  public MultiHeadAttention rotaryBase(double base) {
    rotaryBase.set(base);
    return this;
  }

  /** Holds what an attention computes: the output, and the weights (N, heads, T, S) behind it. */
  public record Attended(Tensor output, Tensor weights) {}

  /** Lets every position of a sequence attend to all of it. */
  @Override
  public Tensor forward(Tensor x) {
    return forward(x, null);
  }

  /**
   * Lets positions of a sequence attend to one another.
   *
   * @param x of shape (N, T, width)
   * @param mask of shape (N, T, T), where each size may be 1: 1 where a position may attend to
   *     another; or null
   * @return of shape (N, T, width)
   */
  public Tensor forward(Tensor x, @Nullable Tensor mask) {
    return forward(x, x, x, mask);
  }

  /**
   * Lets the queries attend to another sequence.
   *
   * @param query of shape (N, T, width)
   * @param key of shape (N, S, width)
   * @param value of shape (N, S, width)
   * @param mask of shape (N, T, S), where each size may be 1: 1 where a query may attend to a key;
   *     or null
   * @return of shape (N, T, width)
   */
  public Tensor forward(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask) {
    return output(mixed(heads(query, key, value, mask, 0)), query);
  }

  /**
   * Lets positions that go on attend to themselves and to all before, whose keys and values are in
   * the cache, and adds theirs to it. A {@linkplain #causal causal} attention computes so what it
   * computes of the whole sequence, to the bit.
   *
   * @param x of shape (N, T, width): the next T positions
   * @return of shape (N, T, width)
   * @throws IllegalStateException if the cache is full, gradients could flow to it, or this is not
   *     causal
   */
  public Tensor extend(Tensor x, KeyValueCache cache) {
    if (!causal.get()) {
      throw new IllegalStateException(
          "%s: positions so far cannot attend to those to come; expected causal()".formatted(this));
    }
    int first = cache.length(this);
    Heads in = heads(x, x, x, null, first);
    KeyValueCache.Pair all = cache.append(this, new KeyValueCache.Pair(in.k, in.v));
    return output(mixed(new Heads(in.q, all.keys(), all.values(), null, first)), x);
  }

  /**
   * Lets the queries attend to another sequence, whose keys and values are computed in the first
   * call with this cache and kept there.
   *
   * @param query of shape (N, T, width)
   * @param memory of shape (N, S, width), the same in each call
   * @param mask of shape (N, T, S), where each size may be 1; or null
   * @return of shape (N, T, width)
   */
  public Tensor extend(Tensor query, Tensor memory, @Nullable Tensor mask, KeyValueCache cache) {
    requireSequences(query, memory, memory);
    if (positions.get() != Positions.NONE) {
      throw new IllegalStateException(
          "%s: positions of another sequence; expected Positions.NONE".formatted(this));
    }
    Projection by = projection();
    KeyValueCache.Pair held =
        cache.hold(this, memory, () -> new KeyValueCache.Pair(by.keys(memory), by.values(memory)));
    Tensor allowed = mask == null ? null : requireMask(mask, query, memory).unsqueeze(1);
    return output(
        mixed(new Heads(scaled(by.queries(query)), held.keys(), held.values(), allowed, 0)), query);
  }

  /** Does what {@code forward} does and returns the weights, before dropout, as well. */
  public Attended attend(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask) {
    Heads in = heads(query, key, value, mask, 0);
    Tensor weights = weights(in);
    return new Attended(output(mixed(in, weights), query), weights);
  }

  private Tensor mixed(Heads in) {
    if (dropout.isTraining() && dropout.probability() > 0) { // of weights: so they are needed
      return mixed(in, weights(in));
    }
    return Attention.scaledDotProduct(in.q, in.k, in.v, in.mask, options(in.first));
  }

  /** Mixes the values by weights, some of which are dropped. */
  private Tensor mixed(Heads in, Tensor weights) {
    Shape all = weights.shape();
    // Heads that share values are rows of one product.
    Tensor rows =
        weights.reshape(
            all.size(0), keyValueHeads, heads / keyValueHeads * all.size(2), all.size(3));
    Tensor mixed = dropout.forward(rows).matmul(in.v);
    return mixed.reshape(all.with(3, width / heads));
  }

  private Tensor weights(Heads in) {
    return Attention.weights(in.q, in.k, in.mask, options(in.first));
  }

  private AttentionOptions options(int first) {
    AttentionOptions options = AttentionOptions.DEFAULT.causal(causal.get()).first(first);
    return positions.get() == Positions.ALIBI ? options.slopes(Positions.slopes(heads)) : options;
  }

  /**
   * What the heads attend with, each (N, heads, T or S, width / heads).
   *
   * @param first the position of the first query
   */
  private record Heads(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, int first) {}

  private Heads heads(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, int first) {
    requireSequences(query, key, value);
    Projection by = projection();
    Tensor forHeads = mask == null ? null : requireMask(mask, query, key).unsqueeze(1);
    Tensor q;
    Tensor k;
    Tensor v;
    if (query == key && key == value) { // one product, of which each takes a part
      Tensor all = by.of(query, 0, width + 2 * shared);
      q = queries(all.slice(2, 0, width));
      k = keys(all.slice(2, width, width + shared));
      v = split(all.slice(2, width + shared, width + 2 * shared), keyValueHeads);
    } else {
      q = by.queries(query);
      k = by.keys(key);
      v = by.values(value);
    }
    Positions kind = positions.get();
    if (kind.isRotary()) {
      int length = Math.max(q.size(2), k.size(2));
      Turns turns = Positions.turns(first, length, width / heads / 2, rotaryBase.get());
      q = kind.rotate(q, turns);
      k = kind.rotate(k, turns);
    }
    return new Heads(scaled(q), k, v, forHeads, first);
  }

  /** The weights of a forward, read once: to read a reparametrized weight is to compute it. */
  private final class Projection {
    private final Tensor weight;
    private final @Nullable Tensor bias;

    Projection(Tensor weight, @Nullable Tensor bias) {
      this.weight = weight;
      this.bias = bias;
    }

    Tensor queries(Tensor x) {
      return MultiHeadAttention.this.queries(of(x, 0, width));
    }

    Tensor keys(Tensor x) {
      return MultiHeadAttention.this.keys(of(x, width, width + shared));
    }

    Tensor values(Tensor x) {
      return split(of(x, width + shared, width + 2 * shared), keyValueHeads);
    }

    Tensor of(Tensor x, int from, int to) {
      Tensor rows = weight.slice(0, from, to);
      return bias == null
          ? x.matmul(rows.transpose())
          : MatMul.linear(x, rows, bias.slice(0, from, to));
    }
  }

  private Projection projection() {
    return new Projection(inProjWeight.value(), inProjBias == null ? null : inProjBias.value());
  }

  private Tensor queries(Tensor projected) {
    return split(qkNorm == null ? projected : qkNorm.queries(projected), heads);
  }

  private Tensor keys(Tensor projected) {
    return split(qkNorm == null ? projected : qkNorm.keys(projected), keyValueHeads);
  }

  private Tensor scaled(Tensor queries) {
    return qkNorm == null ? queries : qkNorm.scaled(queries);
  }

  /** Splits features into heads: (N, T, any) to (N, heads, T, any / heads). */
  private static Tensor split(Tensor x, int heads) {
    return x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2);
  }

  private Tensor output(Tensor mixed, Tensor query) {
    return observed(outProj.forward(mixed.transpose(1, 2).reshape(query.shape())));
  }

  int width() {
    return width;
  }

  int heads() {
    return heads;
  }

  boolean isCausal() {
    return causal.get();
  }

  /** Multiplies the weights that values and results are projected by. */
  void scaleValues(double factor) {
    Tensor all = inProjWeight.value();
    int first = width + shared;
    Tensor values = all.slice(0, first, first + shared).times(factor);
    inProjWeight.assign(Joining.concat(0, all.slice(0, 0, first), values));
    outProj.weight("weight").assign(outProj.weight("weight").value().times(factor));
  }

  private Tensor requireMask(Tensor mask, Tensor query, Tensor key) {
    Shape expected = Shape.of(query.size(0), query.size(1), key.size(1));
    if (mask.rank() != 3 || !mask.shape().broadcastsTo(expected)) {
      throw new IllegalArgumentException(
          "%s: mask of shape %s; expected (N, T, S) = %s, where each size may be 1: unsqueeze(1) of a mask (N, S), unsqueeze(0) of a mask (T, S)"
              .formatted(this, mask.shape(), expected));
    }
    return mask;
  }

  private void requireSequences(Tensor query, Tensor key, Tensor value) {
    Shape q = query.shape();
    Shape k = key.shape();
    boolean fit =
        q.rank() == 3
            && k.rank() == 3
            && q.size(0) == k.size(0)
            && q.size(2) == width
            && k.size(2) == width
            && value.shape().equals(k);
    if (!fit) {
      throw new IllegalArgumentException(
          "%1$s: query of shape %2$s, key of shape %3$s and value of shape %4$s; expected (N, T, %5$d), (N, S, %5$d) and (N, S, %5$d)"
              .formatted(this, q, k, value.shape(), width));
    }
  }

  @Override
  public String toString() {
    return line(
        settings(),
        qkNorm == null ? "" : "QK norm of " + qkNorm.words(),
        dropout.probability() == 0 ? "" : "dropout " + dropout.probability());
  }
}
