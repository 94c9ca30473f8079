package dev.adjoint.nn.sequence;

import static java.util.Objects.requireNonNull;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Dropout;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.LayerScale;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.UnitNorm;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What the layers of a transformer share: an attention of the sequence to itself, two linear layers
 * for each position, and branches, which say where norms stand around such a function f.
 *
 * <pre>
 *  x = norm(x + f(x))                 by default (Vaswani et al. 2017)
 *  x = x + f(norm(x))                 after normFirst()
 *  x = x + norm(f(x))                 after normLast()
 *  x = x + last_norm(f(norm(x)))      after both: Peri-LN, or sandwich norm
 *  x = norm(alpha x + f(x))           after deepNorm(layers)
 *  x = x + f(norm(x) / sqrt(depth))   after layerNormScaling(depth)
 *  x = x + lambda * f(norm(x))        after normFirst().layerScale(lambda)
 *  x = N(x + |lambda| (N(f(x)) - x))  after onSphere(), where N(x) = x / |x|
 * </pre>
 *
 * <p>Norms are {@link LayerNorm}, unless {@link #norm} says which. As in PyTorch, dropout has the
 * probability 0.1 and applies to the weights of the attention, after the activation, and to what is
 * added to x.
 *
 * @param <L> the layer itself, which its options return
 */
public abstract class TransformerLayer<L extends TransformerLayer<L>> extends Layer {

  private final Setting<Activation> activation = constant("activation", Activation.RELU);
  private final Setting<Boolean> normFirst = flag("norm_first");
  private final Setting<Boolean> normLast = flag("norm_last");
  private final Setting<Double> alpha = decimal("alpha", 1);
  private final Setting<Integer> depth =
      integer("depth", 1).require(number -> number >= 1, "at least 1");
  private final Setting<Boolean> layerScale = flag("layer_scale");
  private final Setting<Boolean> onSphere = flag("on_sphere");
  private MultiHeadAttention selfAttention = child("self_attn", MultiHeadAttention.class);
  private @Nullable Linear linear1;
  private @Nullable Linear linear2;
  private @Nullable Transform feedForward;
  private final Dropout dropout = child("dropout", Dropout.class);
  private @Nullable LayerScale hiddenScale;
  private final List<Branch> branches = new ArrayList<>();

  TransformerLayer(Description from) {
    super(from);
    if (from.has("mlp")) {
      feedForward = child("mlp", Transform.class);
    } else {
      linear1 = child("linear1", Linear.class);
      linear2 = child("linear2", Linear.class);
      hiddenScale = onSphere.get() ? child("hidden_scale", LayerScale.class) : null;
    }
  }

  /** Begins the description of a layer with dropout of 0.1 everywhere. */
  static Description describe(
      Function<Description, ?> constructor,
      MultiHeadAttention attention,
      int hidden,
      Generator generator) {
    return Description.of(constructor)
        .with("self_attn", attention.dropout(0.1))
        .with("linear1", new Linear(attention.width(), hidden, generator))
        .with("linear2", new Linear(hidden, attention.width(), generator))
        .with("dropout", new Dropout(0.1, generator));
  }

  /**
   * Returns the layers of a stack.
   *
   * @throws IllegalArgumentException if one is of another class
   */
  static <L extends TransformerLayer<L>> List<L> all(
      Class<L> kind, String owner, Sequential stack) {
    for (Layer layer : stack.children().values()) {
      if (!kind.isInstance(layer)) {
        throw new IllegalArgumentException(
            "%s: %s inside; expected every layer to be a %s"
                .formatted(owner, layer.headline(), kind.getSimpleName()));
      }
    }
    return stack.children().values().stream().map(kind::cast).toList();
  }

  // ---- options ---------------------------------------------------------------------------------

  /** Sets the function between the linear layers; the default is relu. */
  public final L activation(Activation function) {
    activation.set(function);
    return self();
  }

  /**
   * Exchanges the attention of the sequence to itself: for one whose heads share keys, or with
   * {@link Positions}. Its dropout is its own until {@link #dropout} is set; in a decoder it
   * becomes causal.
   *
   * @param attention as wide as this layer
   */
  public final L selfAttention(MultiHeadAttention attention) {
    if (attention.width() != width()) {
      throw new IllegalArgumentException(
          "%s: %s; expected one of width %d".formatted(headline(), attention, width()));
    }
    if (selfAttention.isCausal()) {
      attention.causal();
    }
    selfAttention = exchange("self_attn", attention);
    return self();
  }

  /**
   * Exchanges the two linear layers, with the activation and the dropout between them, for another
   * function of each position, such as {@link GatedFeedForward}; its name is mlp.
   */
  public final L feedForward(Transform function) {
    drop("linear1");
    drop("linear2");
    linear1 = null;
    linear2 = null;
    feedForward = exchange("mlp", function);
    return self();
  }

  /** Sets the probability of every dropout inside; the default is 0.1. */
  public final L dropout(double probability) {
    for (Layer child : children().values()) {
      if (child instanceof MultiHeadAttention attention) {
        attention.dropout(probability);
      }
    }
    dropout.probability(probability);
    return self();
  }

  /**
   * Normalizes what a branch starts from instead of the sum: easier to train when deep (Xiong et
   * al. 2020, arXiv:2002.04745).
   */
  public final L normFirst() {
    normFirst.set(true);
    return placed();
  }

  /**
   * Normalizes what a branch adds instead of the sum, as Swin v2 does (Liu et al. 2022,
   * arXiv:2111.09883).
   *
   * <p>With {@link #normFirst} as well, there is a second norm for what is added: Peri-LN (Kim et
   * al. 2025, arXiv:2502.02732), which the sandwich norm of CogView (Ding et al. 2021,
   * arXiv:2105.13290) is, too. So are the layers; Peri-LN also normalizes the embedding.
   */
  public final L normLast() {
    normLast.set(true);
    return placed();
  }

  /** Sets what makes the norms of a width, as in {@code norm(RMSNorm::new)}. */
  public final L norm(IntFunction<? extends Transform> norm) {
    branches.forEach(branch -> branch.replaceNorms(norm));
    return self();
  }

  /**
   * Makes post-norm trainable in stacks of any depth (Wang et al. 2022, arXiv:2203.00555): {@code
   * deepNorm((2 layers)^(1/4), (8 layers)^(-1/4))}, the values of a stack by itself.
   *
   * @param layers the number of layers of the stack
   */
  public final L deepNorm(int layers) {
    return deepNorm(Math.pow(2.0 * layers, 0.25), Math.pow(8.0 * layers, -0.25));
  }

  /**
   * Multiplies x by alpha in the sum that is normalized and, now, by beta the weights of both
   * linear layers and those that attentions project values and results by.
   *
   * <p>For N layers of an encoder before M of a decoder, the paper has 0.81 (N^4 M)^(1/16) and 0.87
   * (N^4 M)^(-1/16) in the encoder, (3 M)^(1/4) and (12 M)^(-1/4) in the decoder.
   */
  public final L deepNorm(double alpha, double beta) {
    if (this.alpha.get() != 1) {
      throw new IllegalStateException(
          "%s: deepNorm twice; expected once, since it scales weights".formatted(headline()));
    }
    this.alpha.set(alpha);
    placed();
    for (Layer child : children().values()) {
      if (child instanceof MultiHeadAttention attention) {
        attention.scaleValues(beta);
      } else {
        child.namedLayers().values().forEach(each -> scale(each, beta));
      }
    }
    return self();
  }

  /**
   * Normalizes first and divides by the root of the depth, so that deep layers add no more than
   * others (Sun et al. 2025, arXiv:2502.05795).
   *
   * @param depth of this layer in the stack: 1 for the first
   */
  public final L layerNormScaling(int depth) {
    this.depth.set(depth);
    return normFirst();
  }

  private static void scale(Layer layer, double factor) {
    if (layer instanceof Linear linear) {
      linear.weight("weight").assign(linear.weight("weight").value().times(factor));
    }
  }

  /** Multiplies what each branch adds by a learned factor a feature: {@link LayerScale}. */
  public final L layerScale(double initial) {
    layerScale.set(true);
    branches.forEach(branch -> branch.scaleBy(initial));
    return self();
  }

  /**
   * Makes this a layer of nGPT (Loshchilov et al. 2024, arXiv:2410.01131), in which all vectors
   * have length 1 and each branch is a step on the sphere, of which the length is learned for each
   * feature: 0.05 of the way at first.
   *
   * <p>There are no other norms and no biases; queries and keys are those of {@link
   * QueryKeyNorm.Kind#SPHERE}, and hidden_scale multiplies hidden features before the activation,
   * by sqrt(width) at first; the paper's are gated: exchange attention and {@link GatedFeedForward}
   * before. The matrices are normalized now; an optimizer has to keep them so: {@code new
   * OnSphere(new Adam(...)).unit(TransformerLayer.unitVectors(model))}.
   */
  public final L onSphere() {
    onSphere.set(true);
    placed();
    int width = width();
    norm(_ -> new UnitNorm());
    layerScale(0.05);
    branches.forEach(branch -> branch.scale().multiplier(0.05 * Math.sqrt(width)));
    if (linear1 != null) {
      double root = Math.sqrt(width);
      hiddenScale =
          exchange("hidden_scale", new LayerScale(linear1.outputs(), root)).multiplier(root);
    }
    for (Layer child : children().values()) {
      if (child instanceof MultiHeadAttention attention) {
        attention.withoutBias().qkNorm(QueryKeyNorm.Kind.SPHERE);
      } else if (child instanceof GatedFeedForward gated) {
        gated.onSphere();
      } else if (child instanceof Linear linear) {
        linear.withoutBias();
      }
    }
    unitVectors(this)
        .forEach((weight, axis) ->
            weight.assign(weight.value().div(weight.value().norm(2, Keep.AXES, axis))));
    return self();
  }

  /**
   * Returns the matrices that consist of vectors of length 1 in the layers of a model that are
   * {@link #onSphere}, with the axis along which these lie: that of the width.
   */
  public static Map<Parameter, Integer> unitVectors(Layer model) {
    Map<Parameter, Integer> axes = new LinkedHashMap<>();
    for (Layer layer : model.namedLayers().values()) {
      if (layer instanceof TransformerLayer<?> transformer && transformer.onSphere.get()) {
        transformer
            .namedParameters()
            .forEach((path, parameter) -> {
              if (parameter.shape().rank() == 2) {
                axes.put(parameter, path.matches("linear2.*|.*(out|down)_proj.*") ? 0 : 1);
              }
            });
      }
    }
    return axes;
  }

  private L placed() {
    boolean inside = normFirst.get() || normLast.get();
    boolean sum = alpha.get() != 1;
    boolean sphere = onSphere.get();
    if (inside && sum || sum && sphere || sphere && inside) {
      throw new IllegalStateException(
          "%s: norms inside branches, deepNorm and onSphere exclude one another; expected one"
              .formatted(headline()));
    }
    branches.forEach(Branch::declareLast);
    return self();
  }

  @SuppressWarnings("unchecked") // L is the class itself
  private L self() {
    return (L) this;
  }

  // ---- branches --------------------------------------------------------------------------------

  /**
   * Declares a branch, where its field is set.
   *
   * @param number in the names of its norm, norm1 for 1, and of last_norm1 and scale1
   */
  protected final Branch branch(int number) {
    Branch branch = new Branch(Integer.toString(number));
    branches.add(branch);
    return branch;
  }

  /** A function of the sequence that is added to it, with its norms, dropout and scale. */
  protected final class Branch {
    private final String number;
    private Transform norm;
    private @Nullable Transform last;
    private @Nullable LayerScale scale;

    private Branch(String number) {
      this.number = number;
      norm = child("norm" + number, Transform.class, () -> new LayerNorm(width()));
      declareLast();
      if (layerScale.get()) {
        scale = child("scale" + number, LayerScale.class);
      }
    }

    /** Returns the sequence with what a function makes of it. */
    public Tensor add(Tensor x, UnaryOperator<Tensor> f) {
      if (onSphere.get()) {
        Tensor from = norm.forward(x);
        Tensor step = norm.forward(f.apply(from)).minus(from).times(scale().factors().abs());
        return norm.forward(from.plus(dropout.forward(step)));
      }
      Tensor y = f.apply(normFirst.get() ? scaled(norm.forward(x)) : x);
      if (normLast.get()) {
        y = (last == null ? norm : last).forward(y);
      }
      y = dropout.forward(scale == null ? y : scale.forward(y));
      if (normFirst.get() || normLast.get()) {
        return x.plus(y);
      }
      return norm.forward((alpha.get() == 1 ? x : x.times(alpha.get())).plus(y));
    }

    private LayerScale scale() {
      return requireNonNull(scale);
    }

    private Tensor scaled(Tensor x) {
      return depth.get() == 1 ? x : x.times(1 / Math.sqrt(depth.get()));
    }

    private void declareLast() {
      if (normFirst.get() && normLast.get() && last == null) {
        last = child("last_norm" + number, Transform.class, this::anotherNorm);
      }
    }

    private Transform anotherNorm() {
      return norm instanceof Layer layer ? (Transform) copyOf(layer) : norm;
    }

    private void replaceNorms(IntFunction<? extends Transform> made) {
      norm = exchange("norm" + number, made.apply(width()));
      if (last != null) {
        last = exchange("last_norm" + number, made.apply(width()));
      }
    }

    private void scaleBy(double initial) {
      scale = exchange("scale" + number, new LayerScale(width(), initial));
    }
  }

  // ---- what branches add -----------------------------------------------------------------------

  /** Lets the positions of a sequence attend to one another, or to those in a cache as well. */
  final Tensor attend(Tensor x, @Nullable Tensor mask, @Nullable KeyValueCache cache) {
    return cache == null ? selfAttention.forward(x, mask) : selfAttention.extend(x, cache);
  }

  /** Transforms each position by itself. */
  final Tensor transform(Tensor x) {
    return feedForward != null ? feedForward.forward(x) : betweenLinears(x);
  }

  private Tensor betweenLinears(Tensor x) {
    Tensor hidden = requireNonNull(linear1).forward(x);
    Tensor scaled = hiddenScale == null ? hidden : hiddenScale.forward(hidden);
    return requireNonNull(linear2).forward(dropout.forward(activation.get().forward(scaled)));
  }

  private int width() {
    return selfAttention.width();
  }

  @Override
  public String toString() {
    return line(
        Integer.toString(width()),
        Integer.toString(selfAttention.heads()),
        linear1 == null ? "mlp" : Integer.toString(linear1.outputs()),
        settings(),
        dropout.probability() == 0.1 ? "" : "dropout " + dropout.probability());
  }
}
