package dev.adjoint.benchmarks;

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

/** Measures products of square matrices. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 6, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 7, time = 200, timeUnit = TimeUnit.MILLISECONDS)
public class MatMulBenchmarks {

  /** The element type. */
  @Param({"FLOAT32", "FLOAT64"})
  public DType dtype = DType.FLOAT32;

  /** Rows and columns. */
  @Param({"64", "256", "512", "1024"})
  public int size = 64;

  private Tensor a = Tensor.of(0f);
  private Tensor b = a;

  /** Constructs the state. */
  public MatMulBenchmarks() {}

  /** Draws the operands. */
  @Setup
  public void setUp() {
    Generator generator = Generator.seeded(1);
    a = generator.normal(0, 1, Shape.of(size, size), dtype);
    b = generator.normal(0, 1, Shape.of(size, size), dtype);
  }

  /** Multiplies. */
  @Benchmark
  public Tensor matmul() {
    return a.matmul(b);
  }

  /** Multiplies by the transposed second operand. */
  @Benchmark
  public Tensor matmulTransposed() {
    return a.matmul(b.transpose());
  }
}
