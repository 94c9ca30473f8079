package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Applies several {@linkplain TransformerEncoderLayer layers} with one mask, and perhaps a norm at
 * the end, as layers that normalize first need it.
 */
public final class TransformerEncoder extends Layer implements Transform {

  private final Sequential layers = child("layers", Sequential.class);
  private final List<TransformerEncoderLayer> stack;
  private @Nullable Transform norm;

  /** Creates an encoder of these layers, each with weights of its own. */
  public TransformerEncoder(TransformerEncoderLayer... layers) {
    this(Description.of(TransformerEncoder::new).with("layers", new Sequential(layers)));
  }

  /** Creates a layer from its description. */
  public TransformerEncoder(Description from) {
    super(from);
    norm = from.has("norm") ? child("norm", Transform.class) : null;
    stack = TransformerLayer.all(TransformerEncoderLayer.class, type(), layers);
  }

  /** Normalizes the output of the last layer. */
  public TransformerEncoder withNorm(Transform last) {
    norm = exchange("norm", last);
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
    Tensor y = x;
    for (TransformerEncoderLayer layer : stack) {
      y = layer.forward(y, mask);
    }
    return observed(norm == null ? y : norm.forward(y));
  }
}
