package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Lets each position of a sequence attend to itself and those before, perhaps then to another
 * sequence, the memory, and transforms each by itself (Vaswani et al. 2017, arXiv:1706.03762,
 * section 3.1): from (N, T, width) to (N, T, width).
 *
 * <pre>
 *  x = norm1(x + self_attn(x))
 *  x = norm2(x + multihead_attn(x, memory))      left out by decoderOnly
 *  x = norm3(x + linear2(relu(linear1(x))))      where the norm is norm2
 * </pre>
 *
 * <p>Names and order are PyTorch's, whose layer needs a mask to be causal. {@link TransformerLayer}
 * has more places for norms, says where dropout applies, and exchanges attention and linear layers.
 * A layer of Llama's is
 *
 * <pre>{@code
 * TransformerDecoderLayer.decoderOnly(64, 8, 1, generator)
 *     .selfAttention(
 *         new MultiHeadAttention(64, 8, 2, generator).withoutBias().positions(Positions.ROTARY))
 *     .feedForward(new GatedFeedForward(64, 172, generator))
 *     .normFirst()
 *     .norm(RMSNorm::new)
 *     .dropout(0);
 * }</pre>
 */
public final class TransformerDecoderLayer extends TransformerLayer<TransformerDecoderLayer>
    implements Transform {

  private final @Nullable MultiHeadAttention memoryAttention;
  private final Branch attention = branch(1);
  private final @Nullable Branch recollection;
  private final Branch transformation;

  /**
   * Creates a layer that attends to a memory, too.
   *
   * @param width of the sequence and of the memory; a multiple of the heads
   * @param hidden the width between the two linear layers; PyTorch's default is 2048
   */
  public TransformerDecoderLayer(int width, int heads, int hidden, Generator generator) {
    this(
        described(width, heads, hidden, generator)
            .with("multihead_attn", new MultiHeadAttention(width, heads, generator).dropout(0.1)));
  }

  /** Creates a layer from its description. */
  public TransformerDecoderLayer(Description from) {
    super(from);
    boolean recalls = from.has("multihead_attn");
    memoryAttention = recalls ? child("multihead_attn", MultiHeadAttention.class) : null;
    recollection = recalls ? branch(2) : null;
    transformation = branch(recalls ? 3 : 2);
  }

  /** Creates a layer that knows no memory: one of a language model. */
  public static TransformerDecoderLayer decoderOnly(
      int width, int heads, int hidden, Generator generator) {
    return new TransformerDecoderLayer(described(width, heads, hidden, generator));
  }

  private static Description described(int width, int heads, int hidden, Generator generator) {
    MultiHeadAttention causal = new MultiHeadAttention(width, heads, generator).causal();
    return describe(TransformerDecoderLayer::new, causal, hidden, generator);
  }

  /** Transforms a sequence without a memory. */
  @Override
  public Tensor forward(Tensor x) {
    return forward(x, null, null);
  }

  /**
   * Returns the transformed sequence.
   *
   * @param x of shape (N, T, width)
   * @param memory of shape (N, S, width), as an encoder's output; null if this is decoder only
   * @param memoryMask of shape (N, T, S), where each size may be 1: 1 where a position may attend
   *     to one of the memory; or null
   */
  public Tensor forward(Tensor x, @Nullable Tensor memory, @Nullable Tensor memoryMask) {
    return extend(x, memory, memoryMask, null);
  }

  /**
   * Returns the next positions of a sequence, transformed; those before and the memory are in the
   * cache, to which these are added ({@link MultiHeadAttention#extend}).
   *
   * @param x of shape (N, T, width): the next T positions
   * @param cache null for a whole sequence
   */
  public Tensor extend(
      Tensor x,
      @Nullable Tensor memory,
      @Nullable Tensor memoryMask,
      @Nullable KeyValueCache cache) {
    Tensor y = attention.add(x, input -> attend(input, null, cache));
    if (memoryAttention != null && recollection != null && memory != null) {
      y =
          recollection.add(
              y,
              input ->
                  cache == null
                      ? memoryAttention.forward(input, memory, memory, memoryMask)
                      : memoryAttention.extend(input, memory, memoryMask, cache));
    } else if (memoryAttention != null || memory != null) {
      throw new IllegalArgumentException(
          "%s: %s; expected %s"
              .formatted(
                  headline(),
                  memory == null ? "no memory" : "a memory of shape " + memory.shape(),
                  memory == null ? "one, or a layer made by decoderOnly" : "none: decoder only"));
    }
    return observed(transformation.add(y, this::transform));
  }
}
