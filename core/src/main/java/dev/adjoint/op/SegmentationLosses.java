package dev.adjoint.op;

import static dev.adjoint.op.LossChecks.requireAtLeastZero;
import static dev.adjoint.op.LossChecks.requireEqualShapes;

import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.stream.IntStream;

/**
 * Losses for classes of which one is nearly everywhere, such as the background of an image: in
 * detection and segmentation.
 *
 * <p>As in {@link Losses}, the short forms take the usual defaults and return the mean, and classes
 * are along the last axis.
 */
public final class SegmentationLosses {

  private static final ElementwiseFunction FOCAL =
      new ElementwiseFunction("focal", 2, x -> focal(x[0], x[1]));

  private static final ElementwiseFunction SIGMOID_FOCAL =
      new ElementwiseFunction(
          "sigmoidFocal",
          5,
          x -> {
            Tensor positive = x[1].times(x[2]);
            Tensor negative = x[1].neg().plus(1).times(x[3]);
            return ElementwiseLosses.weighed(positive, focal(x[0], x[4]))
                .plus(ElementwiseLosses.weighed(negative, focal(x[0].neg(), x[4])));
          });

  private SegmentationLosses() {}

  /** Returns the mean of the focal loss of two classes with alpha 0.25 and gamma 2. */
  public static Tensor sigmoidFocal(Tensor logits, Tensor targets) {
    return sigmoidFocal(logits, targets, 0.25, 2, Reduction.MEAN);
  }

  /**
   * Returns {@code -alpha (1 - p)^gamma log(p)} of positive targets, {@code -(1 - alpha) p^gamma
   * log(1 - p)} of others, with {@code p = sigmoid(logits)}: cross-entropy in which what is known
   * already counts little (Lin et al. 2017, arXiv:1708.02002); elementwise. Finite with its
   * derivatives for all finite logits.
   *
   * <p>torchvision's {@code sigmoid_focal_loss}, whose reduction is none by default. With gamma 0
   * and no alpha it is {@link Losses#binaryCrossEntropyWithLogits(Tensor, Tensor)}.
   *
   * @param logits of any shape: unnormalized log-odds
   * @param targets of the same shape: 1 if positive, else 0; between them, both costs are weighed
   *     so
   * @param alpha the weight of positive targets, 0 to 1; negative to weigh both by 1
   * @param gamma at least 0
   * @return of the shape of the logits for {@link Reduction#NONE}
   */
  public static Tensor sigmoidFocal(
      Tensor logits, Tensor targets, double alpha, double gamma, Reduction reduction) {
    requireEqualShapes("sigmoidFocal", "logits", logits.shape(), "targets", targets.shape());
    requireAtLeastZero("sigmoidFocal", "gamma", gamma);
    if (!(alpha <= 1)) {
      throw new IllegalArgumentException(
          "sigmoidFocal: alpha %s; expected 0 to 1, or a negative number for none"
              .formatted(alpha));
    }
    DType dtype = DType.promote(logits.dtype(), targets.dtype());
    return reduction.of(
        SIGMOID_FOCAL.apply(
            logits,
            targets,
            Tensor.scalar(alpha < 0 ? 1 : alpha, dtype),
            Tensor.scalar(alpha < 0 ? 1 : 1 - alpha, dtype),
            Tensor.scalar(gamma, dtype)));
  }

  /** Returns the mean of the focal loss of many classes with gamma 2. */
  public static Tensor focal(Tensor logits, IntTensor targets) {
    return focal(logits, targets, 2, CrossEntropyOptions.DEFAULT);
  }

  /** Returns the mean of the focal loss of many classes with options. */
  public static Tensor focal(
      Tensor logits, IntTensor targets, double gamma, CrossEntropyOptions options) {
    return focal(logits, targets, gamma, options, Reduction.MEAN);
  }

