package dev.adjoint.nn.golden;

import java.util.Locale;
import java.util.stream.Stream;
import org.bytedeco.pytorch.KLDivLossOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.Reduction;
import org.bytedeco.pytorch.kBatchMean;

/** Losses, each as a mean, as a sum and element by element. */
final class LossCases {

  /** Draws and records what a loss is given, and computes it with a code of {@link Reduction}. */
  private interface Loss {
    Tensor of(GoldenCase c, int reduction);
  }

  private static final int IGNORED = 1;

  private LossCases() {}

  static Stream<GoldenCase> all() {
    return Stream.of(
            loss(
                "cross-entropy",
                "cross_entropy_loss",
                (c, r) -> crossEntropy(c, r, false, false, 0, 5, 4)),
            loss(
                "cross-entropy-smoothing",
                "cross_entropy_loss",
                (c, r) -> crossEntropy(c, r, false, false, .1, 5, 4)),
            loss(
                "cross-entropy-weight",
                "cross_entropy_loss",
                (c, r) -> crossEntropy(c, r, true, false, 0, 5, 4)),
            loss(
                "cross-entropy-ignore",
                "cross_entropy_loss",
                (c, r) -> crossEntropy(c, r, false, true, 0, 5, 4)),
            loss(
                "cross-entropy-all",
                "cross_entropy_loss",
                (c, r) -> crossEntropy(c, r, true, true, .1, 5, 4)),
            loss(
                "cross-entropy-axes",
                "cross_entropy_loss",
                (c, r) -> crossEntropy(c, r, false, false, 0, 2, 4, 3)),
            loss(
                "cross-entropy-axes-all",
                "cross_entropy_loss",
                (c, r) -> crossEntropy(c, r, true, true, .1, 2, 4, 3)),
            loss("nll", "nll_loss", (c, r) -> nll(c, r, false, false)),
            loss("nll-weight", "nll_loss", (c, r) -> nll(c, r, true, false)),
            loss("nll-ignore", "nll_loss", (c, r) -> nll(c, r, false, true)),
            loss("nll-all", "nll_loss", (c, r) -> nll(c, r, true, true)),
            loss(
                "bce-with-logits",
                "binary_cross_entropy_with_logits",
                (c, r) -> binaryCrossEntropy(c, r, false, false)),
            loss(
                "bce-with-logits-pos-weight",
                "binary_cross_entropy_with_logits",
                (c, r) -> binaryCrossEntropy(c, r, false, true)),
            loss(
                "bce-with-logits-weight",
                "binary_cross_entropy_with_logits",
                (c, r) -> binaryCrossEntropy(c, r, true, false)),
            loss(
                "bce-with-logits-all",
                "binary_cross_entropy_with_logits",
                (c, r) -> binaryCrossEntropy(c, r, true, true)),
            loss("mse", "mse_loss", (c, r) -> torch.mse_loss(input(c), target(c), r)),
            loss("l1", "l1_loss", (c, r) -> torch.l1_loss(input(c), target(c), r)),
            loss("smooth-l1", "smooth_l1_loss", (c, r) -> smoothL1(c, r, 1)),
            loss("smooth-l1-beta", "smooth_l1_loss", (c, r) -> smoothL1(c, r, .4)),
            loss("huber", "huber_loss", (c, r) -> huber(c, r, 1)),
            loss("huber-delta", "huber_loss", (c, r) -> huber(c, r, .4)),
            ofRows(loss("kl-div", "kl_div", (c, r) -> divergence(c, r, false))),
            ofRows(loss("kl-div-log-target", "kl_div", (c, r) -> divergence(c, r, true))),
            loss("hinge-embedding", "hinge_embedding_loss", LossCases::hingeEmbedding),
            loss("multi-margin", "multi_margin_loss", LossCases::multiMargin),
            loss("cosine-embedding", "cosine_embedding_loss", LossCases::cosineEmbedding),
            loss("margin-ranking", "margin_ranking_loss", LossCases::marginRanking),
            loss("poisson-nll", "poisson_nll_loss", (c, r) -> poisson(c, r, true)),
            loss("poisson-nll-rates", "poisson_nll_loss", (c, r) -> poisson(c, r, false)),
            loss("triplet-margin", "triplet_margin_loss", (c, r) -> triplets(c, r, 2, false)),
            loss("triplet-margin-swap", "triplet_margin_loss", (c, r) -> triplets(c, r, 1, true)),
            loss("ctc", "ctc_loss", (c, r) -> ctc(c, r, 0, 6, 6, 6)),
            loss("ctc-lengths", "ctc_loss", (c, r) -> ctc(c, r, 2, 6, 5, 2)),
            Stream.of(batchMean(false), batchMean(true), cosineSimilarity()))
        .flatMap(family -> family);
  }

