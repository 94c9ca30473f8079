package dev.adjoint.nn;

import dev.adjoint.nn.norm.AdaIN;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.BatchRenorm;
import dev.adjoint.nn.norm.ConditionalNorm;
import dev.adjoint.nn.norm.ConditionalResidual;
import dev.adjoint.nn.norm.DecorrelatedBatchNorm;
import dev.adjoint.nn.norm.Derf;
import dev.adjoint.nn.norm.DivisiveNorm;
import dev.adjoint.nn.norm.DyT;
import dev.adjoint.nn.norm.EvoNormB0;
import dev.adjoint.nn.norm.EvoNormS0;
import dev.adjoint.nn.norm.FilterResponseNorm;
import dev.adjoint.nn.norm.GhostBatchNorm;
import dev.adjoint.nn.norm.GlobalResponseNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.Imputation;
import dev.adjoint.nn.norm.InstanceNorm;
import dev.adjoint.nn.norm.IterNorm;
import dev.adjoint.nn.norm.L1BatchNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.LocalResponseNorm;
import dev.adjoint.nn.norm.MeanOnlyBatchNorm;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.nn.norm.ScaleNorm;
import dev.adjoint.nn.norm.Standardization;
import dev.adjoint.nn.norm.SwitchableNorm;
import dev.adjoint.nn.norm.UnitNorm;
import dev.adjoint.nn.norm.Whitening;
import dev.adjoint.nn.reparam.CosineNorm;
import dev.adjoint.nn.reparam.SpectralNorm;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.nn.reparam.WeightStandardization;
import dev.adjoint.nn.sequence.CausalLanguageModel;
import dev.adjoint.nn.sequence.GRU;
import dev.adjoint.nn.sequence.GatedFeedForward;
import dev.adjoint.nn.sequence.LSTM;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.nn.sequence.PositionalEncoding;
import dev.adjoint.nn.sequence.QueryKeyNorm;
import dev.adjoint.nn.sequence.RNN;
import dev.adjoint.nn.sequence.Recurrent;
import dev.adjoint.nn.sequence.TransformerDecoderLayer;
import dev.adjoint.nn.sequence.TransformerEncoder;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.PadMode;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** Lists all layers, for 4 channels or features, and which inputs they take. */
final class LayerRows {

  private static final Generator G = Generator.seeded(3);
  private static final Tensor DATA = G.normal(20, 4);

  /** Says the shape of the output, or that an input of this shape is refused. */
  interface Rule {
    Optional<Shape> output(Shape x, boolean training);

    /** Refuses more, in training. */
    default Rule butInTraining(Predicate<Shape> refused) {
      return (x, training) -> training && refused.test(x) ? Optional.empty() : output(x, training);
    }

    /** Refuses more. */
    default Rule but(Predicate<Shape> refused) {
      return (x, training) -> refused.test(x) ? Optional.empty() : output(x, training);
    }
  }

  /** A layer, or a function between layers as the only one of a Sequential. */
  record Row(String name, Layer layer, Rule rule) {
    @Override
    public String toString() {
      return layer.toString().replaceAll("\\s+", " ");
    }

    Row with(Layer other) {
      return new Row(name, other, rule);
    }

    Tensor forward(Tensor x) {
      return ((Transform) layer).forward(x);
    }

    /** Tells whether there is nothing that the layer could return of a NaN, in training. */
    boolean refusesNaN() {
      return layer instanceof DecorrelatedBatchNorm
          || layer instanceof IterNorm
          || layer instanceof BatchRenorm;
    }
  }

  private LayerRows() {}

