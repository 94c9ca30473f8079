package dev.adjoint.nn.golden;

import dev.adjoint.op.ContrastiveLosses;
import dev.adjoint.op.CrossEntropyOptions;
import dev.adjoint.op.DistributionLosses;
import dev.adjoint.op.Losses;
import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.op.SequenceLosses;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Lists the losses that the golden files are about. */
final class LossSubjects {

  /** Computes a loss of a case's inputs. */
  private interface Loss {
    Tensor of(Golden golden, Map<String, Tensor> inputs, Reduction reduction);
  }

  private LossSubjects() {}

  static void addTo(Map<String, Function<Golden, Subject>> rows) {
    put(
        rows,
        "loss-cross-entropy",
        (golden, in, r) ->
            Losses.crossEntropy(
                classesLast(input(in)), golden.index("target"), options(golden, in), r));
    put(
        rows,
        "loss-nll",
        (golden, in, r) -> Losses.nll(input(in), golden.index("target"), options(golden, in), r));
    put(
        rows,
        "loss-multi-margin",
        (golden, in, r) ->
            Losses.multiMargin(input(in), golden.index("target"), decimal(golden, "margin"), r));
    put(rows, "loss-bce-with-logits", LossSubjects::binaryCrossEntropy);
    put(rows, "loss-kl-div", LossSubjects::divergence);
    put(rows, "loss-mse", (golden, in, r) -> Losses.mse(input(in), target(in), r));
    put(rows, "loss-l1", (golden, in, r) -> Losses.l1(input(in), target(in), r));
    put(
        rows,
        "loss-huber",
        (golden, in, r) -> Losses.huber(input(in), target(in), decimal(golden, "delta"), r));
    put(
        rows,
        "loss-smooth-l1",
        (golden, in, r) -> {
          double beta = decimal(golden, "beta");
          return Losses.huber(input(in), target(in), beta, r).div(beta);
        });
    put(
        rows,
        "loss-hinge-embedding",
        (golden, in, r) ->
            Losses.hingeEmbedding(input(in), target(in), decimal(golden, "margin"), r));
    put(
        rows,
        "loss-cosine-embedding",
        (golden, in, r) ->
            Losses.cosineEmbedding(
                in.get("input1"), in.get("input2"), target(in), decimal(golden, "margin"), r));
    put(
        rows,
        "loss-margin-ranking",
        (golden, in, r) ->
            Losses.marginRanking(
                in.get("input1"), in.get("input2"), target(in), decimal(golden, "margin"), r));
    put(
        rows,
        "loss-poisson-nll",
        (golden, in, r) ->
            DistributionLosses.poissonNll(
                input(in),
                target(in),
                flag(golden, "log_input"),
                flag(golden, "full"),
                decimal(golden, "eps"),
                r));
    put(
        rows,
        "loss-triplet-margin",
        (golden, in, r) ->
            ContrastiveLosses.tripletMargin(
                in.get("anchor"),
                in.get("positive"),
                in.get("negative"),
                decimal(golden, "margin"),
                decimal(golden, "p"),
                decimal(golden, "eps"),
                flag(golden, "swap"),
                r));
    put(
        rows,
        "loss-ctc",
        (golden, in, r) ->
            SequenceLosses.ctc(
                input(in).logSoftmax(-1),
                golden.index("target"),
                golden.index("input_lengths"),
                golden.index("target_lengths"),
                Integer.parseInt(golden.option("blank")),
                false,
                r));
    rows.put(
        "cosine-similarity",
        golden ->
            new Subject(
                null,
                name -> name,
                in ->
                    Map.of(
                        "output",
                        Losses.cosineSimilarity(
                            in.get("input1"),
                            in.get("input2"),
                            Integer.parseInt(golden.option("dim"))))));
  }

  private static void put(Map<String, Function<Golden, Subject>> rows, String prefix, Loss loss) {
    rows.put(
        prefix,
        golden ->
            new Subject(
                null,
                name -> name,
                in -> Map.of("output", loss.of(golden, in, reduction(golden)))));
  }

  /** PyTorch's weight of each element has no option of its own here: it is a product. */
  private static Tensor binaryCrossEntropy(
      Golden golden, Map<String, Tensor> in, Reduction reduction) {
    Tensor positive = in.getOrDefault("pos_weight", Tensors.ones().to(input(in).dtype()));
    Tensor weight = in.get("weight");
    if (weight == null) {
      return Losses.binaryCrossEntropyWithLogits(input(in), target(in), positive, reduction);
    }
    Tensor elements =
        Losses.binaryCrossEntropyWithLogits(input(in), target(in), positive, Reduction.NONE)
            .times(weight);
    return switch (reduction) {
      case MEAN -> elements.mean();
      case SUM -> elements.sum();
      case NONE -> elements;
    };
  }

  /** The mean is over rows, as PyTorch's batchmean; its mean divides by the classes, too. */
  private static Tensor divergence(Golden golden, Map<String, Tensor> in, Reduction reduction) {
    boolean logTarget = flag(golden, "log_target");
    Tensor loss = Losses.klDiv(input(in), target(in), logTarget, reduction);
    return golden.option("reduction").equals("mean") ? loss.div(input(in).size(-1)) : loss;
  }

  private static CrossEntropyOptions options(Golden golden, Map<String, Tensor> in) {
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT.ignoreIndex(Integer.parseInt(golden.option("ignore_index")));
    if (golden.has("label_smoothing")) {
      options = options.labelSmoothing(decimal(golden, "label_smoothing"));
    }
    return in.containsKey("weight") ? options.classWeights(in.get("weight")) : options;
  }

  private static Reduction reduction(Golden golden) {
    String word = golden.option("reduction");
    return word.equals("batchmean")
        ? Reduction.MEAN
        : Reduction.valueOf(word.toUpperCase(Locale.ROOT));
  }

  /** PyTorch has the classes on axis 1. */
  private static Tensor classesLast(Tensor x) {
    return x.rank() == 3 ? x.transpose(1, 2) : x;
  }

  private static Tensor input(Map<String, Tensor> inputs) {
    return inputs.get("input");
  }

  private static Tensor target(Map<String, Tensor> inputs) {
    return inputs.get("target");
  }

  private static double decimal(Golden golden, String option) {
    return Double.parseDouble(golden.option(option));
  }

  private static boolean flag(Golden golden, String option) {
    return Boolean.parseBoolean(golden.option(option));
  }
}
