package dev.adjoint.nn;

import dev.adjoint.nn.LayerRows.Conditioned;
import dev.adjoint.nn.LayerRows.Looking;
import dev.adjoint.nn.LayerRows.Reading;
import dev.adjoint.nn.LayerRows.Writing;
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
import dev.adjoint.nn.norm.RunningNorm;
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
import dev.adjoint.nn.sequence.Positions;
import dev.adjoint.nn.sequence.QueryKeyNorm;
import dev.adjoint.nn.sequence.RNN;
import dev.adjoint.nn.sequence.Recurrent;
import dev.adjoint.nn.sequence.TransformerDecoderLayer;
import dev.adjoint.nn.sequence.TransformerEncoder;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Interpolation;
import dev.adjoint.op.PadMode;
import dev.adjoint.op.PoolOptions;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Lists all layers with settings that are not the defaults, each with an input for it. */
final class Unusual {

  private static final Generator G = Generator.seeded(21);
  private static final Tensor ROWS = G.normal(20, 4).times(2).plus(1);
  private static final Tensor SIGNALS = G.normal(3, 4, 9).times(2).plus(1);
  private static final Tensor IMAGES = G.normal(3, 4, 9, 8).times(2).plus(1);
  private static final Tensor VOLUMES = G.normal(2, 4, 5, 4, 6).times(2).plus(1);
  private static final Tensor SEQUENCES = G.normal(2, 5, 4);

  /** A layer with one input, and an input for it. */
  record Subject(Layer layer, Tensor x) {
    Tensor forward(Layer other, Tensor input) {
      return ((Transform) other).forward(input);
    }

    @Override
    public String toString() {
      return layer.toString().replaceAll("\\s+", " ");
    }
  }

  private Unusual() {}

  static List<Subject> all() {
    List<Subject> subjects = new ArrayList<>();
    add(subjects, ROWS, rows());
    add(subjects, ROWS, norms());
    add(subjects, SIGNALS, signals());
    add(subjects, IMAGES, images());
    add(subjects, VOLUMES, volumes());
    add(subjects, SEQUENCES, sequences());
    for (Activation activation : Activation.values()) {
      add(subjects, ROWS, List.of(activation));
    }
    Tensor holes = Where.where(ROWS.greater(3), Tensor.scalar(Double.NaN, DType.FLOAT32), ROWS);
    add(subjects, holes, List.of(Imputation.fit(holes).withIndicators()));
    return subjects;
  }

  private static List<Transform> rows() {
    Linear spectral = new Linear(4, 3, G);
    spectral.reparametrize("weight", w -> new SpectralNorm(w, G).iterations(3));
    Linear axis = new Linear(4, 3, G);
    axis.reparametrize("weight", w -> new WeightNorm(w).axis(1));
    Linear whole = new Linear(4, 3, G);
    whole.reparametrize("weight", w -> new WeightNorm(w).overAll());
    Linear standardized = new Linear(4, 3, G);
    standardized.reparametrize("weight", w -> new WeightStandardization(w).epsilon(0.1));
    return List.of(
        new Linear(4, 3, G),
        new Linear(4, 3, G).withoutBias(),
        new Looking(new Embedding(5, 3, G).paddingIndex(2)),
        new Dropout(0.3, G.split()),
        new PReLU(4),
        new Sequential(new Linear(4, 3, G), Tensor::tanh, new Dropout(0.5, G), Activation.GELU),
        new Residual(new Linear(4, 3, G), new Linear(4, 3, G)),
        spectral,
        axis,
        whole,
        standardized,
        CosineNorm.of(new Linear(4, 3, G)).epsilon(0.2).scaled(3),
        CosineNorm.centered(new Linear(4, 3, G)),
        Standardization.fit(ROWS),
        Whitening.pca(ROWS, 3, 0.1));
  }

