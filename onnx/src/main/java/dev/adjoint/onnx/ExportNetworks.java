package dev.adjoint.onnx;

import dev.adjoint.onnx.Proto.Node;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Joining;
import dev.adjoint.op.PoolOptions;
import dev.adjoint.op.Standardize.Rule;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** How products, convolutions, pooling, norms and recurrent layers are written. */
final class ExportNetworks {

  private static final double USUAL = 1e-5;

  private ExportNetworks() {}

  static void addTo(Map<String, ExportRules.Rule> all) {
    all.put("MatMul.MATMUL", ExportNetworks::product);
    all.put("conv", s -> s.node("Conv", s.all(), convolution(s)));
    all.put("convTranspose", s -> s.node("ConvTranspose", s.all(), convolution(s)));
    all.put("maxPool", s -> pooled(s, "MaxPool"));
    all.put("avgPool", s -> pooled(s, "AveragePool"));
    all.put("RowOp.SOFTMAX", s -> s.node("Softmax", List.of(s.in(0)), "axis", -1));
    all.put("RowOp.LOG_SOFTMAX", s -> s.node("LogSoftmax", List.of(s.in(0)), "axis", -1));
    all.put(
        "RowOp.LOG_SUM_EXP",
        s -> s.node("ReduceLogSumExp", List.of(s.in(0), s.graph().ints(-1)), "keepdims", 1));
    all.put("normalized", ExportNetworks::batchNorm);
    all.put("Standardize.Fused", ExportNetworks::norm);
    all.put("LSTM", s -> recurrent(s, "LSTM", 0, 3, 1, 2));
    all.put("GRU", s -> recurrent(s, "GRU", 1, 0, 2));
  }

  // ---- products --------------------------------------------------------------------------------

  private static String product(Export s) {
    boolean isMatrix = s.shape(0).rank() == 2 && s.shape(1).rank() == 2;
    if (s.a().inputs().length == 2 && !isMatrix) {
      return s.node("MatMul", s.all());
    }
    String b = s.in(1);
    Node turned = s.graph().producer(b, "Transpose");
    int isTurned = turned == null ? 0 : 1;
    List<String> inputs = new ArrayList<>(s.all());
    inputs.set(1, turned == null ? b : turned.inputs().getFirst());
    return inputs.size() == 2 && isTurned == 0
        ? s.node("MatMul", inputs)
        : s.node("Gemm", inputs, "transB", isTurned);
  }

  /** Writes a sum: of a convolution and one number a channel as a convolution with a bias. */
  static String sum(Export s) {
    String x = s.in(0);
    for (String op : List.of("Conv", "ConvTranspose")) {
      Node convolution = s.graph().producer(x, op);
      Tensor bias = s.x(1);
      int channels = s.shape(0).rank() > 1 ? s.shape(0).size(1) : 0;
      boolean fits =
          convolution != null
              && convolution.inputs().size() == 2
              && bias.rank() == s.shape(0).rank() - 1
              && bias.size(0) == channels
              && bias.size() == channels;
      Node placed = fits ? s.graph().producer(s.in(1), "Reshape") : null;
      if (convolution != null && placed != null) {
        List<String> inputs = new ArrayList<>(convolution.inputs());
        inputs.add(placed.inputs().getFirst());
        return s.graph().like(convolution, inputs);
      }
    }
    return s.node("Add", x, s.in(1));
  }

  // ---- windows ---------------------------------------------------------------------------------

  private static int[] spread(List<Integer> values, int axes) {
    return values.size() == axes
        ? ints(values)
        : IntStream.generate(values::getFirst).limit(axes).toArray();
  }

  private static int[] twice(int[] values) {
    int[] twice = Arrays.copyOf(values, 2 * values.length);
    System.arraycopy(values, 0, twice, values.length, values.length);
    return twice;
  }

  private static int[] ints(List<Integer> values) {
    return values.stream().mapToInt(x -> x).toArray();
  }

  private static Object[] convolution(Export s) {
    ConvOptions options = s.option(ConvOptions.class, "options");
    int axes = s.shape(0).rank() - 2;
    List<Object> attributes = new ArrayList<>();
    attributes.addAll(List.of("strides", spread(options.stride(), axes)));
    attributes.addAll(List.of("pads", twice(spread(options.padding(), axes))));
    attributes.addAll(List.of("dilations", spread(options.dilation(), axes)));
    attributes.addAll(List.of("group", options.groups()));
    int[] longer = spread(options.outputPadding(), axes);
    if (Arrays.stream(longer).anyMatch(n -> n != 0)) {
      attributes.addAll(List.of("output_padding", longer));
    }
    return attributes.toArray();
  }