  /** Leaves out the elements, for a loss of which ours has one a row and PyTorch one a class. */
  private static Stream<GoldenCase> ofRows(Stream<GoldenCase> reductions) {
    return reductions.skip(1);
  }

  private static Stream<GoldenCase> loss(String name, String function, Loss loss) {
    return Stream.of(Reduction.None, Reduction.Mean, Reduction.Sum)
        .map(reduction -> {
          String word = reduction.name().toLowerCase(Locale.ROOT);
          GoldenCase c = new GoldenCase("loss-%s-%s".formatted(name, word), "torch::" + function);
          c.option("reduction", word);
          return c.output("output", loss.of(c, reduction.value));
        });
  }

  private static Tensor crossEntropy(
      GoldenCase c,
      int reduction,
      boolean weighted,
      boolean ignoring,
      double smoothing,
      long... sizes) {
    int ignored = ignoring ? IGNORED : -100;
    c.option("ignore_index", ignored).option("label_smoothing", smoothing);
    Tensor logits = c.input("input", c.normal(2, sizes));
    Tensor weight = weighted ? c.constant("weight", c.uniform(.2, 2, 4)) : null;
    return torch.cross_entropy_loss(
        logits,
        sizes.length == 2 ? classes(c, 5) : classes(c, 2, 3),
        GoldenCase.optional(weight),
        reduction,
        ignored,
        smoothing);
  }

  private static Tensor nll(GoldenCase c, int reduction, boolean weighted, boolean ignoring) {
    int ignored = ignoring ? IGNORED : -100;
    Tensor input = c.option("ignore_index", ignored).input("input", logProbabilities(c));
    Tensor weight = weighted ? c.constant("weight", c.uniform(.2, 2, 4)) : null;
    return torch.nll_loss(input, classes(c, 5), GoldenCase.optional(weight), reduction, ignored);
  }

  /** Draws classes, of which the first is the one that may be ignored. */
  private static Tensor classes(GoldenCase c, long... sizes) {
    Tensor classes = c.integers(4, sizes);
    classes.view(-1).select(0, 0).fill_(new Scalar(IGNORED));
    return c.index("target", classes);
  }

  private static Tensor binaryCrossEntropy(
      GoldenCase c, int reduction, boolean weighted, boolean weightedPositive) {
    Tensor logits = input(c);
    Tensor target = c.constant("target", c.uniform(0, 1, 3, 4));
    Tensor weight = weighted ? c.constant("weight", c.uniform(.2, 2, 3, 4)) : null;
    Tensor positive = weightedPositive ? c.constant("pos_weight", c.uniform(.2, 2, 4)) : null;
    return torch.binary_cross_entropy_with_logits(
        logits, target, GoldenCase.optional(weight), GoldenCase.optional(positive), reduction);
  }

  private static Tensor smoothL1(GoldenCase c, int reduction, double beta) {
    c.option("beta", beta);
    return torch.smooth_l1_loss(input(c), target(c), reduction, beta);
  }

  private static Tensor huber(GoldenCase c, int reduction, double delta) {
    c.option("delta", delta);
    return torch.huber_loss(input(c), target(c), reduction, delta);
  }

  private static Tensor divergence(GoldenCase c, int reduction, boolean logTarget) {
    c.option("log_target", logTarget);
    Tensor input = c.input("input", logProbabilities(c));
    return torch.kl_div(input, distribution(c, logTarget), reduction, logTarget);
  }

  private static GoldenCase batchMean(boolean logTarget) {
    GoldenCase c =
        new GoldenCase(
            "loss-kl-div%s-batchmean".formatted(logTarget ? "-log-target" : ""),
            "torch::nn::functional::kl_div");
    c.option("reduction", "batchmean").option("log_target", logTarget);
    KLDivLossOptions options = new KLDivLossOptions(new kBatchMean());
    options.log_target().put(logTarget);
    Tensor input = c.input("input", logProbabilities(c));
    return c.output("output", torch.kl_div(input, distribution(c, logTarget), options));
  }

