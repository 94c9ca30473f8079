package dev.adjoint.op;

import static dev.adjoint.op.LossChecks.requireAboveZero;
import static dev.adjoint.op.LossChecks.requireAtLeastZero;
import static dev.adjoint.op.LossChecks.requireBroadcast;
import static dev.adjoint.op.LossChecks.requireEqualShapes;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/**
 * Loss functions of predictions and targets.
 *
 * <p>Names and formulas are those of {@code torch.nn.functional}, without {@code _loss}. Each loss
 * has two forms: the short one takes PyTorch's defaults and returns the mean; the long one says
 * everything, the {@link Reduction} last. Where there are {@link CrossEntropyOptions}, the
 * reduction may be left out, too: it is the mean.
 *
 * <p>What is compared has equal shapes: nothing broadcasts here, where it would hide a mistake.
 * Classes are along the last axis, and scores of shape (..., C) are as many rows as the leading
 * axes have elements: here, in metrics and in predictors. PyTorch has them along axis 1; scores of
 * images, (N, C, H, W), are brought into this order by {@code permute(0, 2, 3, 1)}.
 *
 * @see DistributionLosses
 * @see SegmentationLosses
 * @see ContrastiveLosses
 * @see SequenceLosses
 */
public final class Losses {

  private Losses() {}

  /** How a loss reduces its elements. */
  public enum Reduction {
    /** Their mean, a scalar; NaN if there are none. */
    MEAN,
    /** Their sum, a scalar. */
    SUM,
    /** The elements themselves. */
    NONE;

    Tensor of(Tensor elements) {
      return switch (this) {
        case MEAN -> elements.mean();
        case SUM -> elements.sum();
        case NONE -> elements;
      };
    }
  }

  // ---- of classes ----------------------------------------------------------------------------

  /**
   * Returns the mean over all rows of {@code logsumexp(logits) - logits[target]}, in nats: how
   * surprising the right class is.
   *
   * @param logits of shape (..., C): unnormalized log-probabilities of C classes
   * @param targets of shape (...): the right class of each row
   * @return a scalar; NaN if there are no rows
   * @throws IndexOutOfBoundsException if a target is not a class
   */
  public static Tensor crossEntropy(Tensor logits, IntTensor targets) {
    return crossEntropy(logits, targets, CrossEntropyOptions.DEFAULT);
  }

  /** Returns the mean of the cross-entropy with options. */
  public static Tensor crossEntropy(Tensor logits, IntTensor targets, CrossEntropyOptions options) {
    return crossEntropy(logits, targets, options, Reduction.MEAN);
  }

  /**
   * Returns the cross-entropy of each row, or their sum or mean.
   *
   * <p>The mean divides by the summed weights of the targets that are not ignored. If all are, or
   * have the weight 0, it is NaN, as is every mean of nothing (0 would report a perfect
   * prediction), and all gradients are 0, so that no parameter is spoiled.
   *
   * @param logits of shape (..., C): unnormalized log-probabilities of C classes
   * @param targets of shape (...): the right class of each row
   * @return of shape (...) for {@link Reduction#NONE}, 0 where ignored
   * @throws IndexOutOfBoundsException if a target is neither a class nor ignored
   */
  public static Tensor crossEntropy(
      Tensor logits, IntTensor targets, CrossEntropyOptions options, Reduction reduction) {
    ClassTargets classes = ClassTargets.of("crossEntropy", "logits", logits, targets, options);
    Tensor rows =
        options.labelSmoothing() == 0
            ? classes.weighted(
                Recorder.apply(new CrossEntropy(classes), targets.examples(), logits))
            : classes.surprise(classes.zeroIgnored(logits).logSoftmax(-1), options);
    return classes.reduce(rows, reduction);
  }

  /**
   * Returns the mean cross-entropy of rows of logits and rows of class probabilities.
   *
   * @param logits of shape (..., C)
   * @param probabilities of the same shape
   */
  public static Tensor crossEntropy(Tensor logits, Tensor probabilities) {
    return crossEntropy(logits, probabilities, CrossEntropyOptions.DEFAULT);
  }

