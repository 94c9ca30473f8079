package dev.adjoint.nn.calls;

import static dev.adjoint.nn.calls.CallRow.once;
import static dev.adjoint.nn.calls.CallRow.row;
import static dev.adjoint.nn.calls.Libtorch.longs;
import static dev.adjoint.nn.calls.Libtorch.scalar;

import dev.adjoint.op.ContrastiveLosses;
import dev.adjoint.op.CrossEntropyOptions;
import dev.adjoint.op.DistributionLosses;
import dev.adjoint.op.Losses;
import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.op.SequenceLosses;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Losses, with every reduction and option. */
final class LossCalls {

  private LossCalls() {}

  static List<CallRow> rows() {
    return List.of(
        row("cross-entropy", d -> ofClasses(d, false)),
        row("nll", d -> ofClasses(d, true)),
        row("binary cross-entropy with logits", LossCalls::binary),
        row("Kullback-Leibler", LossCalls::klDiv),
        row("cross-entropy with probabilities", LossCalls::ofProbabilities),
        row(
            "binary cross-entropy",
            d -> {
              Reduction r = reduction(d);
              int[] sizes = d.sizes(0, 3);
              Tensor weight = d.constant("weight", Values.POSITIVE, d.broadcast(sizes));
              return d.wellFormed()
                  .input(Values.INSIDE, sizes)
                  .input(Values.UNIT, sizes)
                  .call(
                      x -> Losses.binaryCrossEntropy(x[0], x[1], weight, r),
                      t ->
                          torch.binary_cross_entropy(
                              t[0], t[1], Libtorch.optional(weight), code(r)));
            }),
        row(
            "smooth l1",
            d -> {
              double beta = d.real("beta", 0, 2);
              return ofPairs(
                  d,
                  (x, y, r) -> Losses.smoothL1(x, y, beta, r),
                  (x, y, r) -> torch.smooth_l1_loss(x, y, r, beta));
            }),
        row("mse", d -> ofPairs(d, Losses::mse, torch::mse_loss)),
        row("l1", d -> ofPairs(d, Losses::l1, torch::l1_loss)),
        row(
            "huber",
            d -> {
              double delta = d.real("delta", 0, 2); // hardly the difference, where their bend is 0
              return ofPairs(
                  d,
                  (x, y, r) -> Losses.huber(x, y, delta, r),
                  (x, y, r) -> torch.huber_loss(x, y, r, delta));
            }),
        row(
            "hinge embedding",
            d -> {
              double margin = d.of("margin", .5, 1., 2.);
              Reduction r = reduction(d);
              int[] sizes = d.sizes(0, 3);
              Tensor alike = d.constant("alike", Values.SIGN, sizes);
              return d.wellFormed()
                  .input(Values.MODERATE, sizes)
                  .call(
                      x -> Losses.hingeEmbedding(x[0], alike, margin, r),
                      t -> torch.hinge_embedding_loss(t[0], Libtorch.of(alike), margin, code(r)));
            }),
        row(
            "margin ranking",
            d -> {
              double margin = d.of("margin", 0., 1., .5);
              Reduction r = reduction(d);
              int[] sizes = d.sizes(0, 3);
              Tensor order = d.constant("order", Values.SIGN, sizes);
              return d.wellFormed()
                  .input(Values.MODERATE, sizes)
                  .input(Values.MODERATE, sizes)
                  .call(
                      x -> Losses.marginRanking(x[0], x[1], order, margin, r),
                      t ->
                          torch.margin_ranking_loss(
                              t[0], t[1], Libtorch.of(order), margin, code(r)));
            }),
        row(
            "cosine embedding",
            d -> {
              double margin = d.of("margin", 0., .5, -.5);
              Reduction r = reduction(d);
              int[] sizes = d.some(1, 2);
              Tensor alike =
                  d.constant(
                      "alike", Values.SIGN, sizes.length == 1 ? new int[0] : new int[] {sizes[0]});
              return d.wellFormed()
                  .input(Values.DISTINCT, sizes)
                  .input(Values.DISTINCT, sizes)
                  .call(
                      x ->
                          Losses.cosineEmbedding(
                              x[0].times(1e3), x[1].times(1e3), alike, margin, r),
                      t ->
                          torch.cosine_embedding_loss( // adds 1e-12 to the square of a length
                              t[0].mul(scalar(1e3)),
                              t[1].mul(scalar(1e3)),
                              Libtorch.of(alike),
                              margin,
                              code(r)));
            }),
        row(
            "triplet margin",
            d -> {
              double margin = d.of("margin", 1., .5, 2.);
              double p = d.of("p", 1., 2.);
              boolean swap = d.flag("swap");
              Reduction r = reduction(d);
              int[] sizes = d.some(1, 2);
              return d.wellFormed()
                  .input(Values.DISTINCT, sizes)
                  .input(Values.DISTINCT, sizes)
                  .input(Values.DISTINCT, sizes)
                  .call(
                      x ->
                          ContrastiveLosses.tripletMargin(
                              x[0], x[1], x[2], margin, p, 1e-6, swap, r),
                      t ->
                          torch.triplet_margin_loss(
                              t[0], t[1], t[2], margin, p, 1e-6, swap, code(r)));
            }),
        row(
            "Poisson nll",
            d -> {
              boolean log = d.flag("log");
              boolean full = d.flag("full");
              Reduction r = reduction(d);
              int[] sizes = d.sizes(0, 3);
              Tensor target = d.constant("target", Values.POSITIVE, sizes);
              return d.wellFormed()
                  .input(log ? Values.MODERATE : Values.POSITIVE, sizes)
                  .call(
                      x -> DistributionLosses.poissonNll(x[0], target, log, full, 1e-8, r),
                      t ->
                          torch.poisson_nll_loss(
                              t[0], Libtorch.of(target), log, full, 1e-8, code(r)));
            }),
        once(
            "multi margin",
            d -> {
              double margin = d.of("margin", 1., .5, 2.);
              Reduction r = reduction(d);
              int[] sizes = d.some(2, 2);
              IntTensor targets = d.indices("targets", sizes[1], sizes[0]);
              return d.wellFormed()
                  .input(Values.MODERATE, sizes)
                  .call(
                      x -> Losses.multiMargin(x[0], targets, margin, r),
                      t ->
                          torch.multi_margin_loss(
                              t[0],
                              Libtorch.of(targets),
                              scalar(1),
                              scalar(margin),
                              new TensorOptional(),
                              code(r)));
            }),
        once("connectionist temporal", LossCalls::ctc));
  }

