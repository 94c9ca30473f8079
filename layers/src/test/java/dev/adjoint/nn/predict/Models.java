package dev.adjoint.nn.predict;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.AdaptiveAvgPool;
import dev.adjoint.nn.AdaptiveMaxPool;
import dev.adjoint.nn.AvgPool1d;
import dev.adjoint.nn.AvgPool2d;
import dev.adjoint.nn.AvgPool3d;
import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.ChannelsLast;
import dev.adjoint.nn.Conv1d;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Conv3d;
import dev.adjoint.nn.ConvTranspose1d;
import dev.adjoint.nn.ConvTranspose2d;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Dropout;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.Flatten;
import dev.adjoint.nn.GlobalAvgPool;
import dev.adjoint.nn.GlobalMaxPool;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.LayerScale;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.MaxPool1d;
import dev.adjoint.nn.MaxPool2d;
import dev.adjoint.nn.MaxPool3d;
import dev.adjoint.nn.PReLU;
import dev.adjoint.nn.PixelShuffle;
import dev.adjoint.nn.PixelUnshuffle;
import dev.adjoint.nn.Residual;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.TLU;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Upsample;
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
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.nn.sequence.CausalLanguageModel;
import dev.adjoint.nn.sequence.GRU;
import dev.adjoint.nn.sequence.GatedFeedForward;
import dev.adjoint.nn.sequence.LSTM;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.nn.sequence.PositionalEncoding;
import dev.adjoint.nn.sequence.Positions;
import dev.adjoint.nn.sequence.QueryKeyNorm;
import dev.adjoint.nn.sequence.RNN;
import dev.adjoint.nn.sequence.Recurrent;
import dev.adjoint.nn.sequence.TransformerDecoderLayer;
import dev.adjoint.nn.sequence.TransformerEncoder;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Interpolation;
import dev.adjoint.op.PoolOptions;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Makes models of all layers that files can hold, with settings that are not the defaults. */
final class Models {

  /** A model in eval mode, with parameters that no formula can hide behind, and an input for it. */
  record Case(String name, Layer model, Tensor x) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** Constructors of the layers here, as users give them. */
  static final Map<String, Function<Description, ?>> OWN =
      Map.of("Reader", Reader::new, "Lookup", Lookup::new, "Lit", Lit::new, "Writer", Writer::new);

  private Models() {}

