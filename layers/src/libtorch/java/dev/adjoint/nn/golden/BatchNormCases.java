package dev.adjoint.nn.golden;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.pytorch.BatchNorm1dImpl;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.BatchNorm3dImpl;
import org.bytedeco.pytorch.BatchNormOptions;
import org.bytedeco.pytorch.Tensor;

/** Batch normalization in both modes. */
final class BatchNormCases {

  private BatchNormCases() {}

  static Stream<GoldenCase> all() {
    return Stream.of(true, false)
        .flatMap(training ->
            Stream.of(
                plain("1d", training, 5, 3),
                plain("1d-length", training, 3, 2, 4),
                plain("2d", training, 3, 2, 3, 2),
                plain("3d", training, 2, 2, 2, 3, 2),
                settings(training),
                withoutAffine(training),
                cumulative(training)));
  }

  private static GoldenCase plain(String variant, boolean training, long... sizes) {
    GoldenCase c = start(variant, training);
    UnaryOperator<Tensor> norm = module(c, sizes.length, new BatchNormOptions(sizes[1]));
    return c.output("output", norm.apply(c.input("input", c.normal(2, sizes))));
  }

  private static GoldenCase settings(boolean training) {
    GoldenCase c = start("settings", training);
    BatchNormOptions options = new BatchNormOptions(2);
    options.momentum().put(.3);
    options.eps().put(.01);
    UnaryOperator<Tensor> norm = module(c, 4, options);
    return c.output("output", norm.apply(c.input("input", c.normal(2, 2, 2, 2, 3))));
  }

  private static GoldenCase withoutAffine(boolean training) {
    GoldenCase c = start("without-affine", training);
    BatchNormOptions options = new BatchNormOptions(3);
    options.affine().put(false);
    UnaryOperator<Tensor> norm = module(c, 2, options);
    return c.output("output", norm.apply(c.input("input", c.normal(2, 5, 3))));
  }

  /** Two batches, of which the running statistics are the mean. */
  private static GoldenCase cumulative(boolean training) {
    GoldenCase c = start("cumulative", training);
    BatchNormOptions options = new BatchNormOptions(3);
    options.momentum().reset();
    UnaryOperator<Tensor> norm = module(c, 2, options);
    for (String batch : List.of("1", "2")) {
      c.output("output" + batch, norm.apply(c.input("input" + batch, c.normal(2, 4, 3))));
    }
    return c;
  }

  private static GoldenCase start(String variant, boolean training) {
    return new GoldenCase(
            "batch-norm-" + variant + (training ? "-train" : "-eval"), "torch::nn::BatchNorm")
        .training(training);
  }

  private static UnaryOperator<Tensor> module(GoldenCase c, int rank, BatchNormOptions options) {
    boolean affine = options.affine().get();
    c.option("num_features", options.num_features().get())
        .option("eps", options.eps().get())
        .option("momentum", options.momentum().has_value() ? options.momentum().get() : "None")
        .option("affine", affine);
    return switch (rank) {
      case 2, 3 -> c.module(new BatchNorm1dImpl(options))::forward;
      case 4 -> c.module(new BatchNorm2dImpl(options))::forward;
      case 5 -> c.module(new BatchNorm3dImpl(options))::forward;
      default -> throw new IllegalArgumentException("rank " + rank);
    };
  }
}
