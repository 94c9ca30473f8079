package dev.adjoint.benchmarks;

import java.util.Locale;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * Says what one call of a benchmark does at least, so that its time can be held against the
 * machine's limits.
 *
 * @param flops floating-point operations, where those are the limit; else 0
 * @param bytes bytes read and written, where those are the limit; else 0
 */
record Work(double flops, double bytes) {

  /** Returns the work of a benchmark method with its parameters. */
  static Work of(String method, BenchmarkParams params) {
    int element = "FLOAT64".equals(params.getParam("dtype")) ? Double.BYTES : Float.BYTES;
    double matrix = (double) OperationBenchmarks.ROWS * OperationBenchmarks.COLUMNS * element;
    return switch (method) {
      case "matmul", "matmulTransposed" -> {
        double n = Double.parseDouble(params.getParam("size"));
        yield new Work(2 * n * n * n, 0);
      }
      case "conv2d", "conv2dBackward" -> {
        double macs =
            9.0
                * OperationBenchmarks.BATCH
                * OperationBenchmarks.SIDE
                * OperationBenchmarks.SIDE
                * OperationBenchmarks.CHANNELS
                * OperationBenchmarks.CHANNELS;
        yield new Work(2 * macs * (method.equals("conv2d") ? 1 : 3), 0);
      }
      case "plus" -> new Work(0, 3 * matrix);
      case "plusBias",
          "exp",
          "tanh",
          "softmax",
          "transposedCopy",
          "standardizeRows",
          "standardizeColumns" ->
          new Work(0, 2 * matrix);
      case "standardizeRowsBackward" -> new Work(0, 5 * matrix); // x to y; y and q to dx
      case "sumRows", "sumColumns" -> new Work(0, matrix);
      default -> new Work(0, 0);
    };
  }

  /**
   * Returns the rate and the share of the limit of one core, or nothing where neither means
   * anything.
   */
  String rate(double nanos, double peak, double bandwidth) {
    if (flops > 0) {
      double rate = flops / nanos;
      return String.format(Locale.ROOT, "%6.1f GFLOP/s %4.0f%%", rate, 100 * rate / peak);
    }
    if (bytes > 0) {
      double rate = bytes / nanos;
      return String.format(Locale.ROOT, "%6.1f GB/s    %4.0f%%", rate, 100 * rate / bandwidth);
    }
    return "";
  }
}