  static List<Case> all() {
    Generator g = Generator.seeded(7);
    return List.of(
        of(
            "rows",
            g.normal(20, 6).times(3),
            Imputation.fit(g.normal(20, 6)),
            Standardization.fit(g.normal(20, 6).times(3).plus(1)),
            new Linear(6, 8, g),
            new BatchNorm(8),
            Activation.LEAKY_RELU,
            new Dropout(0.3, g),
            new BatchNorm(8).withoutAffine().epsilonOutsideRoot(0.01),
            new Residual(
                new Sequential(WeightNorm.on(new Linear(8, 8, g).withoutBias()), new PReLU(8))),
            new Residual(new Linear(8, 5, g), new Linear(8, 5, g)),
            new LayerNorm(5).epsilon(0.5),
            new RMSNorm(5).partial(0.5),
            new RMSNorm(5).epsilon(0.1),
            new RMSNorm(5),
            new ScaleNorm(5),
            CosineNorm.of(new Linear(5, 4, g)).epsilon(0.2).scaled(3),
            new PReLU()),
        of(
            "whitened",
            g.normal(20, 6),
            Whitening.pca(g.normal(20, 6), 4, 1e-3),
            new DecorrelatedBatchNorm(2, 4),
            new IterNorm(4).iterations(3),
            new LayerNorm(4).withoutAffine(),
            new LayerNorm(4).withoutBias(),
            CosineNorm.centered(new Linear(4, 3, g))),
        of(
            "images",
            g.normal(3, 4, 12, 12),
            new Conv2d(4, 6, 3, ConvOptions.DEFAULT.stride(1, 2).padding(1).groups(2), g),
            new BatchNorm(6),
            new GroupNorm(3, 6),
            new InstanceNorm(6).withAffine(),
            new InstanceNorm(6).epsilon(0.3),
            new MaxPool2d(3, 1, 1),
            new LayerNorm(6).channelsFirst(),
            new AvgPool2d(2),
            CosineNorm.of(new Conv2d(6, 4, 3, ConvOptions.DEFAULT.padding(1), g)),
            CosineNorm.centered(new Conv2d(4, 4, 2, 1, ConvOptions.DEFAULT.dilation(2), g)),
            new Flatten(),
            new Linear(48, 3, g)),
        of(
            "signals",
            g.normal(3, 2, 20),
            new Conv1d(2, 4, 3, ConvOptions.DEFAULT.dilation(2), g),
            new ConvTranspose1d(4, 4, 2, ConvOptions.DEFAULT.stride(2).padding(1), g),
            new MaxPool1d(2, 2, 0),
            new AvgPool1d(3, 1, 1),
            new Conv1d(4, 4, 1, g).withoutBias(),
            CosineNorm.of(new Conv1d(4, 4, 2, g)),
            new GlobalAvgPool()),
        of(
            "spread",
            g.normal(3, 4, 5, 6),
            new ConvTranspose2d(
                4, 6, 3, ConvOptions.DEFAULT.stride(2).padding(1).outputPadding(1, 0).groups(2), g),
            new BatchNorm(6),
            WeightNorm.on(new ConvTranspose2d(6, 4, 2, g).withoutBias()),
            new MaxPool2d(new PoolOptions(2).stride(1).dilation(2).ceilMode(true)),
            new AvgPool2d(new PoolOptions(3, 2).padding(1).countIncludePad(false)),
            new PixelShuffle(2),
            new Upsample(1.5, Interpolation.LINEAR),
            new PixelUnshuffle(3),
            new AdaptiveMaxPool(2, 3),
            Upsample.to(Interpolation.LINEAR_ALIGNED, 4),
            new Dropout(0.3, g).wholeChannels(),
            new AdaptiveAvgPool(3, 3),
            new ChannelsLast(),
            new Flatten()),
        of(
            "volumes",
            g.normal(2, 2, 4, 6, 5),
            new Conv3d(2, 4, 3, ConvOptions.DEFAULT.padding(1, 1, 0).groups(2), g),
            new BatchNorm(4),
            new MaxPool3d(2, 1, 0),
            new AvgPool3d(new PoolOptions(1, 2, 1)),
            CosineNorm.of(new Conv3d(4, 3, 1, g)),
            new GlobalMaxPool()),
        of(
            "relatives",
            g.normal(3, 4, 5, 5),
            new BatchRenorm(4).limits(2, 1),
            new GhostBatchNorm(2, 4),
            new L1BatchNorm(4),
            new MeanOnlyBatchNorm(4),
            new SwitchableNorm(4),
            new FilterResponseNorm(4),
            new TLU(4),
            new EvoNormS0(2, 4),
            new EvoNormB0(4),
            new GlobalResponseNorm(4),
            new LocalResponseNorm(3).alpha(0.5),
            new UnitNorm().channelsFirst(),
            new DivisiveNorm(4, 3).zeroCenteredGain(),
            new Lit(new AdaIN(4)),
            new Flatten(),
            new Linear(100, 4, g),
            new DyT(4),
            new Derf(4),
            new LayerScale(4),
            new Lit(new ConditionalNorm(new LayerNorm(4), 4, g)),
            new Lit(new ConditionalResidual(new LayerNorm(4), Activation.TANH, 4, g))),
        of(
            "sequences",
            g.normal(2, 5, 8),
            new PositionalEncoding(9, 8),
            new MultiHeadAttention(8, 2, g).withoutBias(),
            new MultiHeadAttention(8, 2, 1, g).positions(Positions.ROTARY_INTERLEAVED).causal(),
            new TransformerEncoder(
                    new TransformerEncoderLayer(8, 4, 12, g),
                    new TransformerEncoderLayer(8, 2, 12, g).activation(Activation.GELU))
                .withNorm(new LayerNorm(8)),
            new TransformerEncoder(new TransformerEncoderLayer(8, 1, 12, g).normFirst()),
            new MultiHeadAttention(8, 2, g).qkNorm(QueryKeyNorm.Kind.COSINE),
            new TransformerEncoderLayer(8, 2, 12, g).onSphere(),
            TransformerDecoderLayer.decoderOnly(8, 2, 12, g)
                .feedForward(new GatedFeedForward(8, 6, g))
                .normFirst(),
            new TransformerEncoderLayer(8, 2, 12, g).layerScale(0.1).norm(DyT::new).normLast(),
            new Reader(new RNN(8, 6, g).activation(Activation.SIGMOID).withoutBias()),
            new Reader(new GRU(6, 5, g).layers(2)),
            new Reader(new LSTM(5, 4, g).bidirectional()),
            new Lookup(new Embedding(3, 2, g).paddingIndex(1)),
            new Writer(
                new CausalLanguageModel(
                        3, 4, 2, _ -> TransformerDecoderLayer.decoderOnly(4, 2, 5, g), g)
                    .tied())));
  }