  static List<Row> all() {
    Rule last4 = last(4);
    Rule sets = channels().butInTraining(x -> x.size() / 4 < 2);
    Rule examples = channels().but(x -> positions(x) == 1);
    Rule blocks = channels().butInTraining(x -> x.size() / 4 <= 4);
    Rule sequences = last4.but(x -> x.rank() != 3);
    List<Row> rows = new ArrayList<>();
    for (Activation activation : Activation.values()) {
      rows.add(row(activation, any()));
    }
    rows.add(row(new Dropout(0.5, G), any()));
    rows.add(row(new PReLU(), any()));
    rows.add(row(new PReLU(4), channels()));
    rows.add(row(new Flatten(), LayerRows::flattened));
    rows.add(row(new ChannelsLast(), LayerRows::channelsLast));
    rows.add(row(new Linear(4, 6, G), last(6)));
    rows.add(row(new Linear(4, 6, G).withoutBias(), last(6)));
    rows.add(row(WeightNorm.on(new Linear(4, 6, G)), last(6)));
    rows.add(row(SpectralNorm.on(new Linear(4, 6, G), G), last(6)));
    rows.add(row(WeightStandardization.on(new Linear(4, 6, G)), last(6)));
    rows.add(row(CosineNorm.of(new Linear(4, 6, G)), last(6)));
    rows.add(row(CosineNorm.centered(new Linear(4, 6, G)).scaled(2), last(6)));
    rows.add(row(new Looking(new Embedding(5, 6, G)), LayerRows::embedded));
    rows.add(row(new Conv1d(4, 6, 2, G), windows(1, 6, length -> length - 1)));
    rows.add(row(new Conv2d(4, 6, 2, G), windows(2, 6, length -> length - 1)));
    ConvOptions grouped = ConvOptions.DEFAULT.padding(1).groups(2);
    rows.add(row(new Conv2d(4, 6, 3, grouped, G).withoutBias(), windows(2, 6, n -> n)));
    ConvOptions same = ConvOptions.DEFAULT.padding("same").paddingMode(PadMode.REPLICATE);
    rows.add(row(new Conv2d(4, 6, 2, same, G), windows(2, 6, n -> n)));
    rows.add(row(new Conv3d(4, 6, 2, G), windows(3, 6, length -> length - 1)));
    ConvOptions twice = ConvOptions.DEFAULT.stride(2).outputPadding(1).groups(2);
    rows.add(row(new ConvTranspose1d(4, 6, 2, G), windows(1, 6, LayerRows::longer)));
    rows.add(row(new ConvTranspose2d(4, 6, 1, twice, G), windows(2, 6, n -> 2 * n)));
    rows.add(row(CosineNorm.of(new Conv1d(4, 6, 2, G)), windows(1, 6, length -> length - 1)));
    rows.add(row(CosineNorm.centered(new Conv2d(4, 6, 2, G)), windows(2, 6, length -> length - 1)));
    rows.add(row(new MaxPool1d(2), pooled(1, length -> length / 2)));
    rows.add(row(new AvgPool1d(2), pooled(1, length -> length / 2)));
    rows.add(row(new MaxPool2d(2), pooled(2, length -> length / 2)));
    rows.add(row(new AvgPool2d(2), pooled(2, length -> length / 2)));
    rows.add(row(new MaxPool3d(2), pooled(3, length -> length / 2)));
    rows.add(row(new AvgPool3d(2), pooled(3, length -> length / 2)));
    rows.add(row(new AdaptiveAvgPool(3, 2), pooled(2, 3, 2)));
    rows.add(row(new AdaptiveMaxPool(3, 2), pooled(2, 3, 2)));
    rows.add(row(new GlobalAvgPool(), LayerRows::averaged));
    rows.add(row(new GlobalMaxPool(), LayerRows::averaged));
    rows.add(row(new Upsample(2), LayerRows::doubled));
    rows.add(row(new PixelShuffle(2), LayerRows::shuffled));
    rows.add(row(new PixelUnshuffle(2), LayerRows::unshuffled));
    rows.add(row(new Dropout(0.5, G).wholeChannels(), any().but(x -> x.rank() < 2)));
    rows.add(row(new BatchNorm(4), sets));
    rows.add(row(new BatchNorm(4).epsilonOutsideRoot(0.1).freezeStatistics(), channels()));
    rows.add(row(new GroupNorm(2, 4), channels()));
    rows.add(
        row(
            new GroupNorm(4, 4),
            channels().but(x -> x.rank() > 1 && positions(x) == 1 && x.size(0) > 0)));
    rows.add(row(new InstanceNorm(4).withAffine(), examples));
    rows.add(row(new LayerNorm(4), last4));
    rows.add(row(new LayerNorm(4).channelsFirst(), channels()));
    rows.add(row(new LayerNorm(4, 4), last4.but(x -> x.rank() < 2 || x.size(-2) != 4)));
    rows.add(row(new RMSNorm(4), last4));
    rows.add(row(new RMSNorm(4).epsilon(1e-5).partial(0.5), last4));
    rows.add(row(new ScaleNorm(4), last4));
    rows.add(row(new DyT(4), last4));
    rows.add(row(new Derf(4), last4));
    rows.add(row(new LayerScale(4, 0.1), last4));
    rows.add(row(new UnitNorm(), any().but(x -> x.rank() == 0)));
    rows.add(row(new UnitNorm().channelsFirst(), any().but(x -> x.rank() < 2)));
    rows.add(row(new TLU(4), channels()));
    rows.add(row(new GlobalResponseNorm(4), channels().but(x -> x.rank() < 3)));
    rows.add(row(new EvoNormS0(2, 4), channels()));
    rows.add(row(new EvoNormB0(4), channels().but(x -> x.rank() < 3)));
    rows.add(row(new LocalResponseNorm(3), any().but(x -> x.rank() < 2)));
    rows.add(row(new BatchRenorm(4), sets));
    rows.add(row(new GhostBatchNorm(8, 4), sets));
    rows.add(row(new L1BatchNorm(4), sets));
    rows.add(row(new MeanOnlyBatchNorm(4), channels()));
    rows.add(row(new SwitchableNorm(4), channels().but(x -> x.rank() < 3)));
    rows.add(row(new FilterResponseNorm(4), channels().but(x -> x.rank() < 3)));
    rows.add(
        row(
            new Conditioned(new ConditionalNorm(new LayerNorm(4), 3, G)),
            last4.but(x -> x.rank() < 2)));
    rows.add(
        row(
            new Conditioned(new ConditionalResidual(new LayerNorm(4), Activation.RELU, 3, G)),
            last4.but(x -> x.rank() < 2)));
    rows.add(row(new Conditioned(new AdaIN(4)), examples.but(x -> x.rank() < 3)));
    rows.add(row(new DivisiveNorm(4, 3), channels().but(x -> x.rank() < 3)));
    rows.add(row(new DecorrelatedBatchNorm(1, 4), blocks));
    rows.add(row(new IterNorm(1, 4), blocks));
    rows.add(row(Standardization.fit(DATA), last4));
    rows.add(row(Imputation.fit(DATA), last4));
    rows.add(row(Whitening.pca(DATA, 3, 1e-3), last(3)));
    rows.add(row(new Residual(Activation.RELU), any()));
    rows.add(row(new Residual(new Linear(4, 6, G), new Linear(4, 6, G)), last(6)));
    rows.add(row(new Sequential(new Linear(4, 5, G), Tensor::tanh, new Linear(5, 6, G)), last(6)));
    rows.add(row(new PositionalEncoding(4, 4), last4.but(x -> x.rank() < 2 || x.size(-2) > 4)));
    rows.add(row(new MultiHeadAttention(4, 2, G), sequences));
    for (QueryKeyNorm.Kind kind : QueryKeyNorm.Kind.values()) {
      rows.add(row(new MultiHeadAttention(4, 2, G).qkNorm(kind), sequences));
    }
    rows.add(row(new TransformerEncoderLayer(4, 2, 6, G), sequences));
    rows.add(row(new TransformerEncoderLayer(4, 2, 6, G).onSphere(), sequences));
    rows.add(row(new TransformerEncoderLayer(4, 2, 6, G).normFirst(), sequences));
    rows.add(row(new TransformerEncoderLayer(4, 2, 6, G).normFirst().normLast(), sequences));
    rows.add(row(new TransformerEncoder(new TransformerEncoderLayer(4, 1, 6, G)), sequences));
    rows.add(row(TransformerDecoderLayer.decoderOnly(4, 2, 6, G), sequences));
    rows.add(row(new GatedFeedForward(4, 6, G), last4));
    CausalLanguageModel model =
        new CausalLanguageModel(5, 4, 1, _ -> TransformerDecoderLayer.decoderOnly(4, 2, 6, G), G);
    rows.add(row(new Writing(model), LayerRows::written));
    Rule read = last(6).but(x -> x.rank() != 3 || x.size(1) == 0);
    rows.add(row(new Reading(new RNN(4, 6, G)), read));
    rows.add(row(new Reading(new LSTM(4, 3, G).bidirectional()), read));
    rows.add(row(new Reading(new GRU(4, 6, G).layers(2).dropout(0.2)), read));
    return rows;
  }