  /** Returns the mean of the cross-entropy of class probabilities with options. */
  public static Tensor crossEntropy(
      Tensor logits, Tensor probabilities, CrossEntropyOptions options) {
    return crossEntropy(logits, probabilities, options, Reduction.MEAN);
  }

  /**
   * Returns the cross-entropy of each row with class probabilities, {@code -sum(probabilities
   * weights logSoftmax(logits))}, or their sum or mean. A class of probability 0 costs nothing,
   * even if its logit is -infinity, where PyTorch's is NaN.
   *
   * <p>Class weights are taken times the probabilities, after smoothing, and the mean divides by
   * the number of rows, whatever the weights: both as in PyTorch. Gradients flow to the
   * probabilities, too.
   *
   * @param logits of shape (..., C): unnormalized log-probabilities of C classes
   * @param probabilities of the same shape: what adds up to 1 in a row, which is not checked
   * @param options without an ignored target, which is of classes only
   * @return of shape (...) for {@link Reduction#NONE}
   */
  public static Tensor crossEntropy(
      Tensor logits, Tensor probabilities, CrossEntropyOptions options, Reduction reduction) {
    String loss = "crossEntropy";
    Shape shape = logits.shape();
    requireEqualShapes(loss, "logits", shape, "probabilities", probabilities.shape());
    options.requireNoIgnored(loss);
    options.requireWeights(loss, shape.size(shape.axis(loss, -1)));
    Tensor shares = options.shares(probabilities);
    Tensor costs = ElementwiseLosses.WEIGHED.apply(shares, logits.logSoftmax(-1));
    return reduction.of(costs.sum(-1).neg());
  }

  /**
   * Returns the mean over all rows of {@code -logProbabilities[target]}.
   *
   * @param logProbabilities of shape (..., C), as {@code logSoftmax(-1)} returns
   * @param targets of shape (...): the right class of each row
   * @return a scalar; NaN if there are no rows
   * @throws IndexOutOfBoundsException if a target is not a class
   */
  public static Tensor nll(Tensor logProbabilities, IntTensor targets) {
    return nll(logProbabilities, targets, CrossEntropyOptions.DEFAULT);
  }

  /** Returns the mean of the negative log-likelihood with options. */
  public static Tensor nll(
      Tensor logProbabilities, IntTensor targets, CrossEntropyOptions options) {
    return nll(logProbabilities, targets, options, Reduction.MEAN);
  }

  /**
   * Returns {@link #crossEntropy(Tensor, IntTensor, CrossEntropyOptions, Reduction)} of
   * probabilities that are normalized already.
   *
   * @param logProbabilities of shape (..., C), as {@code logSoftmax(-1)} returns
   * @param targets of shape (...): the right class of each row
   * @return of shape (...) for {@link Reduction#NONE}, 0 where ignored
   * @throws IndexOutOfBoundsException if a target is neither a class nor ignored
   */
  public static Tensor nll(
      Tensor logProbabilities,
      IntTensor targets,
      CrossEntropyOptions options,
      Reduction reduction) {
    ClassTargets classes =
        ClassTargets.of("nll", "log-probabilities", logProbabilities, targets, options);
    return classes.reduce(classes.surprise(logProbabilities, options), reduction);
  }

  /** Returns the mean of the multi-class hinge loss with a margin of 1. */
  public static Tensor multiMargin(Tensor scores, IntTensor targets) {
    return multiMargin(scores, targets, 1, Reduction.MEAN);
  }

  /**
   * Returns the hinge loss of many classes: for each row, the sum over the wrong classes c of
   * {@code max(0, margin - scores[target] + scores[c])}, divided by the number of classes (Weston
   * and Watkins 1999, "Support Vector Machines for Multi-Class Pattern Recognition").
   *
   * @param scores of shape (..., C)
   * @param targets of shape (...): the right class of each row
   * @return of shape (...) for {@link Reduction#NONE}
   * @throws IndexOutOfBoundsException if a target is not a class
   */
  public static Tensor multiMargin(
      Tensor scores, IntTensor targets, double margin, Reduction reduction) {
    ClassTargets classes =
        ClassTargets.of("multiMargin", "scores", scores, targets, CrossEntropyOptions.DEFAULT);
    Tensor wrong = classes.oneHot(scores.dtype(), scores.size(-1)).neg().plus(1);
    Tensor excess = scores.minus(classes.pick(scores).unsqueeze(-1)).plus(margin);
    // Chosen before relu, whose gradient is NaN at the NaN of an infinite score less itself.
    Tensor ofWrong = Where.where(wrong, excess, Tensor.scalar(0, scores.dtype()));
    return classes.reduce(ofWrong.relu().mean(-1), reduction);
  }

