package dev.adjoint.onnx;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Convolution;
import dev.adjoint.op.Einsum;
import dev.adjoint.op.PoolOptions;
import dev.adjoint.op.Pooling;
import dev.adjoint.op.Standardize;
import dev.adjoint.op.Standardize.Rule;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The operators that networks are made of: products, convolutions, pooling, norms. */
final class NetworkOperators {

  private static final double EPSILON = 1e-5;

  private NetworkOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("MatMul", call -> call.like(0, call.x(0).matmul(call.x(1))));
    all.put(
        "Gemm",
        call -> {
          Tensor a = call.flag("transA", false) ? call.x(0).transpose() : call.x(0);
          Tensor b = call.flag("transB", false) ? call.x(1).transpose() : call.x(1);
          Tensor y = scaled(a.matmul(b), call.decimal("alpha", 1));
          Tensor c = call.tensorOr(2);
          return call.like(0, c == null ? y : y.plus(scaled(c, call.decimal("beta", 1))));
        });
    all.put(
        "Einsum",
        call -> {
          Tensor[] operands = new Tensor[call.inputs().size()];
          Arrays.setAll(operands, call::x);
          return call.like(0, Einsum.einsum(call.text("equation", ""), operands));
        });
    all.put(
        "Conv", call -> call.like(0, convolution(call, call.x(0), call.x(1), call.tensorOr(2))));
    all.put("ConvTranspose", NetworkOperators::transposedConvolution);
    all.put("MaxPool", NetworkOperators::maxPool);
    all.put("AveragePool", call -> call.like(0, averagePool(call, call.x(0))));
    all.put(
        "LpPool",
        call -> {
          double p = call.integer("p", 2);
          Tensor x = call.x(0);
          Windows windows = Windows.of(call, x, call.ints("kernel_shape"));
          return call.like(0, sums(windows, windows.padded(x.abs().pow(p), 0)).pow(1 / p));
        });
    all.put(
        "GlobalAveragePool", call -> call.like(0, call.x(0).mean(Keep.AXES, positions(call.x(0)))));
    all.put("GlobalMaxPool", call -> call.like(0, call.x(0).max(Keep.AXES, positions(call.x(0)))));
    all.put(
        "GlobalLpPool",
        call -> {
          double p = call.integer("p", 2);
          Tensor x = call.x(0);
          return call.like(0, x.norm(p, Keep.AXES, positions(x)));
        });
    all.put("BatchNormalization", NetworkOperators::batchNorm);
    all.put(
        "InstanceNormalization",
        call -> {
          Tensor x = call.x(0);
          return call.like(
              0, normalized(call, x, channels(call.x(1), x), channels(call.x(2), x), positions(x)));
        });
    all.put("GroupNormalization", NetworkOperators::groupNorm);
    all.put(
        "LayerNormalization",
        call -> {
          Tensor x = call.x(0);
          Rule rule = new Rule(true, call.decimal("epsilon", EPSILON), false);
          int[] axes = last(call, x);
          var norm = Standardize.normalize(x, call.x(1), call.tensorOr(2), rule, axes);
          Tensor mean = x.mean(Keep.AXES, axes);
          Tensor inverse =
              x.biasedVariance(Keep.AXES, axes).plus(call.decimal("epsilon", EPSILON)).rsqrt();
          return List.of(call.in(0).with(norm.y()), Value.of(mean), Value.of(inverse));
        });
    all.put(
        "RMSNormalization",
        call -> {
          Tensor x = call.x(0);
          Rule rule = new Rule(false, call.decimal("epsilon", EPSILON), false);
          return call.like(0, Standardize.normalize(x, call.x(1), null, rule, last(call, x)).y());
        });
    all.put(
        "LRN",
        call -> {
          Tensor x = call.x(0);
          int size = call.integer("size", 1);
          int before = (size - 1) / 2;
          Tensor squares = x.square().pad(1, before, size - 1 - before, 0);
          Tensor sum = squares.slice(1, 0, x.size(1));
          for (int i = 1; i < size; i++) {
            sum = sum.plus(squares.slice(1, i, i + x.size(1)));
          }
          double alpha = call.decimal("alpha", 1e-4) / size;
          Tensor scale = sum.times(alpha).plus(call.decimal("bias", 1));
          return call.like(0, x.div(scale.pow(call.decimal("beta", 0.75))));
        });
    all.put(
        "Dropout",
        call -> {
          Tensor x = call.x(0);
          boolean training = call.number(2, 0) != 0;
          double ratio = call.number(1, call.decimal("ratio", 0.5));
          if (training && ratio != 0) {
            throw call.unsupported("training; expected inference, in which nothing is dropped");
          }
          return List.of(
              call.in(0), Types.fitted(Tensors.ones(x.shape(), x.dtype()), ElementType.BOOL));
        });
  }

  private static Tensor scaled(Tensor x, double factor) {
    return factor == 1 ? x : x.times(factor);
  }

  private static int[] positions(Tensor x) {
    return IntStream.range(2, x.rank()).toArray();
  }

  /** Returns the axes from the one that the node names to the last. */
  private static int[] last(Call call, Tensor x) {
    return IntStream.range(call.axis(call.integer("axis", -1), x.rank()), x.rank()).toArray();
  }

  /** Returns one value a channel in the shape that broadcasts over (N, C, positions...). */
  private static Tensor channels(Tensor values, Tensor x) {
    int[] sizes = new int[x.rank() - 1];
    Arrays.fill(sizes, 1);
    sizes[0] = values.size();
    return values.reshape(sizes);
  }

  private static Tensor normalized(Call call, Tensor x, Tensor gain, Tensor bias, int[] axes) {
    Rule rule = new Rule(true, call.decimal("epsilon", EPSILON), false);
    return Standardize.normalize(x, gain, bias, rule, axes).y();
  }

  // ---- norms -----------------------------------------------------------------------------------

  private static List<Value> batchNorm(Call call) {
    Tensor x = call.x(0);
    Tensor gain = channels(call.x(1), x);
    Tensor bias = channels(call.x(2), x);
    if (!call.flag("training_mode", false)) {
      Tensor mean = channels(call.x(3), x);
      Tensor variance = call.x(4).plus(call.decimal("epsilon", EPSILON));
      Tensor deviation = channels(variance.sqrt(), x);
      return call.like(
          0,
          Recorder.composite( // which an export writes as one node again
              "normalized",
              call,
              () -> x.minus(mean).div(deviation).times(gain).plus(bias),
              x,
              mean,
              channels(variance.rsqrt(), x),
              gain,
              bias));
    }
    int[] axes = IntStream.range(0, x.rank()).filter(axis -> axis != 1).toArray();
    double momentum = call.decimal("momentum", 0.9f); // the weight of the old value
    Tensor mean = call.x(3).times(momentum).plus(x.mean(axes).times(1 - momentum));
    Tensor variance = call.x(4).times(momentum).plus(x.biasedVariance(axes).times(1 - momentum));
    return List.of(
        call.in(0).with(normalized(call, x, gain, bias, axes)),
        call.in(3).with(mean),
        call.in(4).with(variance));
  }

  private static List<Value> groupNorm(Call call) {
    Tensor x = call.x(0);
    int groups = call.integer("num_groups", 1);
    int n = x.size(0);
    int c = x.size(1);
    Tensor grouped = x.reshape(n, groups, x.size() / Math.max(1, n * groups));
    Rule rule = new Rule(true, call.decimal("epsilon", EPSILON), false);
    Tensor y = Standardize.normalize(grouped, null, null, rule, 2).y().reshape(x.shape());
    Tensor gain = call.x(1);
    Tensor bias = call.x(2);
    if (gain.size() != c) { // before version 21: one value a group
      gain = gain.repeat(c / groups, 0);
      bias = bias.repeat(c / groups, 0);
    }
    return call.like(0, y.times(channels(gain, x)).plus(channels(bias, x)));
  }

  // ---- windows ---------------------------------------------------------------------------------

  /** Convolves by the attributes of a node. */
  static Tensor convolution(Call call, Tensor x, Tensor w, @Nullable Tensor bias) {
    int[] kernel = Arrays.copyOfRange(w.shape().toArray(), 2, w.rank());
    Windows windows = Windows.of(call, x, call.ints("kernel_shape", kernel));
    ConvOptions options =
        ConvOptions.DEFAULT
            .stride(windows.stride())
            .dilation(windows.dilation())
            .groups(call.integer("group", 1));
    boolean symmetric = windows.isSymmetric();
    return convolve(
        call,
        symmetric ? x : windows.padded(x, 0),
        w,
        bias,
        symmetric ? options.padding(windows.before()) : options);
  }

  private static Tensor convolve(
      Call call, Tensor x, Tensor w, @Nullable Tensor bias, ConvOptions options) {
    return switch (x.rank()) {
      case 3 ->
          bias == null
              ? Convolution.conv1d(x, w, options)
              : Convolution.conv1d(x, w, bias, options);
      case 4 ->
          bias == null
              ? Convolution.conv2d(x, w, options)
              : Convolution.conv2d(x, w, bias, options);
      case 5 ->
          bias == null
              ? Convolution.conv3d(x, w, options)
              : Convolution.conv3d(x, w, bias, options);
      default -> throw call.unsupported("input of shape " + x.shape() + "; expected 3 to 5 axes");
    };
  }

  private static List<Value> transposedConvolution(Call call) {
    Tensor x = call.x(0);
    Tensor w = call.x(1);
    int n = x.rank() - 2;
    int[] ones = new int[n];
    Arrays.fill(ones, 1);
    int[] stride = call.ints("strides", ones);
    int[] dilation = call.ints("dilations", ones);
    int[] longer = call.ints("output_padding", new int[n]);
    int[] pads = call.ints("pads", new int[2 * n]).clone();
    int[] wanted = call.intsOr("output_shape");
    String auto = call.text("auto_pad", "NOTSET");
    ConvOptions options =
        ConvOptions.DEFAULT.stride(stride).dilation(dilation).groups(call.integer("group", 1));
    Tensor full =
        switch (n) {
          case 1 -> Convolution.convTranspose1d(x, w, options);
          case 2 -> Convolution.convTranspose2d(x, w, options);
          default ->
              throw call.unsupported("input of shape " + x.shape() + "; expected 3 or 4 axes");
        };
    for (int i = 0; i < n; i++) { // all of it is computed, then cut
      int size = full.size(i + 2) + longer[i];
      int[] sizes = wanted == null || wanted.length == n ? wanted : tail(wanted, n);
      if (sizes != null || auto.startsWith("SAME")) {
        int out = sizes != null ? sizes[i] : x.size(i + 2) * stride[i];
        int cut = size - out;
        int half = auto.equals("SAME_UPPER") ? cut / 2 : cut - cut / 2;
        pads[i] = Math.max(0, half); // what is missing is added behind
        pads[n + i] = cut - pads[i];
      }
      int to = size - pads[n + i];
      full = longer[i] == 0 ? full : full.pad(i + 2, 0, longer[i], 0);
      if (pads[i] < 0 || to > full.size(i + 2)) {
        full = full.pad(i + 2, Math.max(0, -pads[i]), Math.max(0, to - full.size(i + 2)), 0);
        to += Math.max(0, -pads[i]);
      }
      full = full.slice(i + 2, Math.max(0, pads[i]), to);
    }
    Tensor bias = call.tensorOr(2);
    return call.like(0, bias == null ? full : full.plus(channels(bias, full)));
  }

  private static int[] tail(int[] values, int n) {
    return Arrays.copyOfRange(values, values.length - n, values.length);
  }

  private static List<Value> maxPool(Call call) {
    Tensor x = call.x(0);
    Windows windows = Windows.of(call, x, call.ints("kernel_shape"));
    PoolOptions options =
        new PoolOptions(windows.kernel()).stride(windows.stride()).dilation(windows.dilation());
    boolean symmetric = windows.isSymmetric() && halvesAtMost(windows);
    Tensor padded = symmetric ? x : windows.padded(x, Double.NEGATIVE_INFINITY);
    PoolOptions padding = symmetric ? options.padding(windows.before()) : options;
    Tensor y =
        switch (x.rank()) {
          case 3 -> Pooling.maxPool1d(padded, padding);
          case 4 -> Pooling.maxPool2d(padded, padding);
          case 5 -> Pooling.maxPool3d(padded, padding);
          default ->
              throw call.unsupported("input of shape " + x.shape() + "; expected 3 to 5 axes");
        };
    Value pooled = call.in(0).with(y);
    return call.node().outputs().size() == 1
        ? List.of(pooled)
        : List.of(
            pooled, new Value(ScatterOperators.places(call, x, windows, y), ElementType.INT64));
  }

  private static boolean halvesAtMost(Windows windows) {
    return IntStream.range(0, windows.kernel().length)
        .allMatch(i -> 2 * windows.before()[i] <= windows.kernel()[i]);
  }

  private static Tensor averagePool(Call call, Tensor x) {
    Windows windows = Windows.of(call, x, call.ints("kernel_shape"));
    boolean all = call.flag("count_include_pad", false);
    if (windows.isSymmetric() && !windows.isDilated() && halvesAtMost(windows) && x.rank() == 4) {
      return Pooling.avgPool2d(
          x,
          new PoolOptions(windows.kernel())
              .stride(windows.stride())
              .padding(windows.before())
              .countIncludePad(all));
    }
    Tensor one = Tensors.ones(x.shape(), x.dtype()).slice(0, 0, 1).slice(1, 0, 1);
    Tensor counted = windows.overhung(windows.inPads(one, all ? 1 : 0), 0);
    return sums(windows, windows.padded(x, 0)).div(sums(windows, counted));
  }

  /** Returns the sum of each window, over an input that is padded already. */
  private static Tensor sums(Windows windows, Tensor x) {
    int n = windows.kernel().length;
    int[] sizes = x.shape().toArray();
    int[] one = IntStream.concat(IntStream.of(1, 1), Arrays.stream(windows.kernel())).toArray();
    int[] single = sizes.clone();
    single[0] = sizes[0] * sizes[1];
    single[1] = 1;
    Tensor ones = Tensors.ones(one).to(x.dtype());
    ConvOptions options = ConvOptions.DEFAULT.stride(windows.stride()).dilation(windows.dilation());
    Tensor lines = x.reshape(single);
    Tensor y =
        n == 1
            ? Convolution.conv1d(lines, ones, options)
            : n == 2
                ? Convolution.conv2d(lines, ones, options)
                : Convolution.conv3d(lines, ones, options);
    int[] result = y.shape().toArray();
    result[0] = sizes[0];
    result[1] = sizes[1];
    return y.reshape(result);
  }
}
