package dev.adjoint.nn.golden;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Records one case as the text of a golden file while PyTorch computes it.
 *
 * <p>What a case draws depends on its name only. Drawn numbers have four decimals: all that is
 * given can be read, and only what is computed needs seventeen digits.
 */
final class GoldenCase {

  private final String name;
  private final Random random;
  private final StringBuilder text = new StringBuilder();
  private final Map<String, Tensor> leaves = new LinkedHashMap<>();
  private final Map<String, Tensor> buffers = new LinkedHashMap<>();
  private final Map<String, Tensor> outputs = new LinkedHashMap<>();
  private boolean training = true;

  /** Starts a case that is called like its file. */
  GoldenCase(String name, String source) {
    this.name = name;
    this.random = new Random(name.hashCode());
    option("source", source);
  }

  String name() {
    return name;
  }

  // ---- drawing -------------------------------------------------------------------------------

  /** Draws from the normal distribution. */
  Tensor normal(double deviation, long... sizes) {
    return draw(() -> deviation * random.nextGaussian(), sizes);
  }

  /** Draws uniformly between two numbers. */
  Tensor uniform(double from, double to, long... sizes) {
    return draw(() -> from + (to - from) * random.nextDouble(), sizes);
  }

  /** Draws whole numbers from 0 to below a bound. */
  Tensor integers(int bound, long... sizes) {
    return Tensor.create(random.ints(count(sizes), 0, bound).asLongStream().toArray(), sizes);
  }

  private static Tensor draw(DoubleSupplier number, long... sizes) {
    double[] values =
        DoubleStream.generate(number)
            .limit(count(sizes))
            .map(value -> Math.rint(value * 1e4) / 1e4)
            .toArray();
    return Tensor.create(values, sizes);
  }

  private static long count(long... sizes) {
    return LongStream.of(sizes).reduce(1, (a, b) -> a * b);
  }

  // ---- what goes in --------------------------------------------------------------------------

  /** Records a setting that a checker needs. */
  GoldenCase option(String option, Object value) {
    text.append("option ").append(option).append(' ').append(value).append('\n');
    return this;
  }

  /** Chooses and records the mode of modules: training unless it is chosen. */
  GoldenCase training(boolean mode) {
    training = mode;
    return option("training", mode);
  }

  /** Records an input whose gradient is wanted. */
  Tensor input(String input, Tensor value) {
    return leaf("input", input, value);
  }

  /** Records an input without gradient, such as a mask. */
  Tensor constant(String input, Tensor value) {
    return record("input", input, value);
  }

  /** Records whole numbers. */
  Tensor index(String index, Tensor value) {
    return record("index", index, value);
  }

  /** Records a parameter. */
  Tensor parameter(String parameter, Tensor value) {
    return leaf("state", parameter, value);
  }

  /** Records a buffer, which the forward pass may change. */
  Tensor buffer(String buffer, Tensor value) {
    buffers.put(buffer, value);
    return record("state", buffer, value);
  }

  /** Draws the parameters and buffers of a module, records them and sets its mode. */
  <M extends Module> M module(M module) {
    module.train(training);
    eachOf(module.named_parameters())
        .forEach((key, value) -> {
          fill(value, normal(.5, value.shape()));
          record("state", key, value);
          leaves.put(key, value);
        });
    eachOf(module.named_buffers())
        .forEach((key, value) -> {
          if (value.is_floating_point()) {
            fill(value, uniform(.5, 1.5, value.shape()));
          }
          buffer(key, value);
        });
    return module;
  }

  private Tensor leaf(String role, String key, Tensor value) {
    record(role, key, value);
    leaves.put(key, value.set_requires_grad(true));
    return value;
  }

  private static void fill(Tensor target, Tensor values) {
    try (NoGradGuard _ = new NoGradGuard()) {
      target.copy_(values);
    }
  }

  private static Map<String, Tensor> eachOf(StringTensorDict tensors) {
    Map<String, Tensor> result = new LinkedHashMap<>();
    for (long i = 0; i < tensors.size(); i++) {
      result.put(tensors.get(i).key().getString(), tensors.get(i).value());
    }
    return result;
  }

  /** Returns sizes as they are written, such as 2x3. */
  static String sizes(long... sizes) {
    return LongStream.of(sizes).mapToObj(Long::toString).collect(Collectors.joining("x"));
  }

  /** Returns what stands for a tensor that need not be there. */
  static TensorOptional optional(@Nullable Tensor value) {
    return value == null ? new TensorOptional() : new TensorOptional(value);
  }

  // ---- what comes out ------------------------------------------------------------------------

  /** Records an output as it is now, without seed and gradients. */
  GoldenCase result(String result, Tensor value) {
    record("output", result, value);
    return this;
  }

  /** Records an output. */
  GoldenCase output(String output, Tensor value) {
    outputs.put(output, value);
    return this;
  }

  /** Runs the backward pass from random cotangents of all outputs; returns the whole file. */
  String finish() {
    if (!outputs.isEmpty()) {
      backward();
    }
    return text.toString();
  }

  private void backward() {
    Tensor total = Tensor.create(new double[] {0}, new long[0]);
    for (Map.Entry<String, Tensor> output : outputs.entrySet()) {
      Tensor seed = record("seed", output.getKey(), normal(1, output.getValue().shape()));
      total = total.add(output.getValue().mul(seed).sum());
    }
    outputs.forEach((key, value) -> record("output", key, value));
    total.backward();
    leaves.forEach((key, value) -> record("grad", key, value.grad()));
    buffers.forEach((key, value) -> record("after", key, value));
  }

  private Tensor record(String role, String key, Tensor value) {
    if (!value.defined()) {
      throw new IllegalStateException("%s: there is no %s %s".formatted(name, role, key));
    }
    long[] sizes = value.shape();
    Stream<String> elements =
        role.equals("index")
            ? DoubleStream.of(elements(value)).mapToObj(d -> Long.toString((long) d))
            : DoubleStream.of(elements(value)).mapToObj(Double::toString);
    text.append(role).append(' ').append(key).append(' ');
    text.append(sizes.length == 0 ? "-" : sizes(sizes)).append(" : ");
    text.append(elements.collect(Collectors.joining(" "))).append('\n');
    return value;
  }

  /** Returns the elements in reading order. */
  private static double[] elements(Tensor value) {
    try (Tensor flat = value.detach().to(ScalarType.Double).contiguous()) {
      double[] elements = new double[(int) flat.numel()];
      flat.data_ptr_double().get(elements);
      return elements;
    }
  }

  /** Makes PyTorch compute in float64, on one thread; to be called before anything else. */
  static void prepare() {
    // What a getter returns lives in what it was called on, of which the collector knows nothing.
    System.setProperty("org.bytedeco.javacpp.nopointergc", "true");
    torch.set_default_dtype(torch.scalarTypeToTypeMeta(ScalarType.Double));
    torch.set_num_threads(1);
    // It computes in float32 only, and warns where it cannot.
    torch.globalContext().setUserEnabledNNPACK(false);
  }
}