  private static Row row(Transform subject, Rule rule) {
    Layer layer = subject instanceof Layer one ? one : new Sequential(subject);
    String name = subject instanceof Activation ? "Activation" : subject.getClass().getSimpleName();
    return new Row(name, layer, rule);
  }

  // ---- rules -----------------------------------------------------------------------------------

  private static Rule any() {
    return (x, training) -> Optional.of(x);
  }

  private static Rule last(int out) {
    return (x, training) ->
        x.rank() > 0 && x.size(-1) == 4 ? Optional.of(x.with(x.rank() - 1, out)) : Optional.empty();
  }

  private static Rule channels() {
    return (x, training) -> x.rank() > 1 && x.size(1) == 4 ? Optional.of(x) : Optional.empty();
  }

  /** Channels become others, and each of so many lengths, which must not be 0, another. */
  private static Rule windows(int axes, int out, UnaryOperator<Integer> length) {
    Rule inner = pooled(axes, length);
    return (x, training) ->
        x.rank() == axes + 2 && x.size(1) == 4
            ? inner.output(x, training).map(y -> y.with(1, out))
            : Optional.empty();
  }

  private static int longer(int length) {
    return length == 0 ? 0 : length + 1;
  }

  private static Rule pooled(int axes, UnaryOperator<Integer> length) {
    return (x, training) -> {
      if (x.rank() < axes) {
        return Optional.empty();
      }
      Shape y = x;
      for (int axis = x.rank() - axes; axis < x.rank(); axis++) {
        int windows = length.apply(x.size(axis));
        if (windows < 1) {
          return Optional.empty();
        }
        y = y.with(axis, windows);
      }
      return Optional.of(y);
    };
  }

