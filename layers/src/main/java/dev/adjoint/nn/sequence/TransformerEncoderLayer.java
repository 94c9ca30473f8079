package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Dropout;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Lets the positions of a sequence attend to one another, then transforms each by itself (Vaswani
 * et al. 2017, arXiv:1706.03762, section 3.1): from (N, T, width) to (N, T, width).
 *
 * <pre>
 *  x = norm1(x + self_attn(x))                   x = x + self_attn(norm1(x))
 *  x = norm2(x + linear2(relu(linear1(x))))      x = x + linear2(relu(linear1(norm2(x))))
 *  unless something else is set                  after normFirst()
 * </pre>
 *
 * <p>As in PyTorch, dropout has the probability 0.1 and applies to the weights of the attention,
 * after the activation, and to both terms that are added to x.
 */
public final class TransformerEncoderLayer extends Layer implements Transform {

  private final Setting<Activation> activation = constant("activation", Activation.RELU);
  private final Setting<Boolean> normFirst = flag("norm_first");
  private final MultiHeadAttention selfAttention = child("self_attn", MultiHeadAttention.class);
  private final Linear linear1 = child("linear1", Linear.class);
  private final Linear linear2 = child("linear2", Linear.class);
  private final LayerNorm norm1 = child("norm1", LayerNorm.class);
  private final LayerNorm norm2 = child("norm2", LayerNorm.class);
  private final Dropout dropout = child("dropout", Dropout.class);

  /**
   * Creates a layer.
   *
   * @param width of the sequence; a multiple of the heads
   * @param hidden the width between the two linear layers; PyTorch's default is 2048
   */
  public TransformerEncoderLayer(int width, int heads, int hidden, Generator generator) {
    this(
        Description.of(TransformerEncoderLayer::new)
            .with("self_attn", new MultiHeadAttention(width, heads, generator).dropout(0.1))
            .with("linear1", new Linear(width, hidden, generator))
            .with("linear2", new Linear(hidden, width, generator))
            .with("norm1", new LayerNorm(width))
            .with("norm2", new LayerNorm(width))
            .with("dropout", new Dropout(0.1, generator)));
  }

  /** Creates a layer from its description. */
  public TransformerEncoderLayer(Description from) {
    super(from);
  }

  /** Normalizes before attention and linear layers instead of after: easier to train when deep. */
  public TransformerEncoderLayer normFirst() {
    normFirst.set(true);
    return this;
  }

  /** Sets the function between the linear layers; the default is relu. */
  public TransformerEncoderLayer activation(Activation function) {
    activation.set(function);
    return this;
  }

  /** Sets the probability of every dropout inside; the default is 0.1. */
  public TransformerEncoderLayer dropout(double probability) {
    dropout.probability(probability);
    selfAttention.dropout(probability);
    return this;
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
    if (normFirst.get()) {
      Tensor attended = x.plus(attend(norm1.forward(x), mask));
      return observed(attended.plus(transform(norm2.forward(attended))));
    }
    Tensor attended = norm1.forward(x.plus(attend(x, mask)));
    return observed(norm2.forward(attended.plus(transform(attended))));
  }

  private Tensor attend(Tensor x, @Nullable Tensor mask) {
    return dropout.forward(selfAttention.forward(x, mask));
  }

  private Tensor transform(Tensor x) {
    Tensor hidden = dropout.forward(activation.get().forward(linear1.forward(x)));
    return dropout.forward(linear2.forward(hidden));
  }

  @Override
  public String toString() {
    Shape shape = linear1.weight("weight").shape();
    return line(
        Integer.toString(shape.size(1)),
        Integer.toString(selfAttention.heads()),
        Integer.toString(shape.size(0)),
        settings(),
        dropout.probability() == 0.1 ? "" : "dropout " + dropout.probability());
  }
}