  private static List<Transform> norms() {
    List<Transform> norms = new ArrayList<>();
    norms.add(new BatchNorm(4).biasedRunningVariance());
    norms.add(new BatchNorm(4).epsilonOutsideRoot(0.2).withoutBias());
    norms.add(new GroupNorm(2, 4).epsilon(0.2));
    norms.add(new GroupNorm(2, 4).epsilonOutsideRoot(0.2));
    norms.add(new LayerNorm(4).epsilon(0.2));
    norms.add(new LayerNorm(4).epsilonOutsideRoot(0.2).withoutAffine());
    norms.add(new RMSNorm(4));
    norms.add(new RMSNorm(4).epsilon(0.2).partial(0.5));
    norms.add(new RMSNorm(4).epsilonOutsideRoot(0.2));
    norms.add(new ScaleNorm(4).epsilon(0.2));
    norms.add(new ScaleNorm(4).epsilonOutsideRoot(0.2));
    norms.add(new IterNorm(2, 4).iterations(3));
    norms.add(new DyT(4, 0.8));
    norms.add(new Derf(4, 0.8));
    norms.add(new LayerScale(4, 0.3).multiplier(2));
    norms.add(new UnitNorm().epsilon(3));
    norms.add(new BatchRenorm(4).limits(1.5, 0.5).biasedRunningVariance());
    norms.add(new BatchRenorm(4).limits(1.5, 0.5).ramp(0, 3, 3));
    norms.add(new GhostBatchNorm(7, 4).biasedRunningVariance());
    norms.add(new L1BatchNorm(4).biasedRunningVariance());
    norms.add(new Conditioned(scattered(new ConditionalNorm(new LayerNorm(4), 3, G))));
    Linear body = new Linear(4, 4, G);
    norms.add(new Conditioned(scattered(new ConditionalResidual(new LayerNorm(4), body, 3, G))));
    norms.add(new LayerNorm(4).zeroCenteredGain());
    norms.add(new RMSNorm(4).zeroCenteredGain());
    norms.add(new ScaleNorm(4).zeroCenteredGain());
    norms.add(new GroupNorm(2, 4).zeroCenteredGain());
    addRunning(norms, BatchNorm::new);
    addRunning(norms, IterNorm::new);
    addRunning(norms, DecorrelatedBatchNorm::new);
    addRunning(norms, channels -> new BatchRenorm(channels).epsilonOutsideRoot(0.3));
    addRunning(norms, channels -> new GhostBatchNorm(7, channels).epsilonOutsideRoot(0.3));
    addRunning(norms, channels -> new L1BatchNorm(channels).epsilonOutsideRoot(0.3));
    norms.add(new MeanOnlyBatchNorm(4).updateRate(0.4));
    norms.add(new MeanOnlyBatchNorm(4).cumulativeAverage());
    norms.add(new MeanOnlyBatchNorm(4).freezeStatistics());
    return norms;
  }

  private static <L extends Layer> L scattered(L layer) {
    layer.parameters().forEach(p -> p.assign(G.normal(0, 0.5, p.shape(), DType.FLOAT32)));
    return layer;
  }

  private static <N extends RunningNorm<N> & Transform> void addRunning(
      List<Transform> norms, IntFunction<N> norm) {
    norms.add(norm.apply(4).updateRate(0.4).epsilon(0.2));
    norms.add(norm.apply(4).cumulativeAverage().zeroCenteredGain());
    norms.add(norm.apply(4).freezeStatistics());
  }