  private static Reduction reduction(Draw d) {
    return d.of("reduction", Reduction.values());
  }

  private static long code(Reduction reduction) {
    return switch (reduction) {
      case NONE -> 0;
      case MEAN -> 1;
      case SUM -> 2;
    };
  }

  /** Ours of two tensors of one shape. */
  private interface Pair {
    Tensor apply(Tensor x, Tensor y, Reduction reduction);
  }

  /** Theirs. */
  private interface TheirPair {
    Object apply(org.bytedeco.pytorch.Tensor x, org.bytedeco.pytorch.Tensor y, long reduction);
  }

  private static Call ofPairs(Draw d, Pair ours, TheirPair theirs) {
    Reduction r = reduction(d);
    int[] sizes = d.sizes(0, 3);
    return d.wellFormed() // theirs broadcasts, with a warning
        .input(Values.FINITE, sizes)
        .input(Values.FINITE, sizes)
        .call(x -> ours.apply(x[0], x[1], r), t -> theirs.apply(t[0], t[1], code(r)));
  }

  private static Call ofClasses(Draw d, boolean normalized) {
    int n = d.whole("n", 1, 4);
    int classes = d.whole("classes", 1, 5);
    double smoothing = normalized ? 0 : d.of("smoothing", 0., .1, 1.);
    Reduction r = reduction(d);
    IntTensor targets = d.indices("targets", classes, n);
    int ignored = d.of("ignored", -100, 0);
    boolean weighed = d.flag("weighed");
    Tensor weights = d.constant("weights", Values.POSITIVE, classes);
    CrossEntropyOptions plain =
        CrossEntropyOptions.DEFAULT.labelSmoothing(smoothing).ignoreIndex(ignored);
    CrossEntropyOptions options = weighed ? plain.classWeights(weights) : plain;
    return d.wellFormed()
        .input(Values.FINITE, n, classes)
        .call(
            x ->
                normalized
                    ? Losses.nll(x[0], targets, options, r)
                    : Losses.crossEntropy(x[0], targets, options, r),
            t -> {
              TensorOptional w = weighed ? Libtorch.optional(weights) : new TensorOptional();
              org.bytedeco.pytorch.Tensor right = Libtorch.of(targets);
              return normalized
                  ? torch.nll_loss(t[0], right, w, code(r), ignored)
                  : torch.cross_entropy_loss(t[0], right, w, code(r), ignored, smoothing);
            });
  }