  /** The last axes become others, unless they are empty. */
  private static Rule pooled(int axes, int... sizes) {
    return (x, training) -> {
      Shape y = x;
      for (int i = 0; i < axes; i++) {
        if (x.rank() < axes || x.size(i - axes) == 0) {
          return Optional.empty();
        }
        y = y.with(i - axes, sizes[i]);
      }
      return Optional.of(y);
    };
  }

  private static Optional<Shape> doubled(Shape x, boolean training) {
    Shape y = x;
    for (int axis = 2; axis < x.rank(); axis++) {
      y = y.with(axis, 2 * x.size(axis));
    }
    return x.rank() < 3 || positions(x) == 0 ? Optional.empty() : Optional.of(y);
  }

  private static Optional<Shape> shuffled(Shape x, boolean training) {
    return x.rank() == 4 && x.size(1) % 4 == 0
        ? Optional.of(Shape.of(x.size(0), x.size(1) / 4, 2 * x.size(2), 2 * x.size(3)))
        : Optional.empty();
  }

  private static Optional<Shape> unshuffled(Shape x, boolean training) {
    return x.rank() == 4 && x.size(2) % 2 == 0 && x.size(3) % 2 == 0
        ? Optional.of(Shape.of(x.size(0), 4 * x.size(1), x.size(2) / 2, x.size(3) / 2))
        : Optional.empty();
  }

  /** Returns the product of all sizes after the channels. */
  private static int positions(Shape x) {
    return Arrays.stream(x.toArray()).skip(2).reduce(1, (a, b) -> a * b);
  }

  private static Optional<Shape> averaged(Shape x, boolean training) {
    return x.rank() < 3 || positions(x) == 0
        ? Optional.empty()
        : Optional.of(Shape.of(x.size(0), x.size(1)));
  }

  private static Optional<Shape> flattened(Shape x, boolean training) {
    int features = Arrays.stream(x.toArray()).skip(1).reduce(1, (a, b) -> a * b);
    return x.rank() < 2 ? Optional.empty() : Optional.of(Shape.of(x.size(0), features));
  }