  // ---- of probabilities ----------------------------------------------------------------------

  /** Returns the mean of the binary cross-entropy, positive and negative targets weighed alike. */
  public static Tensor binaryCrossEntropyWithLogits(Tensor logits, Tensor targets) {
    return binaryCrossEntropyWithLogits(logits, targets, Tensors.ones(), Reduction.MEAN);
  }

  /**
   * Returns {@code -w t log(p) - (1 - t) log(1 - p)} elementwise, with {@code p = sigmoid(logits)}:
   * without overflow, accurate where p is next to 0 or 1, and 0 where an infinite logit is right.
   *
   * @param logits of any shape: unnormalized log-odds
   * @param targets t, of the same shape: probabilities, 0 to 1
   * @param positiveWeight w, broadcasts to the shape of the logits: above 1 where positive targets
   *     are rare; PyTorch's {@code pos_weight}
   * @return of the shape of the logits for {@link Reduction#NONE}
   */
  public static Tensor binaryCrossEntropyWithLogits(
      Tensor logits, Tensor targets, Tensor positiveWeight, Reduction reduction) {
    String loss = "binaryCrossEntropyWithLogits";
    requireEqualShapes(loss, "logits", logits.shape(), "targets", targets.shape());
    requireBroadcast(loss, "positive weight", positiveWeight.shape(), "logits", logits.shape());
    return reduction.of(ElementwiseLosses.BINARY_OF_LOGITS.apply(logits, targets, positiveWeight));
  }

  /** Returns the mean of the binary cross-entropy of probabilities. */
  public static Tensor binaryCrossEntropy(Tensor probabilities, Tensor targets) {
    return binaryCrossEntropy(probabilities, targets, Tensors.ones(), Reduction.MEAN);
  }

  /**
   * Returns {@code -w (t log(p) + (1 - t) log(1 - p))} elementwise, with logarithms of at least
   * -100, so that what is certain and wrong costs 100. The gradient to p is {@code w (p - t) /
   * max(p (1 - p), 1e-12)}, which is not 0 there. All of it is as in PyTorch; {@link
   * #binaryCrossEntropyWithLogits} loses no digits.
   *
   * @param probabilities p, of any shape, 0 to 1; NaN for others
   * @param targets t, of the same shape: probabilities, 0 to 1
   * @param weight w, broadcasts to the shape of the probabilities
   * @return of the shape of the probabilities for {@link Reduction#NONE}
   */
  public static Tensor binaryCrossEntropy(
      Tensor probabilities, Tensor targets, Tensor weight, Reduction reduction) {
    String loss = "binaryCrossEntropy";
    Shape shape = probabilities.shape();
    requireEqualShapes(loss, "probabilities", shape, "targets", targets.shape());
    requireBroadcast(loss, "weight", weight.shape(), "probabilities", shape);
    return reduction.of(
        ElementwiseLosses.BINARY_OF_PROBABILITIES.apply(probabilities, targets).times(weight));
  }

  /** Returns the mean over all rows of the divergence from target probabilities. */
  public static Tensor klDiv(Tensor logProbabilities, Tensor target) {
    return klDiv(logProbabilities, target, false, Reduction.MEAN);
  }

