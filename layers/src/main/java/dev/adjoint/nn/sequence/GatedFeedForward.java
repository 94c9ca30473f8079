package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.LayerScale;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A feed-forward network for each position, with a gate for every hidden feature (Shazeer 2020,
 * arXiv:2002.05202): {@code down_proj(f(gate_proj(x)) * up_proj(x))}, from (..., width) to (...,
 * width).
 *
 * <p>With silu, the default, it is SwiGLU; with sigmoid GLU, gelu GEGLU, relu ReGLU, and with
 * identity bilinear. The three linear layers have no bias and the names that they have in Llama.
 * With a third matrix, two thirds of the hidden width make as many parameters as two matrices.
 */
public final class GatedFeedForward extends Layer implements Transform {

  private final Setting<Activation> activation = constant("activation", Activation.SILU);
  private final Linear gate = child("gate_proj", Linear.class);
  private final Linear up = child("up_proj", Linear.class);
  private final Linear down = child("down_proj", Linear.class);
  private @Nullable LayerScale hiddenScale;

  /** Creates a layer with so many hidden features. */
  public GatedFeedForward(int width, int hidden, Generator generator) {
    this(
        Description.of(GatedFeedForward::new)
            .with("gate_proj", new Linear(width, hidden, generator).withoutBias())
            .with("up_proj", new Linear(width, hidden, generator).withoutBias())
            .with("down_proj", new Linear(hidden, width, generator).withoutBias()));
  }

  /** Creates a layer from its description. */
  public GatedFeedForward(Description from) {
    super(from);
    hiddenScale = from.has("hidden_scale") ? child("hidden_scale", LayerScale.class) : null;
  }

  /** Sets the function of the gate; the default is silu. */
  public GatedFeedForward activation(Activation function) {
    activation.set(function);
    return this;
  }

  /** Multiplies hidden features by sqrt(width) and by what is learned, the gate's first. */
  void onSphere() {
    double root = Math.sqrt(down.outputs());
    hiddenScale =
        exchange("hidden_scale", new LayerScale(2 * gate.outputs(), root)).multiplier(root);
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor u = up.forward(x);
    Tensor v = gate.forward(x);
    if (hiddenScale != null) {
      List<Tensor> factors = hiddenScale.factors().chunk(2, 0);
      v = v.times(factors.get(0));
      u = u.times(factors.get(1));
    }
    return observed(down.forward(activation.get().forward(v).times(u)));
  }
}