  private static Optional<Shape> channelsLast(Shape x, boolean training) {
    return x.rank() < 2
        ? Optional.empty()
        : Optional.of(
            Shape.of(
                IntStream.range(0, x.rank())
                    .map(
                        axis -> axis == 0 ? x.size(0) : x.size(axis == x.rank() - 1 ? 1 : axis + 1))
                    .toArray()));
  }

  private static Optional<Shape> embedded(Shape x, boolean training) {
    int[] sizes = Arrays.copyOf(x.toArray(), x.rank() + 1);
    sizes[x.rank()] = 6;
    return Optional.of(Shape.of(sizes));
  }

  private static Optional<Shape> written(Shape x, boolean training) {
    boolean isText = x.rank() == 2 || x.rank() == 3;
    return isText ? Optional.of(Shape.of(x.size(0), x.size(1), 5)) : Optional.empty();
  }

  // ---- layers whose input or output is no tensor -----------------------------------------------

  /** The outputs of a recurrent layer. */
  static final class Reading extends Layer implements Transform {
    private final Recurrent<?, ?> recurrent = child("recurrent", Recurrent.class);

    Reading(Recurrent<?, ?> recurrent) {
      this(Description.of(Reading::new).with("recurrent", recurrent));
    }

    Reading(Description from) {
      super(from);
    }

    @Override
    public Tensor forward(Tensor x) {
      return recurrent.forward(x).output();
    }
  }

  /** The rows of an embedding at indices 0, 1, 2, and so on, in the shape of the input. */
  static final class Looking extends Layer implements Transform {
    private final Embedding embedding = child("embedding", Embedding.class);

    Looking(Embedding embedding) {
      this(Description.of(Looking::new).with("embedding", embedding));
    }

    Looking(Description from) {
      super(from);
    }

    @Override
    public Tensor forward(Tensor x) {
      int[] indices = new int[x.size()];
      Arrays.setAll(indices, i -> i % 5);
      return embedding.forward(IntTensor.of(indices, x.shape().toArray()));
    }
  }

  /** The scores after indices 0, 1, 2, and so on, one for each step of the input. */
  static final class Writing extends Layer implements Transform {
    private final CausalLanguageModel model = child("model", CausalLanguageModel.class);

    Writing(CausalLanguageModel model) {
      this(Description.of(Writing::new).with("model", model));
    }

    Writing(Description from) {
      super(from);
    }

    @Override
    public Tensor forward(Tensor x) {
      int[] sizes = Arrays.copyOf(x.shape().toArray(), x.rank() == 3 ? 2 : x.rank());
      int[] indices = new int[Shape.of(sizes).size()];
      Arrays.setAll(indices, i -> i % 5);
      return model.forward(IntTensor.of(indices, sizes));
    }
  }

  /** A norm with the same condition, or style, for every example. */
  static final class Conditioned extends Layer implements Transform {
    private final Layer norm = child("norm", Layer.class);

    Conditioned(Layer norm) {
      this(Description.of(Conditioned::new).with("norm", norm));
    }

    Conditioned(Description from) {
      super(from);
    }

    @Override
    public Tensor forward(Tensor x) {
      int examples = x.rank() == 0 ? 0 : x.size(0);
      Tensor condition = Tensors.full(Shape.of(examples, 3), 0.5, x.dtype());
      return switch (norm) {
        case ConditionalNorm conditional -> conditional.forward(x, condition);
        case ConditionalResidual residual -> residual.forward(x, condition);
        case AdaIN adaIN -> adaIN.forward(x, style(x));
        default -> throw new AssertionError(norm);
      };
    }

    /** Returns an image of as many channels and axes, which does not depend on the input. */
    private static Tensor style(Tensor x) {
      int[] sizes = x.shape().toArray();
      Arrays.fill(sizes, Math.min(2, sizes.length), sizes.length, 2);
      int size = Shape.of(sizes).size();
      return Tensors.arange(0, size, 1, x.dtype()).reshape(sizes).sin();
    }
  }
}
