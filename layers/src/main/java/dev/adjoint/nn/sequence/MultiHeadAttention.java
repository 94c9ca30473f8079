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
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
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
 */
public final class MultiHeadAttention extends Layer implements Transform {

  private final int width = size("width").get();
  private final int heads = size("heads").get();
  private final Setting<Boolean> causal = flag("causal");
  private final Weight inProjWeight;
  private @Nullable Weight inProjBias;
  private final Linear outProj;
  private final Dropout dropout;

  /**
   * Creates an attention.
   *
   * @param width of queries, keys, values and results; a multiple of the heads
   */
  public MultiHeadAttention(int width, int heads, Generator generator) {
    this(
        Description.of(MultiHeadAttention::new)
            .set("width", width)
            .set("heads", heads)
            .with(generator));
  }

  /** Creates a layer from its description. */
  public MultiHeadAttention(Description from) {
    super(from);
    requireEqualShares(width, heads);
    inProjWeight =
        parameter(
            "in_proj_weight",
            Shape.of(3 * width, width),
            shape -> Initializers.xavierUniform(shape, 1, from.generator()));
    inProjBias = optional("in_proj_bias", Shape.of(3 * width), 0);
    outProj = child("out_proj", Linear.class, () -> outProj(from.generator()));
    dropout = child("dropout", Dropout.class, () -> new Dropout(0, from.generator()));
  }

  private Linear outProj(Generator generator) {
    Linear linear = new Linear(width, width, generator);
    linear.weight("bias").assign(Tensors.zeros(width));
    return linear;
  }

  private static void requireEqualShares(int width, int heads) {
    if (width < 1 || heads < 1 || width % heads != 0) {
      throw new IllegalArgumentException(
          "MultiHeadAttention: width %d and %d heads; expected a width that the heads share equally"
              .formatted(width, heads));
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
    if (dropout.isTraining() && dropout.probability() > 0) { // of weights: so they are needed
      return attend(query, key, value, mask).output();
    }
    Heads in = heads(query, key, value, mask);
    return output(Attention.scaledDotProduct(in.q, in.k, in.v, in.mask, causal.get()), query);
  }

  /** Does what {@code forward} does and returns the weights, before dropout, as well. */
  public Attended attend(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask) {
    Heads in = heads(query, key, value, mask);
    Tensor weights = Attention.weights(in.q, in.k, in.mask, causal.get());
    return new Attended(output(dropout.forward(weights).matmul(in.v), query), weights);
  }

  /** Holds what the heads attend with, each (N, heads, T or S, width / heads). */
  private record Heads(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask) {}

  private Heads heads(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask) {
    requireSequences(query, key, value);
    // Read once: to read a reparametrized weight is to compute it.
    Tensor weight = inProjWeight.value();
    Tensor bias = inProjBias == null ? null : inProjBias.value();
    Tensor forHeads = mask == null ? null : requireMask(mask, query, key).unsqueeze(1);
    if (query == key && key == value) { // one product, of which each takes a third
      Tensor all = projected(query, weight, bias, 0, 3);
      List<Tensor> thirds = all.chunk(3, 2);
      return new Heads(split(thirds.get(0)), split(thirds.get(1)), split(thirds.get(2)), forHeads);
    }
    return new Heads(
        split(projected(query, weight, bias, 0, 1)),
        split(projected(key, weight, bias, 1, 2)),
        split(projected(value, weight, bias, 2, 3)),
        forHeads);
  }

  private Tensor output(Tensor mixed, Tensor query) {
    return observed(outProj.forward(mixed.transpose(1, 2).reshape(query.shape())));
  }

  /** Projects by parts of the weights: those for queries (0), keys (1) and values (2). */
  private Tensor projected(Tensor x, Tensor weight, @Nullable Tensor bias, int from, int to) {
    int first = from * width;
    int end = to * width;
    Tensor product = x.matmul(weight.slice(0, first, end).transpose());
    return bias == null ? product : product.plus(bias.slice(0, first, end));
  }

  int heads() {
    return heads;
  }

  /** Multiplies the weights that values and results are projected by. */
  void scaleValues(double factor) {
    Tensor all = inProjWeight.value();
    Tensor values = all.slice(0, 2 * width, 3 * width).times(factor);
    inProjWeight.assign(Joining.concat(0, all.slice(0, 0, 2 * width), values));
    outProj.weight("weight").assign(outProj.weight("weight").value().times(factor));
  }

  /** Splits features into heads: (N, T, width) to (N, heads, T, width / heads). */
  private Tensor split(Tensor x) {
    return x.reshape(x.size(0), x.size(1), heads, width / heads).transpose(1, 2);
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
    return line(settings(), dropout.probability() == 0 ? "" : "dropout " + dropout.probability());
  }
}
