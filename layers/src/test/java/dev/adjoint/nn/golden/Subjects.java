package dev.adjoint.nn.golden;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.AdaptiveAvgPool;
import dev.adjoint.nn.AdaptiveMaxPool;
import dev.adjoint.nn.AvgPool1d;
import dev.adjoint.nn.AvgPool2d;
import dev.adjoint.nn.AvgPool3d;
import dev.adjoint.nn.Conv1d;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Conv3d;
import dev.adjoint.nn.ConvTranspose1d;
import dev.adjoint.nn.ConvTranspose2d;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.GlobalAvgPool;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.MaxPool1d;
import dev.adjoint.nn.MaxPool2d;
import dev.adjoint.nn.MaxPool3d;
import dev.adjoint.nn.PReLU;
import dev.adjoint.nn.PixelShuffle;
import dev.adjoint.nn.PixelUnshuffle;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Upsample;
import dev.adjoint.nn.golden.Golden.Role;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.InstanceNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.LocalResponseNorm;
import dev.adjoint.nn.norm.Normalization;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.nn.norm.UnitNorm;
import dev.adjoint.op.Activations;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Interpolation;
import dev.adjoint.op.PoolOptions;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/** Lists what of ours each golden file is about, by the beginning of the file's name. */
final class Subjects {

  private static final Generator GENERATOR = Generator.seeded(1);
  private static final TreeMap<String, Function<Golden, Subject>> BY_PREFIX = new TreeMap<>();

  static {
    BY_PREFIX.put("batch-norm", golden -> Subject.of(batchNorm(golden)));
    BY_PREFIX.put(
        "group-norm",
        golden ->
            Subject.of(
                settings(
                    new GroupNorm(number(golden, "num_groups"), number(golden, "num_channels")),
                    golden)));
    BY_PREFIX.put("instance-norm", golden -> Subject.of(instanceNorm(golden)));
    BY_PREFIX.put(
        "layer-norm", golden -> Subject.of(settings(new LayerNorm(features(golden)), golden)));
    BY_PREFIX.put(
        "rms-norm", golden -> Subject.of(settings(new RMSNorm(features(golden)), golden)));
    BY_PREFIX.put("local-response-norm", golden -> Subject.of(localResponseNorm(golden)));
    BY_PREFIX.put("unit-norm", golden -> Subject.of(unitNorm(golden)));
    LossSubjects.addTo(BY_PREFIX);
    SequenceSubjects.addTo(BY_PREFIX);
    ReparametrizationSubjects.addTo(BY_PREFIX);
    BY_PREFIX.put("linear", golden -> Subject.of(linear(golden)));
    BY_PREFIX.put("embedding", Subjects::embedding);
    BY_PREFIX.put("conv1d", golden -> Subject.of(conv1d(golden)));
    BY_PREFIX.put("conv2d", golden -> Subject.of(conv2d(golden)));
    BY_PREFIX.put("conv3d", golden -> Subject.of(conv3d(golden)));
    BY_PREFIX.put("conv-transpose1d", golden -> Subject.of(convTranspose1d(golden)));
    BY_PREFIX.put("conv-transpose2d", golden -> Subject.of(convTranspose2d(golden)));
    BY_PREFIX.put("max-pool1d", golden -> function(new MaxPool1d(windows(golden))));
    BY_PREFIX.put("max-pool2d", golden -> function(new MaxPool2d(windows(golden))));
    BY_PREFIX.put("max-pool3d", golden -> function(new MaxPool3d(windows(golden))));
    BY_PREFIX.put("avg-pool1d", golden -> function(new AvgPool1d(windows(golden))));
    BY_PREFIX.put("avg-pool2d", golden -> function(new AvgPool2d(windows(golden))));
    BY_PREFIX.put("avg-pool3d", golden -> function(new AvgPool3d(windows(golden))));
    BY_PREFIX.put(
        "adaptive-avg-pool",
        golden -> function(new AdaptiveAvgPool(numbers(golden, "output_size"))));
    BY_PREFIX.put(
        "adaptive-max-pool",
        golden -> function(new AdaptiveMaxPool(numbers(golden, "output_size"))));
    BY_PREFIX.put(
        "interpolate-nearest", golden -> function(upsample(golden, Interpolation.NEAREST)));
    BY_PREFIX.put(
        "interpolate-linear",
        golden ->
            function(
                upsample(
                    golden,
                    is(golden, "align_corners")
                        ? Interpolation.LINEAR_ALIGNED
                        : Interpolation.LINEAR)));
    BY_PREFIX.put("pixel-shuffle", golden -> function(new PixelShuffle(number(golden, "factor"))));
    BY_PREFIX.put(
        "pixel-unshuffle", golden -> function(new PixelUnshuffle(number(golden, "factor"))));
    BY_PREFIX.put(
        "global-avg-pool2d",
        golden ->
            function(x -> new GlobalAvgPool().forward(x).reshape(x.size(0), x.size(1), 1, 1)));
    BY_PREFIX.put(
        "activation-elu", golden -> function(x -> Activations.elu(x, decimal(golden, "alpha"))));
    BY_PREFIX.put("activation-gelu-approximate-none", golden -> function(Activation.GELU));
    BY_PREFIX.put("activation-gelu-approximate-tanh", golden -> function(Activations::geluTanh));
    BY_PREFIX.put("activation-hardtanh", golden -> function(Activation.HARDTANH));
    BY_PREFIX.put(
        "activation-leaky-relu",
        golden -> function(x -> Activations.leakyRelu(x, decimal(golden, "negative_slope"))));
    BY_PREFIX.put("activation-log-sigmoid", golden -> function(Activation.LOG_SIGMOID));
    BY_PREFIX.put("activation-mish", golden -> function(Activation.MISH));
    BY_PREFIX.put(
        "activation-log-softmax", golden -> function(x -> x.logSoftmax(number(golden, "dim"))));
    BY_PREFIX.put(
        "activation-prelu", golden -> Subject.of(new PReLU(number(golden, "num_parameters"))));
    BY_PREFIX.put("activation-relu", golden -> function(Activation.RELU));
    BY_PREFIX.put("activation-selu", golden -> function(Activation.SELU));
    BY_PREFIX.put("activation-sigmoid", golden -> function(Activation.SIGMOID));
    BY_PREFIX.put("activation-silu", golden -> function(Activation.SILU));
    BY_PREFIX.put("activation-softmax", golden -> function(x -> x.softmax(number(golden, "dim"))));
    BY_PREFIX.put("activation-softplus", golden -> softplus(decimal(golden, "beta")));
    BY_PREFIX.put("activation-tanh", golden -> function(Activation.TANH));
  }

