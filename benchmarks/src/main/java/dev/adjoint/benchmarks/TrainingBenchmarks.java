package dev.adjoint.benchmarks;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Measures whole steps of training: forward, backward and the update by SGD. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(
    iterations = 14,
    time = 500,
    timeUnit =
        TimeUnit.MILLISECONDS) // the many small kernels of a step are compiled one after another
@Measurement(iterations = 7, time = 200, timeUnit = TimeUnit.MILLISECONDS)
public class TrainingBenchmarks {

  /** The element type. */
  @Param({"FLOAT32", "FLOAT64"})
  public DType dtype = DType.FLOAT32;

  /** The widths of the network's layers and the examples of a batch. */
  @Param({"2-16-16-2x32", "784-256-256-10x128"})
  public String network = "2-16-16-2x32";

  private final List<Parameter> parameters = new ArrayList<>();
  private Tensor inputs = Tensor.of(0f);
  private IntTensor labels = IntTensor.of(0);
  private @Nullable SGD optimizer;

  /** Constructs the state. */
  public TrainingBenchmarks() {}

  /** Draws weights and data. */
  @Setup
  public void setUp() {
    int times = network.indexOf('x');
    int[] widths =
        Pattern.compile("-")
            .splitAsStream(network.substring(0, times))
            .mapToInt(Integer::parseInt)
            .toArray();
    int batch = Integer.parseInt(network.substring(times + 1));
    Generator generator = Generator.seeded(1);
    int in = widths[0];
    inputs = generator.normal(0, 1, Shape.of(batch, in), dtype);
    parameters.clear();
    for (int layer = 1; layer < widths.length; layer++) {
      int out = widths[layer];
      double deviation = 1 / Math.sqrt(in);
      parameters.add(
          new Parameter("weight", generator.normal(0, deviation, Shape.of(in, out), dtype)));
      parameters.add(new Parameter("bias", generator.normal(0, deviation, Shape.of(out), dtype)));
      in = out;
    }
    labels = generator.integers(in, batch);
    optimizer = new SGD(parameters).learningRate(0.01);
  }

  /** Takes one step on one batch, with tanh between the layers and cross-entropy as the loss. */
  @Benchmark
  public Tensor trainStep() {
    Tensor x = inputs;
    for (int i = 0; i < parameters.size(); i += 2) {
      x =
          (i == 0 ? x : x.tanh())
              .matmul(parameters.get(i).value())
              .plus(parameters.get(i + 1).value());
    }
    Tensor loss = Losses.crossEntropy(x, labels);
    Objects.requireNonNull(optimizer, "set up first").step(loss.backward());
    return loss;
  }
}