  private static Tensor distribution(GoldenCase c, boolean logarithm) {
    Tensor target = logProbabilities(c);
    return c.input("target", logarithm ? target : target.exp());
  }

  private static Tensor hingeEmbedding(GoldenCase c, int reduction) {
    c.option("margin", .8);
    return torch.hinge_embedding_loss(input(c), signs(c, 3, 4), .8, reduction);
  }

  private static Tensor multiMargin(GoldenCase c, int reduction) {
    Tensor input = c.option("p", 1).option("margin", 1.0).input("input", c.normal(1, 5, 4));
    return torch.multi_margin_loss(
        input, classes(c, 5), new Scalar(1), new Scalar(1), GoldenCase.optional(null), reduction);
  }

  private static Tensor cosineEmbedding(GoldenCase c, int reduction) {
    Tensor x1 = c.option("margin", .1).input("input1", c.normal(1, 6, 3));
    Tensor x2 = c.input("input2", c.normal(1, 6, 3));
    return torch.cosine_embedding_loss(x1, x2, signs(c, 6), .1, reduction);
  }

  private static Tensor marginRanking(GoldenCase c, int reduction) {
    Tensor x1 = c.option("margin", .3).input("input1", c.normal(1, 3, 4));
    Tensor x2 = c.input("input2", c.normal(1, 3, 4));
    return torch.margin_ranking_loss(x1, x2, signs(c, 3, 4), .3, reduction);
  }

  /** Of logarithms with PyTorch's defaults, or of rates in full. */
  private static Tensor poisson(GoldenCase c, int reduction, boolean isLog) {
    c.option("log_input", isLog).option("full", !isLog).option("eps", isLog ? 1e-8 : .01);
    Tensor input = c.input("input", isLog ? c.normal(1, 3, 4) : c.uniform(.1, 3, 3, 4));
    Tensor target = c.constant("target", c.uniform(0, 4, 3, 4));
    return torch.poisson_nll_loss(input, target, isLog, !isLog, isLog ? 1e-8 : .01, reduction);
  }

  private static Tensor triplets(GoldenCase c, int reduction, double p, boolean swap) {
    c.option("margin", .8).option("p", p).option("eps", 1e-6).option("swap", swap);
    Tensor anchor = c.input("anchor", c.normal(1, 6, 3));
    Tensor positive = c.input("positive", c.normal(1, 6, 3));
    Tensor negative = c.input("negative", c.normal(1, 6, 3));
    return torch.triplet_margin_loss(anchor, positive, negative, .8, p, 1e-6, swap, reduction);
  }

  /** Of logits, since PyTorch's gradient is right only before a softmax; one target is empty. */
  private static Tensor ctc(GoldenCase c, int reduction, int blank, long... inputLengths) {
    Tensor input = c.option("blank", blank).input("input", c.normal(1, 6, 3, 5));
    long[] labels = {1, 1, 3, 4, 3, 4, 1, 3, 3};
    Tensor target = c.index("target", Tensor.create(labels, 3, 3));
    Tensor steps = c.index("input_lengths", Tensor.create(inputLengths, 3));
    Tensor lengths = c.index("target_lengths", Tensor.create(new long[] {3, 2, 0}, 3));
    Tensor logp = torch.log_softmax(input, 2);
    return torch.ctc_loss(logp, target, steps, lengths, blank, reduction, false);
  }

  private static GoldenCase cosineSimilarity() {
    GoldenCase c = new GoldenCase("cosine-similarity", "torch::cosine_similarity");
    Tensor x1 = c.option("dim", 1).option("eps", 1e-8).input("input1", c.normal(1, 2, 4, 3));
    Tensor x2 = c.input("input2", c.normal(1, 2, 4, 3));
    return c.output("output", torch.cosine_similarity(x1, x2, 1, 1e-8));
  }

  private static Tensor input(GoldenCase c) {
    return c.input("input", c.normal(1, 3, 4));
  }

  private static Tensor target(GoldenCase c) {
    return c.input("target", c.normal(1, 3, 4));
  }

  /** Draws targets of 1 and -1. */
  private static Tensor signs(GoldenCase c, long... sizes) {
    return c.constant("target", c.normal(1, sizes).sign());
  }

  private static Tensor logProbabilities(GoldenCase c) {
    return torch.log_softmax(c.normal(1, 5, 4), 1);
  }
}