  private static List<Transform> signals() {
    ConvOptions options = ConvOptions.DEFAULT.stride(2).padding(1).dilation(2).groups(2);
    ConvOptions same = ConvOptions.DEFAULT.padding("same");
    List<Transform> signals =
        new ArrayList<>(
            List.of(
                new Conv1d(4, 6, 2, options, G),
                new Conv1d(4, 6, 4, same.paddingMode(PadMode.REPLICATE), G),
                CosineNorm.of(new Conv1d(4, 6, 4, same.paddingMode(PadMode.REPLICATE), G)),
                new ConvTranspose1d(4, 6, 2, options.outputPadding(1), G),
                WeightNorm.on(new ConvTranspose1d(4, 6, 2, options, G)),
                SpectralNorm.on(new ConvTranspose1d(4, 6, 2, options, G), G),
                WeightStandardization.on(new ConvTranspose1d(4, 6, 2, options, G)),
                CosineNorm.of(new Conv1d(4, 6, 2, options, G)).epsilon(0.1),
                new MaxPool1d(3, 2, 1),
                new AvgPool1d(3, 2, 1),
                new LayerNorm(4).channelsFirst(),
                new InstanceNorm(4).epsilon(0.2),
                new InstanceNorm(4).withAffine().epsilonOutsideRoot(0.2),
                new GlobalAvgPool()));
    signals.add(new UnitNorm().channelsFirst());
    signals.add(new TLU(4));
    signals.add(new EvoNormS0(2, 4).epsilon(0.2).zeroCenteredGain());
    signals.add(new EvoNormS0(2, 4).epsilonOutsideRoot(0.2));
    signals.add(new GlobalResponseNorm(4).epsilon(0.2).zeroCenteredGain());
    signals.add(new LocalResponseNorm(3).alpha(0.5).beta(0.6).k(2));
    signals.add(new FilterResponseNorm(4).epsilonOutsideRoot(0.2).withoutBias());
    signals.add(new FilterResponseNorm(4).zeroCenteredGain());
    signals.add(new InstanceNorm(4).withAffine().zeroCenteredGain());
    signals.add(new DivisiveNorm(4, 3, 5).epsilon(0.2).zeroCenteredGain());
    signals.add(new DivisiveNorm(4, 2).epsilonOutsideRoot(0.2));
    signals.add(new Conditioned(new AdaIN(new InstanceNorm(4).epsilon(0.2))));
    addRunning(signals, channels -> new EvoNormB0(channels).epsilonOutsideRoot(0.3));
    addRunning(signals, channels -> new SwitchableNorm(channels).epsilonOutsideRoot(0.3));
    return signals;
  }

  private static List<Transform> images() {
    ConvOptions options = ConvOptions.DEFAULT.stride(1, 2).padding(1, 2).dilation(2, 1).groups(2);
    return List.of(
        new Conv2d(4, 6, 3, 2, options, G).withoutBias(),
        new Conv2d(4, 6, 3, 2, options, G),
        new Conv2d(4, 6, 3, 2, options.paddingMode(PadMode.CIRCULAR), G),
        new Conv2d(4, 6, 3, 2, ConvOptions.DEFAULT.padding("same"), G),
        new ConvTranspose2d(4, 6, 3, 2, options.outputPadding(0, 1), G),
        new ConvTranspose2d(4, 6, 3, 2, options, G).withoutBias(),
        CosineNorm.centered(new Conv2d(4, 6, 3, 2, options, G)),
        new MaxPool2d(3, 2, 1),
        new AvgPool2d(3, 2, 1),
        new MaxPool2d(new PoolOptions(2, 3).dilation(2, 1).ceilMode(true)),
        new AvgPool2d(new PoolOptions(2, 3).padding(1).countIncludePad(false)),
        new Upsample(2),
        new PixelShuffle(2),
        new Sequential(new AdaptiveAvgPool(6, 4), new PixelUnshuffle(2)),
        new Dropout(0.3, G.split()).wholeChannels(),
        new ChannelsLast(),
        new Flatten());
  }

  private static List<Transform> volumes() {
    ConvOptions options =
        ConvOptions.DEFAULT.stride(1, 2, 1).padding(1).dilation(2, 1, 1).groups(2);
    PoolOptions windows = new PoolOptions(3, 2, 2).stride(2).padding(1, 0, 1).ceilMode(true);
    return List.of(
        new Conv3d(
            4, 6, 2, 3, 2, ConvOptions.DEFAULT.padding("same").paddingMode(PadMode.REPLICATE), G),
        new Conv3d(4, 6, 3, 2, 2, options, G),
        CosineNorm.of(new Conv3d(4, 6, 3, 2, 2, options, G)),
        new MaxPool3d(windows.dilation(1, 2, 1)),
        new AvgPool3d(windows.countIncludePad(false)),
        new AdaptiveAvgPool(2, 3, 4),
        new AdaptiveMaxPool(2, 3, 4),
        new GlobalMaxPool(),
        new Upsample(1.5, Interpolation.LINEAR),
        Upsample.to(Interpolation.LINEAR_ALIGNED, 3, 5, 7));
  }