  /**
   * Returns the Kullback-Leibler divergence of each row, the sum over its classes of {@code target
   * (log(target) - logProbabilities)}; classes of target 0 add 0, whatever their log-probability.
   *
   * <p>Divergences are of rows, so the mean is over rows: PyTorch's {@code batchmean}. Its {@code
   * mean} divides by the number of classes as well, which it advises against.
   *
   * @param logProbabilities of shape (..., C), as {@code logSoftmax(-1)} returns
   * @param target of the same shape
   * @param logTarget whether the target is log-probabilities, too
   * @return of shape (...) for {@link Reduction#NONE}
   */
  public static Tensor klDiv(
      Tensor logProbabilities, Tensor target, boolean logTarget, Reduction reduction) {
    Shape shape = logProbabilities.shape();
    requireEqualShapes("klDiv", "log-probabilities", shape, "target", target.shape());
    int classes = shape.axis("klDiv", -1);
    Tensor probability = logTarget ? target.exp() : target;
    Tensor isZero = probability.equal(0);
    // Both logarithms may be infinite where the probability is 0: there they are not looked at.
    Tensor logProbability =
        logTarget ? Masking.maskedFill(target, isZero, 0) : target.plus(isZero).log();
    Tensor difference = logProbability.minus(Masking.maskedFill(logProbabilities, isZero, 0));
    return reduction.of(probability.times(difference).sum(classes));
  }

  // ---- of numbers ----------------------------------------------------------------------------

  /** Returns the mean of the squared differences. */
  public static Tensor mse(Tensor prediction, Tensor target) {
    return mse(prediction, target, Reduction.MEAN);
  }

  /**
   * Returns {@code (prediction - target)^2}, elementwise.
   *
   * @param target of the shape of the prediction
   */
  public static Tensor mse(Tensor prediction, Tensor target, Reduction reduction) {
    return reduction.of(difference("mse", prediction, target).square());
  }

  /** Returns the mean of the absolute differences. */
  public static Tensor l1(Tensor prediction, Tensor target) {
    return l1(prediction, target, Reduction.MEAN);
  }

  /**
   * Returns {@code |prediction - target|}, elementwise; the gradient where they are equal is 0.
   *
   * @param target of the shape of the prediction
   */
  public static Tensor l1(Tensor prediction, Tensor target, Reduction reduction) {
    return reduction.of(difference("l1", prediction, target).abs());
  }

  /** Returns the mean of the Huber loss with delta 1. */
  public static Tensor huber(Tensor prediction, Tensor target) {
    return huber(prediction, target, 1, Reduction.MEAN);
  }

  /**
   * Returns {@code d^2 / 2} where the difference d is within delta, beyond it {@code delta (|d| -
   * delta / 2)}, which grows evenly (Huber 1964); elementwise.
   *
   * @param target of the shape of the prediction
   * @param delta above 0
   */
  public static Tensor huber(Tensor prediction, Tensor target, double delta, Reduction reduction) {
    requireAboveZero("huber", "delta", delta);
    requireEqualShapes("huber", "prediction", prediction.shape(), "target", target.shape());
    DType dtype = DType.promote(prediction.dtype(), target.dtype());
    return reduction.of(
        ElementwiseLosses.HUBER.apply(prediction, target, Tensor.scalar(delta, dtype)));
  }

  /** Returns the mean of the smooth L1 loss with beta 1. */
  public static Tensor smoothL1(Tensor prediction, Tensor target) {
    return smoothL1(prediction, target, 1, Reduction.MEAN);
  }

  /**
   * Returns {@link #huber} divided by its delta, here beta: {@code d^2 / (2 beta)} where the
   * difference d is within beta, beyond it {@code |d| - beta / 2}; elementwise (Girshick 2015,
   * arXiv:1504.08083).
   *
   * @param target of the shape of the prediction
   * @param beta at least 0; 0 is {@link #l1}
   */
  public static Tensor smoothL1(
      Tensor prediction, Tensor target, double beta, Reduction reduction) {
    requireAtLeastZero("smoothL1", "beta", beta);
    requireEqualShapes("smoothL1", "prediction", prediction.shape(), "target", target.shape());
    return beta == 0
        ? l1(prediction, target, reduction)
        : huber(prediction, target, beta, reduction).div(beta);
  }

  private static Tensor difference(String loss, Tensor prediction, Tensor target) {
    requireEqualShapes(loss, "prediction", prediction.shape(), "target", target.shape());
    return prediction.minus(target);
  }

  // ---- of pairs ------------------------------------------------------------------------------

  /** Returns the mean of the hinge embedding loss with a margin of 1. */
  public static Tensor hingeEmbedding(Tensor distances, Tensor alike) {
    return hingeEmbedding(distances, alike, 1, Reduction.MEAN);
  }

