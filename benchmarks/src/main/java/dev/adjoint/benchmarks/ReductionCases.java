package dev.adjoint.benchmarks;

import dev.adjoint.nn.Transform;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** What makes one number of many, softmax and losses, and what moves elements. */
final class ReductionCases {

  private static final List<String> MATRICES = List.of("32x128", "256x1024", "4096x1024");

  private static final List<String> CLASSES = List.of("32x10", "256x1000", "4096x1000");

  static final List<Case> MAIN =
      List.of(
          // The gradient is a view of dy.
          unary("sum of rows", 1, x -> x.sum(1), x -> x.sum(1)),
          unary("sum of columns", 1, x -> x.sum(0), x -> x.sum(0)),
          Case.of(
              "softmax",
              CLASSES,
              s -> Work.passes(5, s),
              (draw, s) -> Model.of(x -> x.softmax(1), draw.normal(s)),
              (t, s) -> torch.softmax(t.x(), 1)),
          Case.of(
              "log-softmax",
              CLASSES,
              s -> Work.passes(5, s),
              (draw, s) -> Model.of(x -> x.logSoftmax(1), draw.normal(s)),
              (t, s) -> torch.log_softmax(t.x(), 1)),
          Case.of(
              "cross-entropy",
              CLASSES,
              s -> Work.passes(3, s), // x to the loss; x to dx
              (draw, s) -> {
                IntTensor labels = draw.indices(s[1], s[0]);
                return new Model(
                    null,
                    List.of(draw.normal(s)),
                    labels,
                    in -> Losses.crossEntropy(in.getFirst(), labels));
              },
              (t, s) -> torch.cross_entropy_loss(t.x(), t.indices())));

  static final List<Case> MORE =
      List.of(
          unary("mean of all", 1, x -> x.mean(), x -> x.mean()),
          unary("variance of rows", 3, x -> x.unbiasedVariance(1), x -> x.var(1)),
          unary("logsumexp of rows", 3, x -> x.logsumexp(1), x -> torch.logsumexp(x, 1)),
          unary("max of rows", 3, x -> x.max(1), x -> torch.amax(x, new long[] {1}, false)),
          unary("cumsum of rows", 4, x -> x.cumsum(1), x -> torch.cumsum(x, 1)),
          loss("mse", Losses::mse, torch::mse_loss),
          loss("l1", Losses::l1, torch::l1_loss),
          loss("huber", Losses::huber, torch::huber_loss),
          loss(
              "binary cross-entropy",
              Losses::binaryCrossEntropyWithLogits,
              torch::binary_cross_entropy_with_logits),
          unary("transposed copy", 4, x -> x.transpose().copy(), x -> x.t().contiguous()),
          Case.of(
              "concat of columns",
              MATRICES,
              s -> Work.passes(8, s),
              (draw, s) ->
                  Model.of((a, b) -> Joining.concat(1, a, b), draw.normal(s), draw.normal(s)),
              (t, s) -> torch.cat(new TensorVector(t.x(), t.x(1)), 1)));

  private ReductionCases() {}

  private static Case unary(
      String name,
      double passes,
      Transform ours,
      UnaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
    return Case.of(
        name,
        MATRICES,
        s -> Work.passes(passes, s),
        (draw, s) -> Model.of(ours, draw.normal(s)),
        (t, s) -> theirs.apply(t.x()));
  }

  /** Two arrays to the loss; two arrays to the gradients of both. */
  private static Case loss(
      String name,
      BinaryOperator<Tensor> ours,
      BinaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
    return Case.of(
        name,
        MATRICES,
        s -> Work.passes(6, s),
        (draw, s) -> Model.of(ours, draw.normal(s), draw.positive(s)),
        (t, s) -> theirs.apply(t.x(), t.x(1)));
  }
}