  private static String pooled(Export s, String op) {
    PoolOptions options = s.fixed(PoolOptions.class, "options");
    int axes = options.kernel().size();
    Shape shape = s.shape(0);
    boolean isBatch = shape.rank() == axes + 2;
    String x = s.in(0);
    if (!isBatch) { // one channel each of all that stands before
      String sizes =
          s.sizes(step -> {
            int[] last = new int[axes + 2];
            last[0] = -1;
            last[1] = 1;
            for (int i = 0; i < axes; i++) {
              last[i + 2] = step.inputs()[0].size(i - axes);
            }
            return last;
          });
      x = s.node("Reshape", x, sizes);
    }
    List<Object> attributes = new ArrayList<>();
    attributes.addAll(List.of("kernel_shape", ints(options.kernel())));
    attributes.addAll(List.of("strides", ints(options.stride())));
    attributes.addAll(List.of("pads", twice(ints(options.padding()))));
    attributes.addAll(List.of("ceil_mode", options.ceilMode() ? 1 : 0));
    if (op.equals("MaxPool")) {
      attributes.addAll(List.of("dilations", ints(options.dilation())));
    } else {
      attributes.addAll(List.of("count_include_pad", options.countIncludePad() ? 1 : 0));
    }
    String y = s.node(op, List.of(x), attributes.toArray());
    return isBatch ? y : s.reshaped(y);
  }

  // ---- norms -----------------------------------------------------------------------------------

  /** Writes the norm by running statistics: (x - mean) * inverse * gain + bias. */
  private static String batchNorm(Export s) {
    Shape shape = s.shape(0);
    int channels = shape.rank() < 2 ? -1 : shape.size(1);
    boolean fits = s.dtype() == s.x(0).dtype();
    for (int i = 1; i < 5; i++) {
      int[] sizes = new int[shape.rank() - 1];
      Arrays.fill(sizes, 1);
      sizes[0] = channels;
      fits &= s.shape(i).equals(Shape.of(sizes)) && !s.graph().a.isVariable(s.x(i));
    }
    if (!fits) {
      String off = s.node("Mul", s.node("Sub", s.in(0), s.in(1)), s.in(2));
      return s.node("Add", s.node("Mul", off, s.in(3)), s.in(4));
    }
    Variance variance = variance(s);
    return s.node(
        "BatchNormalization",
        List.of(s.in(0), flat(s, 3), flat(s, 4), flat(s, 1), variance.name),
        "epsilon",
        variance.epsilon);
  }

  /** A running variance, and what is added to it. */
  private record Variance(String name, double epsilon) {}

  private static Variance variance(Export s) {
    Tensor inverse = flat(s.graph().a, s.x(2));
    Recorded.Step root = stepOf(s, inverse, "Unary.RSQRT");
    Recorded.Step sum = root == null ? null : stepOf(s, root.inputs()[0], "Binary.PLUS");
    String running = sum == null ? null : s.graph().a.weightOf(sum.inputs()[0]);
    if (sum != null && running != null && sum.inputs()[1].size() == 1) {
      Tensor value = sum.inputs()[0];
      return new Variance(s.graph().name(value), sum.inputs()[1].item());
    }
    Tensor variance = inverse.untracked().to(DType.FLOAT64).square().reciprocal();
    double epsilon = variance.min().item() >= USUAL ? USUAL : 0;
    return new Variance(
        s.graph().initializer("variance", variance.minus(epsilon).to(s.dtype())), epsilon);
  }

  private static Recorded.@Nullable Step stepOf(Export s, Tensor x, String key) {
    int step = s.graph().a.stepOf(x);
    Recorded.Step found = step < 0 ? null : s.graph().a.steps.get(step);
    return found != null && found.key().equals(key) ? found : null;
  }

  /** Returns what was reshaped to one value a channel. */
  private static Tensor flat(Recorded run, Tensor x) {
    int step = run.stepOf(x);
    Recorded.Step reshape = step < 0 ? null : run.steps.get(step);
    return reshape != null
            && reshape.key().equals("Movement.Reshape")
            && reshape.inputs()[0].rank() == 1
        ? reshape.inputs()[0]
        : x.untracked().reshape(x.size());
  }