  /**
   * Returns the distance of pairs that are alike, and {@code max(0, margin - distance)} of others;
   * elementwise. At the margin the gradient is that of within it, as in PyTorch. For scores of
   * classes see {@link #multiMargin}.
   *
   * @param alike of the shape of the distances: 1 for pairs that are alike, else -1 (or 0)
   */
  public static Tensor hingeEmbedding(
      Tensor distances, Tensor alike, double margin, Reduction reduction) {
    requireEqualShapes("hingeEmbedding", "distances", distances.shape(), "pairs", alike.shape());
    return reduction.of(hinge(distances, alike, distances.neg().plus(margin)));
  }

  private static Tensor hinge(Tensor ofAlike, Tensor alike, Tensor ofOthers) {
    return Where.where(alike.greater(0), ofAlike, ofOthers.clamp(0, Double.POSITIVE_INFINITY));
  }

  /** Returns the mean of the margin ranking loss with a margin of 0. */
  public static Tensor marginRanking(Tensor a, Tensor b, Tensor order) {
    return marginRanking(a, b, order, 0, Reduction.MEAN);
  }

  /**
   * Returns {@code max(0, margin - order (a - b))}, elementwise: what is missing where one score
   * ought to be above the other. At the margin the gradient is that of above it, as in PyTorch.
   *
   * @param b of the shape of a
   * @param order of the same shape: 1 where a ought to be higher, -1 where b
   */
  public static Tensor marginRanking(
      Tensor a, Tensor b, Tensor order, double margin, Reduction reduction) {
    requireEqualShapes("marginRanking", "scores", a.shape(), "others", b.shape());
    requireEqualShapes("marginRanking", "scores", a.shape(), "order", order.shape());
    Tensor missing = order.times(b.minus(a)).plus(margin);
    return reduction.of(missing.clamp(0, Double.POSITIVE_INFINITY));
  }

  /** Returns the mean of the cosine embedding loss with a margin of 0. */
  public static Tensor cosineEmbedding(Tensor a, Tensor b, Tensor alike) {
    return cosineEmbedding(a, b, alike, 0, Reduction.MEAN);
  }

  /**
   * Returns {@code 1 - cosine} of pairs of vectors that are alike, and {@code max(0, cosine -
   * margin)} of others. At the margin the gradient is that of above it, as in PyTorch.
   *
   * @param a of shape (..., D)
   * @param b of the same shape
   * @param alike of shape (...): 1 for pairs that are alike, else -1 (or 0)
   * @return of shape (...) for {@link Reduction#NONE}
   */
  public static Tensor cosineEmbedding(
      Tensor a, Tensor b, Tensor alike, double margin, Reduction reduction) {
    Tensor cosine = cosineSimilarity("cosineEmbedding", a, b, -1);
    requireEqualShapes("cosineEmbedding", "cosines", cosine.shape(), "pairs", alike.shape());
    return reduction.of(hinge(cosine.neg().plus(1), alike, cosine.minus(margin)));
  }

  /**
   * Returns the cosine of the angle between vectors, -1 to 1. That of a zero vector is 0, and so
   * are its gradients.
   *
   * @param b of the shape of a
   * @param axis along which the vectors lie, and which is dropped
   */
  public static Tensor cosineSimilarity(Tensor a, Tensor b, int axis) {
    return cosineSimilarity("cosineSimilarity", a, b, axis);
  }

  private static Tensor cosineSimilarity(String name, Tensor a, Tensor b, int axis) {
    requireEqualShapes(name, "vectors", a.shape(), "others", b.shape());
    int resolved = a.shape().axis(name, axis);
    // Divided by its root mean square, a vector has the length sqrt(n).
    Tensor x = Standardize.standardize(a, false, 0, resolved).y();
    Tensor y = Standardize.standardize(b, false, 0, resolved).y();
    Tensor cosine = x.times(y).mean(resolved);
    // Rounding may lead out of the range: of the value, not of its derivatives.
    Tensor rounded = cosine.untracked();
    return cosine.plus(rounded.clamp(-1, 1).minus(rounded));
  }
}