  /**
   * Returns {@code -w (1 - p)^gamma log(p)} of each row, with p the probability that softmax gives
   * the right class and w the weight of that class, the paper's alpha (arXiv:1708.02002).
   *
   * <p>With gamma 0 it is {@link Losses#crossEntropy(Tensor, IntTensor, CrossEntropyOptions,
   * Reduction)}, by whose rules options weigh and ignore, and the mean is taken.
   *
   * @param logits of shape (..., C): unnormalized log-probabilities of C classes
   * @param targets of shape (...): the right class of each row
   * @param gamma at least 0
   * @param options without label smoothing
   * @return of shape (...) for {@link Reduction#NONE}, 0 where ignored
   * @throws IndexOutOfBoundsException if a target is neither a class nor ignored
   */
  public static Tensor focal(
      Tensor logits,
      IntTensor targets,
      double gamma,
      CrossEntropyOptions options,
      Reduction reduction) {
    requireAtLeastZero("focal", "gamma", gamma);
    if (options.labelSmoothing() != 0) {
      throw new IllegalArgumentException(
          "focal: %s; expected no label smoothing, of which it has no definition"
              .formatted(options));
    }
    ClassTargets classes = ClassTargets.of("focal", "logits", logits, targets, options);
    DType dtype = logits.dtype();
    Tensor x = classes.zeroIgnored(logits);
    // A finite number, so that a single class is right for certain, and has a gradient of 0.
    Tensor wrong = Masking.maskedFill(x, classes.oneHot(dtype, x.size(-1)), -dtype.largest());
    Tensor logOdds = classes.pick(x).minus(wrong.logsumexp(-1));
    Tensor rows = FOCAL.apply(logOdds, Tensor.scalar(gamma, dtype));
    return classes.reduce(classes.zeroIgnored(classes.weighted(rows)), reduction);
  }

  /** Returns -(1 - p)^gamma log(p) of log-odds, where 1 - p keeps its accuracy next to 0. */
  private static Tensor focal(Tensor logOdds, Tensor gamma) {
    Tensor factor = Activations.softplus(logOdds).times(gamma).neg().exp();
    return factor.times(Activations.softplus(logOdds.neg()));
  }

  /** Returns the mean over examples of the dice loss with smoothing 1. */
  public static Tensor dice(Tensor probabilities, Tensor targets) {
    return dice(probabilities, targets, 1, Reduction.MEAN);
  }

  /**
   * Returns for each example {@code 1 - (2 sum(p t) + s) / (sum(p) + sum(t) + s)}, with
   * probabilities p, targets t and smoothing s: one less twice the overlap of two regions by their
   * sizes (Milletari, Navab and Ahmadi 2016, arXiv:1606.04797, without their squares).
   *
   * @param probabilities of shape (N, ...), such as sigmoids: the first axis counts examples, and
   *     sums are over all others
   * @param targets of the same shape: 0 to 1
   * @param smoothing at least 0; if it is 0, the loss of nothing where nothing was predicted is
   *     NaN, else 0
   * @return of shape (N) for {@link Reduction#NONE}
   */
  public static Tensor dice(
      Tensor probabilities, Tensor targets, double smoothing, Reduction reduction) {
    Shape shape = probabilities.shape();
    requireEqualShapes("dice", "probabilities", shape, "targets", targets.shape());
    return dice(probabilities, targets, smoothing, reduction, shape.rank());
  }

  /** Returns the mean over examples and classes of the dice loss with smoothing 1. */
  public static Tensor dice(Tensor probabilities, IntTensor targets) {
    return dice(probabilities, targets, 1, Reduction.MEAN);
  }

  /**
   * Returns the {@linkplain #dice(Tensor, Tensor, double, Reduction) dice loss} of each class in
   * each example.
   *
   * @param probabilities of shape (N, ..., C), such as softmax along the last axis: sums are over
   *     the axes between
   * @param targets of shape (N, ...): the right class of each row
   * @param smoothing at least 0; above 0 where an example may lack a class
   * @return of shape (N, C) for {@link Reduction#NONE}; the mean is over both
   * @throws IndexOutOfBoundsException if a target is not a class
   */
  public static Tensor dice(
      Tensor probabilities, IntTensor targets, double smoothing, Reduction reduction) {
    ClassTargets classes =
        ClassTargets.of(
            "dice", "probabilities", probabilities, targets, CrossEntropyOptions.DEFAULT);
    Tensor chosen = classes.oneHot(probabilities.dtype(), probabilities.size(-1));
    return dice(probabilities, chosen, smoothing, reduction, probabilities.rank() - 1);
  }

  /** Sums over the axes from 1 to below a bound. */
  private static Tensor dice(Tensor p, Tensor t, double smoothing, Reduction reduction, int bound) {
    requireAtLeastZero("dice", "smoothing", smoothing);
    if (bound < 2) {
      throw new IllegalArgumentException(
          "dice: probabilities of shape %s; expected examples, and axes to sum over"
              .formatted(p.shape()));
    }
    int[] axes = IntStream.range(1, bound).toArray();
    // What is not common to both, instead of 1 less what is: next to 0 that would cancel.
    Tensor apart = p.times(t.neg().plus(1)).plus(t.times(p.neg().plus(1))).sum(axes);
    return reduction.of(apart.div(p.plus(t).sum(axes).plus(smoothing)));
  }
}
