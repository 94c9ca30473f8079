package dev.adjoint.benchmarks;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Convolution;
import dev.adjoint.op.Standardize;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.concurrent.TimeUnit;
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

/** Measures operations as a user calls them, allocation of the result included. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 6, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 7, time = 200, timeUnit = TimeUnit.MILLISECONDS)
public class OperationBenchmarks {

  static final int ROWS = 1024;
  static final int COLUMNS = 1024;
  static final int BATCH = 8;
  static final int CHANNELS = 64;
  static final int SIDE = 32;

  /** The element type. */
  @Param({"FLOAT32", "FLOAT64"})
  public DType dtype = DType.FLOAT32;

  private Tensor small = Tensor.of(0f);
  private Tensor x = small;
  private Tensor y = small;
  private Tensor bias = small;
  private Tensor images = small;
  private Tensor filters = small;

  /** Constructs the state. */
  public OperationBenchmarks() {}

  /** Draws the operands. */
  @Setup
  public void setUp() {
    Generator generator = Generator.seeded(1);
    small = generator.normal(0, 1, Shape.of(4096), dtype);
    x = generator.normal(0, 1, Shape.of(ROWS, COLUMNS), dtype);
    y = generator.normal(0, 1, Shape.of(ROWS, COLUMNS), dtype);
    bias = generator.normal(0, 1, Shape.of(COLUMNS), dtype);
    images = generator.normal(0, 1, Shape.of(BATCH, CHANNELS, SIDE, SIDE), dtype);
    filters = generator.normal(0, 1, Shape.of(CHANNELS, CHANNELS, 3, 3), dtype);
  }

  /** Adds 4,096 numbers to as many. */
  @Benchmark
  public Tensor plusSmall() {
    return small.plus(small);
  }

  /** Applies exp to 4,096 numbers. */
  @Benchmark
  public Tensor expSmall() {
    return small.exp();
  }

  /** Sums 4,096 numbers. */
  @Benchmark
  public Tensor sumSmall() {
    return small.sum();
  }

  /** Adds two matrices. */
  @Benchmark
  public Tensor plus() {
    return x.plus(y);
  }

  /** Adds a row to every row of a matrix. */
  @Benchmark
  public Tensor plusBias() {
    return x.plus(bias);
  }

  /** Applies exp to a matrix. */
  @Benchmark
  public Tensor exp() {
    return x.exp();
  }

  /** Applies tanh to a matrix. */
  @Benchmark
  public Tensor tanh() {
    return x.tanh();
  }

  /** Sums each row of a matrix. */
  @Benchmark
  public Tensor sumRows() {
    return x.sum(1);
  }

  /** Sums each column of a matrix. */
  @Benchmark
  public Tensor sumColumns() {
    return x.sum(0);
  }

  /** Transposes a matrix into memory. */
  @Benchmark
  public Tensor transposedCopy() {
    return x.transpose().copy();
  }

  /** Applies softmax to each row. */
  @Benchmark
  public Tensor softmax() {
    return x.softmax(1);
  }

  /** Standardizes each row: the heart of layer normalization. */
  @Benchmark
  public Tensor standardizeRows() {
    return Standardize.standardize(x, true, 1e-5, 1).y();
  }

  /** Standardizes each column: the heart of batch normalization. */
  @Benchmark
  public Tensor standardizeColumns() {
    return Standardize.standardize(x, true, 1e-5, 0).y();
  }

  /** Standardizes each row and computes the gradient of the input. */
  @Benchmark
  public Tensor standardizeRowsBackward() {
    Tensor input = x.tracked();
    return Standardize.standardize(input, true, 1e-5, 1).y().backward(y).of(input);
  }

  /** Convolves images with 3 by 3 filters, padded to keep their size. */
  @Benchmark
  public Tensor conv2d() {
    return Convolution.conv2d(images, filters, ConvOptions.DEFAULT.padding(1));
  }

  /** Convolves and computes the gradients of images and filters. */
  @Benchmark
  public Gradients conv2dBackward() {
    Tensor convolved =
        Convolution.conv2d(images.tracked(), filters.tracked(), ConvOptions.DEFAULT.padding(1));
    return convolved.backward(images);
  }
}