  private static Call ofProbabilities(Draw d) {
    int n = d.whole("n", 1, 4);
    int classes = d.whole("classes", 1, 5);
    double smoothing = d.of("smoothing", 0., .1, 1.);
    Reduction r = reduction(d);
    boolean weighed = d.flag("weighed");
    Tensor weights = d.constant("weights", Values.POSITIVE, classes);
    CrossEntropyOptions plain = CrossEntropyOptions.DEFAULT.labelSmoothing(smoothing);
    CrossEntropyOptions options = weighed ? plain.classWeights(weights) : plain;
    return d.wellFormed()
        .input(Values.FINITE, n, classes)
        .input(Values.UNIT, n, classes)
        .call(
            x -> Losses.crossEntropy(x[0], x[1], options, r),
            t -> {
              TensorOptional w = weighed ? Libtorch.optional(weights) : new TensorOptional();
              return torch.cross_entropy_loss(t[0], t[1], w, code(r), -100, smoothing);
            });
  }

  private static Call binary(Draw d) {
    Reduction r = reduction(d);
    int[] sizes = d.sizes(0, 3);
    Tensor weight = d.constant("weight", Values.POSITIVE, d.broadcast(sizes));
    return d.wellFormed()
        .input(Values.FINITE, sizes)
        .input(Values.UNIT, sizes)
        .call(
            x -> Losses.binaryCrossEntropyWithLogits(x[0], x[1], weight, r),
            t ->
                torch.binary_cross_entropy_with_logits(
                    t[0], t[1], new TensorOptional(), Libtorch.optional(weight), code(r)));
  }

  /** Ours has one divergence a row, and takes the mean over rows. */
  private static Call klDiv(Draw d) {
    boolean log = d.flag("log");
    boolean mean = d.flag("mean");
    int[] sizes = d.some(1, 3);
    return d.wellFormed()
        .input(Values.MODERATE, sizes)
        .input(log ? Values.MODERATE : Values.INSIDE, sizes)
        .call(
            x -> Losses.klDiv(x[0], x[1], log, mean ? Reduction.MEAN : Reduction.NONE),
            t -> {
              org.bytedeco.pytorch.Tensor rows = torch.kl_div(t[0], t[1], 0, log).sum(-1);
              return mean ? rows.mean() : rows;
            });
  }

  /** After a log-softmax, before which theirs has another gradient. */
  private static Call ctc(Draw d) {
    int steps = d.whole("steps", 2, 6);
    int n = d.whole("n", 1, 3);
    int classes = d.whole("classes", 2, 4);
    int length = d.whole("length", 1, 3);
    Reduction r = reduction(d);
    d.wellFormed(); // they read labels that are no classes
    IntTensor labels = d.indices("labels", classes - 1, n, length);
    int[] inputs = d.wholes("inputs", n, 1, steps);
    int[] targets = d.wholes("targets", n, 0, length);
    IntTensor shifted =
        IntTensor.of(
            java.util.stream.IntStream.of(labels.toArray()).map(i -> i + 1).toArray(), n, length);
    return d.input(Values.MODERATE, steps, n, classes)
        .call(
            x ->
                SequenceLosses.ctc(
                    x[0].logSoftmax(-1),
                    shifted,
                    IntTensor.of(inputs),
                    IntTensor.of(targets),
                    0,
                    /* zeroInfinity= */ true,
                    r),
            t ->
                torch.ctc_loss(
                    torch.log_softmax(t[0], -1),
                    Libtorch.of(shifted),
                    longs(inputs),
                    longs(targets),
                    0,
                    code(r),
                    /* zero_infinity= */ true));
  }
}