  private Subjects() {}

  /** Returns what of ours a case is about. */
  static Subject of(Golden golden) {
    return BY_PREFIX.descendingMap().entrySet().stream()
        .filter(entry -> golden.name().startsWith(entry.getKey()))
        .findFirst()
        .orElseThrow(() ->
            new AssertionError(
                "golden/%s.txt has no subject; expected a row in Subjects"
                    .formatted(golden.name())))
        .getValue()
        .apply(golden);
  }

  private static Subject function(Transform function) {
    return Subject.of(function);
  }

  private static Linear linear(Golden golden) {
    Tensor weight = golden.get(Role.STATE, "weight");
    Linear linear = new Linear(weight.size(1), weight.size(0), GENERATOR);
    return is(golden, "bias") ? linear : linear.withoutBias();
  }

  private static Subject embedding(Golden golden) {
    Tensor weight = golden.get(Role.STATE, "weight");
    Embedding embedding = new Embedding(weight.size(0), weight.size(1), GENERATOR);
    if (!golden.option("padding_idx").equals("None")) {
      embedding.paddingIndex(number(golden, "padding_idx"));
    }
    return new Subject(
        embedding,
        name -> name,
        inputs -> Map.of("output", embedding.forward(golden.index("input"))));
  }

  private static Conv1d conv1d(Golden golden) {
    Tensor w = golden.get(Role.STATE, "weight");
    ConvOptions options = convOptions(golden);
    Conv1d conv =
        new Conv1d(w.size(1) * options.groups(), w.size(0), w.size(2), options, GENERATOR);
    return is(golden, "bias") ? conv : conv.withoutBias();
  }

  private static Conv2d conv2d(Golden golden) {
    Tensor w = golden.get(Role.STATE, "weight");
    ConvOptions options = convOptions(golden);
    Conv2d conv =
        new Conv2d(
            w.size(1) * options.groups(), w.size(0), w.size(2), w.size(3), options, GENERATOR);
    return is(golden, "bias") ? conv : conv.withoutBias();
  }