  private static String flat(Export s, int input) {
    List<Tensor> channels = new ArrayList<>();
    for (int run = 0; run < s.runs().size(); run++) {
      channels.add(flat(s.graph().runs.get(run), s.runs().get(run).inputs()[input]));
    }
    return s.graph().name(channels);
  }

  private static String norm(Export s) {
    Rule rule = s.option(Rule.class, "rule");
    int[] axes = s.option(int[].class, "axes");
    Shape shape = s.shape(0);
    int rank = shape.rank();
    int first = rank - axes.length;
    boolean isLast = Arrays.equals(axes, IntStream.range(first, rank).toArray());
    boolean isAffine = s.a().inputs().length == 3;
    Shape set = Shape.of(Arrays.copyOfRange(shape.toArray(), first, rank));
    boolean isShifted = isAffine && !isZero(s, 2);
    boolean isOfSet = isAffine && s.shape(1).equals(set) && (!isShifted || s.shape(2).equals(set));
    boolean isUsual = isLast && !rule.outsideRoot() && rule.epsilon() > 0;
    if (isUsual && rule.centered() && (isOfSet || !isAffine)) {
      List<String> inputs =
          isShifted ? s.all() : List.of(s.in(0), isAffine ? s.in(1) : constant(s, 1, first, rank));
      return s.node("LayerNormalization", inputs, "axis", first, "epsilon", rule.epsilon());
    }
    if (isUsual && !rule.centered() && s.graph().opset >= 23 && (isOfSet || !isAffine)) {
      String gain = isAffine ? s.in(1) : constant(s, 1, first, rank);
      String y =
          s.node(
              "RMSNormalization", List.of(s.in(0), gain), "axis", first, "epsilon", rule.epsilon());
      return isShifted ? s.node("Add", y, s.in(2)) : y;
    }
    int channels = rank > 1 ? shape.size(1) : 0;
    if (isUsual
        && rule.centered()
        && first == 2
        && isAffine
        && isOfChannels(s, 1)
        && isOfChannels(s, 2)) {
      return s.node(
          "InstanceNormalization",
          List.of(s.in(0), flat(s, 1), flat(s, 2)),
          "epsilon",
          rule.epsilon());
    }
    if (isUsual && rule.centered() && first == 2 && !isAffine && channels > 0) {
      return s.node(
          "InstanceNormalization",
          List.of(s.in(0), constant(s, 1, 1, 2), constant(s, 0, 1, 2)),
          "epsilon",
          rule.epsilon());
    }
    return composed(s, rule, axes, isAffine);
  }

  private static boolean isOfChannels(Export s, int input) {
    return s.shape(input).rank() == s.shape(0).rank() - 1
        && s.shape(input).size(0) == s.shape(0).size(1)
        && s.shape(input).size() == s.shape(0).size(1)
        && !s.graph().a.isVariable(s.x(input));
  }

  private static boolean isZero(Export s, int input) {
    return s.graph().a.originOf(s.x(input)) == null // what may be trained is kept
        && !s.graph().a.isVariable(s.x(input))
        && Arrays.stream(s.x(input).untracked().toDoubleArray()).allMatch(x -> x == 0);
  }

  /** Returns a number in the shape of some axes of the input. */
  private static String constant(Export s, double value, int from, int to) {
    String sizes =
        s.sizes(step -> Arrays.copyOfRange(step.inputs()[0].shape().toArray(), from, to));
    return s.node("Expand", s.number(value), sizes);
  }

  /** Writes the definition. */
  private static String composed(Export s, Rule rule, int[] axes, boolean isAffine) {
    String over = s.graph().ints(axes);
    String x = s.in(0);
    String off = rule.centered() ? s.node("Sub", x, s.node("ReduceMean", x, over)) : x;
    String variance = s.node("ReduceMean", s.node("Mul", off, off), over);
    String sigma =
        rule.outsideRoot()
            ? s.node("Add", s.node("Sqrt", variance), s.number(rule.epsilon()))
            : s.node("Sqrt", s.node("Add", variance, s.number(rule.epsilon())));
    if (rule.epsilon() == 0) { // a set without variance becomes zeros
      String isZero = s.node("Equal", sigma, s.number(0));
      sigma = s.node("Where", isZero, s.number(1), sigma);
    }
    String y = s.node("Div", off, sigma);
    String scaled = isAffine ? s.node("Mul", y, s.in(1)) : y;
    return isAffine && !isZero(s, 2) ? s.node("Add", scaled, s.in(2)) : scaled;
  }