  private static List<Transform> sequences() {
    return List.of(
        new PositionalEncoding(6, 4),
        new MultiHeadAttention(4, 2, G).withoutBias().causal(),
        new MultiHeadAttention(4, 2, 1, G).positions(Positions.ROTARY).rotaryBase(50).dropout(0.3),
        new MultiHeadAttention(4, 1, G).positions(Positions.ROTARY_INTERLEAVED).rotaryBase(50),
        new MultiHeadAttention(4, 2, G).positions(Positions.ALIBI),
        new TransformerEncoder(
                new TransformerEncoderLayer(4, 2, 5, G)
                    .normFirst()
                    .activation(Activation.GELU)
                    .dropout(0.3))
            .withNorm(new LayerNorm(4)),
        new TransformerEncoderLayer(4, 2, 5, G).layerNormScaling(3).layerScale(0.3),
        new TransformerEncoderLayer(4, 2, 5, G).normFirst().normLast().norm(RMSNorm::new),
        new TransformerEncoderLayer(4, 2, 5, G).deepNorm(3),
        new TransformerEncoderLayer(4, 2, 5, G).onSphere(),
        new MultiHeadAttention(4, 2, 1, G).qkNorm(QueryKeyNorm.Kind.PER_HEAD),
        new MultiHeadAttention(4, 2, 1, G).qkNorm(QueryKeyNorm.Kind.WHOLE_WIDTH),
        new MultiHeadAttention(4, 2, G).qkNorm(QueryKeyNorm.Kind.COSINE),
        new GatedFeedForward(4, 3, G).activation(Activation.GELU),
        TransformerDecoderLayer.decoderOnly(4, 2, 5, G)
            .feedForward(new GatedFeedForward(4, 3, G))
            .onSphere(),
        TransformerDecoderLayer.decoderOnly(4, 2, 5, G)
            .selfAttention(new MultiHeadAttention(4, 2, 1, G))
            .feedForward(new GatedFeedForward(4, 3, G))
            .dropout(0.3),
        TransformerDecoderLayer.decoderOnly(4, 2, 5, G)
            .activation(Activation.GELU)
            .layerNormScaling(3)
            .layerScale(0.3),
        TransformerDecoderLayer.decoderOnly(4, 2, 5, G).normFirst().normLast(),
        TransformerDecoderLayer.decoderOnly(4, 2, 5, G).deepNorm(3),
        new Writing(
            new CausalLanguageModel(
                    5, 4, 1, _ -> TransformerDecoderLayer.decoderOnly(4, 2, 5, G), G)
                .positions(7)
                .norm(new RMSNorm(4))
                .dropout(0.3)),
        recurrent(new RNN(4, 3, G).activation(Activation.SIGMOID)),
        recurrent(new LSTM(4, 3, G)),
        recurrent(new GRU(4, 3, G)),
        new Reading(new RNN(4, 3, G).bidirectional().withoutBias()),
        new Reading(new LSTM(4, 3, G).bidirectional().withoutBias()),
        new Reading(new GRU(4, 3, G).bidirectional().withoutBias()));
  }

  private static Transform recurrent(Recurrent<?, ?> layer) {
    return new Reading(layer.layers(2).dropout(0.3));
  }

  private static void add(List<Subject> subjects, Tensor x, List<? extends Transform> transforms) {
    for (Transform transform : transforms) {
      Layer layer = transform instanceof Layer one ? one : new Sequential(transform);
      subjects.add(new Subject(layer, x));
    }
  }
}