  private static ConvOptions convOptions(Golden golden) {
    return ConvOptions.DEFAULT
        .stride(numbers(golden, "stride"))
        .padding(numbers(golden, "padding"))
        .dilation(numbers(golden, "dilation"))
        .groups(number(golden, "groups"));
  }

  private static Conv3d conv3d(Golden golden) {
    int[] w = golden.get(Role.STATE, "weight").shape().toArray();
    ConvOptions options = convOptions(golden);
    return new Conv3d(w[1] * options.groups(), w[0], w[2], w[3], w[4], options, GENERATOR);
  }

  private static ConvTranspose1d convTranspose1d(Golden golden) {
    int[] w = golden.get(Role.STATE, "weight").shape().toArray();
    ConvOptions options = convOptions(golden).outputPadding(numbers(golden, "output_padding"));
    return new ConvTranspose1d(w[0], w[1] * options.groups(), w[2], options, GENERATOR);
  }

  private static ConvTranspose2d convTranspose2d(Golden golden) {
    int[] w = golden.get(Role.STATE, "weight").shape().toArray();
    ConvOptions options = convOptions(golden).outputPadding(numbers(golden, "output_padding"));
    return new ConvTranspose2d(w[0], w[1] * options.groups(), w[2], w[3], options, GENERATOR);
  }

  private static PoolOptions windows(Golden golden) {
    PoolOptions options =
        new PoolOptions(numbers(golden, "kernel_size"))
            .stride(numbers(golden, "stride"))
            .padding(numbers(golden, "padding"))
            .ceilMode(golden.has("ceil_mode") && is(golden, "ceil_mode"))
            .countIncludePad(!golden.has("count_include_pad") || is(golden, "count_include_pad"));
    return golden.has("dilation") ? options.dilation(numbers(golden, "dilation")) : options;
  }

  private static Upsample upsample(Golden golden, Interpolation mode) {
    return golden.has("size")
        ? Upsample.to(mode, numbers(golden, "size"))
        : new Upsample(decimal(golden, "scale_factor"), mode);
  }

  private static Subject softplus(double beta) {
    return function(x -> Activation.SOFTPLUS.forward(x.times(beta)).div(beta));
  }

  private static BatchNorm batchNorm(Golden golden) {
    BatchNorm norm = settings(new BatchNorm(number(golden, "num_features")), golden);
    String momentum = golden.option("momentum");
    return momentum.equals("None")
        ? norm.cumulativeAverage()
        : norm.updateRate(Double.parseDouble(momentum));
  }

  private static InstanceNorm instanceNorm(Golden golden) {
    InstanceNorm norm = new InstanceNorm(number(golden, "num_features"));
    return settings(is(golden, "affine") ? norm.withAffine() : norm, golden);
  }

  private static LocalResponseNorm localResponseNorm(Golden golden) {
    return new LocalResponseNorm(number(golden, "size"))
        .alpha(decimal(golden, "alpha"))
        .beta(decimal(golden, "beta"))
        .k(decimal(golden, "k"));
  }

  private static UnitNorm unitNorm(Golden golden) {
    UnitNorm norm = new UnitNorm().epsilon(decimal(golden, "eps"));
    return number(golden, "dim") == 1 ? norm.channelsFirst() : norm;
  }

  private static <N extends Normalization<N>> N settings(N norm, Golden golden) {
    if (!golden.option("eps").equals("None")) {
      norm.epsilon(Double.parseDouble(golden.option("eps")));
    }
    if (Stream.of("affine", "elementwise_affine").anyMatch(o -> golden.has(o) && !is(golden, o))) {
      norm.withoutAffine();
    }
    if (golden.has("bias") && !is(golden, "bias")) {
      norm.withoutBias();
    }
    return norm;
  }

  private static int[] features(Golden golden) {
    return numbers(golden, "normalized_shape");
  }

  private static int[] numbers(Golden golden, String option) {
    return Stream.of(golden.option(option).split("x")).mapToInt(Integer::parseInt).toArray();
  }

  private static double decimal(Golden golden, String option) {
    return Double.parseDouble(golden.option(option));
  }

  private static int number(Golden golden, String option) {
    return Integer.parseInt(golden.option(option));
  }

  private static boolean is(Golden golden, String option) {
    return Boolean.parseBoolean(golden.option(option));
  }
}
