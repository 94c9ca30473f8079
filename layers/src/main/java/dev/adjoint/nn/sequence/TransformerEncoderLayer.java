package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Lets the positions of a sequence attend to one another, then transforms each by itself (Vaswani
 * et al. 2017, arXiv:1706.03762, section 3.1): from (N, T, width) to (N, T, width).
 *
 * <pre>
 *  x = norm1(x + self_attn(x))                   x = x + self_attn(norm1(x))
 *  x = norm2(x + linear2(relu(linear1(x))))      x = x + linear2(relu(linear1(norm2(x))))
 *  by default                                    after normFirst()
 * </pre>
 *
 * <p>{@link TransformerLayer} has more places for norms, and where dropout applies.
 */
public final class TransformerEncoderLayer extends TransformerLayer<TransformerEncoderLayer>
    implements Transform {

  private final Branch attention = branch(1);
  private final Branch transformation = branch(2);

  /**
   * Creates a layer.
   *
   * @param width of the sequence; a multiple of the heads
   * @param hidden the width between the two linear layers; PyTorch's default is 2048
   */
  public TransformerEncoderLayer(int width, int heads, int hidden, Generator generator) {
    this(
        describe(
            TransformerEncoderLayer::new,
            new MultiHeadAttention(width, heads, generator),
            hidden,
            generator));
  }

  /** Creates a layer from its description. */
  public TransformerEncoderLayer(Description from) {
    super(from);
  }

  @Override
  public Tensor forward(Tensor x) {
    return forward(x, null);
  }

  /**
   * Returns the transformed sequence.
   *
   * @param x of shape (N, T, width)
   * @param mask of shape (N, T, T), where each size may be 1: 1 where a position may attend to
   *     another ({@link MultiHeadAttention}); or null
   */
  public Tensor forward(Tensor x, @Nullable Tensor mask) {
    Tensor attended = attention.add(x, input -> attend(input, mask, null));
    return observed(transformation.add(attended, this::transform));
  }
}