  /** Writes (N, C, ...) in groups, normalized, and back as a group norm; null if it is none. */
  static @Nullable String groupNorm(Export s) {
    Recorded.Step norm = stepOf(s, s.x(0), "Standardize.Fused");
    Recorded.Step groups = norm == null ? null : stepOf(s, norm.inputs()[0], "Movement.Reshape");
    if (norm == null || groups == null || norm.inputs().length != 3) {
      return null;
    }
    Shape shape = groups.inputs()[0].shape();
    Rule rule = norm.option(Rule.class, "rule");
    int[] sizes = norm.inputs()[0].shape().toArray();
    boolean fits =
        shape.equals(s.a().output().shape())
            && shape.rank() > 1
            && sizes.length == 4
            && sizes[0] == shape.size(0)
            && sizes[1] * sizes[2] == shape.size(1)
            && Arrays.equals(norm.option(int[].class, "axes"), new int[] {2, 3})
            && norm.inputs()[1].shape().equals(Shape.of(sizes[1], sizes[2], 1))
            && norm.inputs()[2].shape().equals(Shape.of(sizes[1], sizes[2], 1))
            && rule.centered()
            && !rule.outsideRoot()
            && rule.epsilon() > 0;
    Export whole = s.graph().step(s.graph().a.stepOf(norm.output()));
    if (!fits
        || s.graph().a.isVariable(norm.inputs()[1])
        || s.graph().a.isVariable(norm.inputs()[2])) {
      return null;
    }
    String x = s.graph().step(s.graph().a.stepOf(groups.output())).in(0);
    return s.node(
        "GroupNormalization",
        List.of(x, flat(whole, 1), flat(whole, 2)),
        "num_groups",
        sizes[1],
        "epsilon",
        rule.epsilon());
  }

  // ---- recurrent layers ------------------------------------------------------------------------

  /**
   * Writes all steps of a recurrent layer: the outputs, and behind them the last state.
   *
   * @param order of the gates in ONNX, as parts of the weights here
   */
  private static String recurrent(Export s, String op, int... order) {
    boolean backwards = s.option(Boolean.class, "options");
    int hidden = s.shape(2).size(1);
    Tensor[] x = s.a().inputs();
    String w = weight(s, 1, "W", ordered(x[1], order).unsqueeze(0));
    String r = weight(s, 2, "R", ordered(x[2], order).unsqueeze(0));
    Tensor biases = Joining.concat(0, ordered(x[3], order), ordered(x[4], order)).unsqueeze(0);
    String b = weight(s, 3, "B", biases);
    String first = s.graph().ints(0);
    List<String> inputs = new ArrayList<>(List.of(s.in(0), w, r, b, ""));
    for (int i = 5; i < x.length; i++) {
      inputs.add(s.node("Unsqueeze", s.in(i), first));
    }
    List<Object> attributes =
        new ArrayList<>(
            List.of("hidden_size", hidden, "direction", backwards ? "reverse" : "forward"));
    if (op.equals("GRU")) {
      attributes.addAll(List.of("linear_before_reset", 1));
    }
    List<String> y = s.graph().nodes(op, x.length - 4, inputs, attributes.toArray());
    List<String> parts = new ArrayList<>(y);
    parts.set(0, s.node("Squeeze", y.getFirst(), s.graph().ints(1)));
    return s.node("Concat", parts, "axis", 0);
  }

  private static Tensor ordered(Tensor x, int... order) {
    List<Tensor> parts = x.untracked().chunk(order.length, 0);
    return Joining.concat(0, Arrays.stream(order).mapToObj(parts::get).toArray(Tensor[]::new));
  }

  private static String weight(Export s, int input, String letter, Tensor value) {
    if (s.graph().a.isVariable(s.x(input))) {
      throw s.refuse("with weights that depend on the input; expected constant ones");
    }
    String origin = s.graph().a.originOf(s.x(input));
    return s.graph().initializer(origin == null ? letter : origin + "." + letter, value);
  }
}