  private static Case of(String name, Tensor x, Transform... steps) {
    Generator g = Generator.seeded(8);
    Sequential model = new Sequential(steps);
    model.parameters().forEach(p -> p.assign(g.normal(0.3, 0.7, p.shape(), DType.FLOAT32)));
    model.forward(x); // moves running statistics
    model.eval();
    return new Case(name, model, x);
  }

  /** A user's own layer: a norm with the input as its condition. */
  static final class Lit extends Layer implements Transform {
    private final Layer norm = child("norm", Layer.class);

    Lit(Layer norm) {
      this(Description.of(Lit::new).with("norm", norm));
    }

    Lit(Description from) {
      super(from);
    }

    @Override
    public Tensor forward(Tensor x) {
      return switch (norm) {
        case ConditionalNorm conditional -> conditional.forward(x, x);
        case ConditionalResidual residual -> residual.forward(x, x);
        case AdaIN adaIN -> adaIN.forward(x, x.flip(-1).square());
        default -> throw new AssertionError(norm);
      };
    }
  }

  /** A user's own layer: rows of a table, chosen by the largest feature. */
  static final class Lookup extends Layer implements Transform {
    private final Embedding table = child("table", Embedding.class);

    Lookup(Embedding table) {
      this(Description.of(Lookup::new).with("table", table));
    }

    Lookup(Description from) {
      super(from);
    }

    @Override
    public Tensor forward(Tensor x) {
      return table.forward(x.slice(-1, 0, 3).argmax(-1));
    }
  }

  /** A user's own layer: scores after the largest features. */
  static final class Writer extends Layer implements Transform {
    private final CausalLanguageModel model = child("model", CausalLanguageModel.class);

    Writer(CausalLanguageModel model) {
      this(Description.of(Writer::new).with("model", model));
    }

    Writer(Description from) {
      super(from);
    }

    @Override
    public Tensor forward(Tensor x) {
      return model.forward(x.argmax(-1));
    }
  }

  /** A user's own layer: the outputs of a recurrent layer, scaled. */
  static final class Reader extends Layer implements Transform {
    private final Recurrent<?, ?> recurrent = child("recurrent", Recurrent.class);
    private final Buffer scale = buffer("scale", Shape.of(), 1.5);

    Reader(Recurrent<?, ?> recurrent) {
      this(Description.of(Reader::new).with("recurrent", recurrent));
    }

    Reader(Description from) {
      super(from);
    }

    @Override
    public Tensor forward(Tensor x) {
      return recurrent.forward(x).output().times(scale.value());
    }
  }
}
