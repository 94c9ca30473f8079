package dev.adjoint.op;

import static dev.adjoint.op.LossChecks.requireAboveZero;
import static dev.adjoint.op.LossChecks.requireEqualShapes;

import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/**
 * Losses of embeddings, that draw together what belongs together and push apart what does not.
 *
 * <p>Vectors are along the last axis. As in {@link Losses}, the short forms return the mean; for
 * single pairs see {@link Losses#cosineEmbedding(Tensor, Tensor, Tensor)}.
 */
public final class ContrastiveLosses {

  private ContrastiveLosses() {}

  /** Returns the mean of the triplet loss with a margin of 1 between Euclidean distances. */
  public static Tensor tripletMargin(Tensor anchor, Tensor positive, Tensor negative) {
    return tripletMargin(anchor, positive, negative, 1, 2, 1e-6, false, Reduction.MEAN);
  }

  /**
   * Returns {@code max(0, |anchor - positive| - |anchor - negative| + margin)} of each triplet
   * (Balntas et al. 2016, "Learning local feature descriptors with triplets and shallow
   * convolutional neural networks"). At the margin the gradient is that of above it, as in PyTorch.
   *
   * @param anchor of shape (..., D)
   * @param positive of the same shape: like the anchor
   * @param negative of the same shape: unlike it
   * @param margin PyTorch's default is 1
   * @param p the norm of distances: 1, 2 (PyTorch's default) or infinity
   * @param epsilon is added to each difference; PyTorch's default is 1e-6
   * @param swap whether the distance of positive and negative counts, if it is less than that of
   *     anchor and negative; PyTorch's default is false
   * @return of shape (...) for {@link Reduction#NONE}
   */
  public static Tensor tripletMargin(
      Tensor anchor,
      Tensor positive,
      Tensor negative,
      double margin,
      double p,
      double epsilon,
      boolean swap,
      Reduction reduction) {
    String loss = "tripletMargin";
    requireEqualShapes(loss, "anchor", anchor.shape(), "positive", positive.shape());
    requireEqualShapes(loss, "anchor", anchor.shape(), "negative", negative.shape());
    int axis = anchor.shape().axis(loss, -1);
    Tensor near = anchor.minus(positive).plus(epsilon).norm(p, axis);
    Tensor far = anchor.minus(negative).plus(epsilon).norm(p, axis);
    if (swap) {
      far = far.min(positive.minus(negative).plus(epsilon).norm(p, axis));
    }
    return reduction.of(near.minus(far).plus(margin).clamp(0, Double.POSITIVE_INFINITY));
  }

  /** Returns the mean of InfoNCE with a temperature of 0.1, from queries to keys. */
  public static Tensor infoNce(Tensor queries, Tensor keys) {
    return infoNce(queries, keys, 0.1, false, Reduction.MEAN);
  }

  /**
   * Returns for each query the {@linkplain Losses#crossEntropy(Tensor, IntTensor) cross-entropy} of
   * its own key among all keys, where logits are cosines divided by the temperature (van den Oord,
   * Li and Vinyals 2018, arXiv:1807.03748).
   *
   * @param queries of shape (N, D)
   * @param keys of the same shape: that of the same index is right, all others are wrong
   * @param temperature above 0
   * @param symmetric whether half of the loss is that of each key's own query among all queries, as
   *     in CLIP (Radford et al. 2021, arXiv:2103.00020)
   * @return of shape (N) for {@link Reduction#NONE}
   */
  public static Tensor infoNce(
      Tensor queries, Tensor keys, double temperature, boolean symmetric, Reduction reduction) {
    requirePairs("infoNce", queries, keys, temperature);
    Tensor logits = cosines(queries, keys).div(temperature);
    Tensor rows = ofOwn(logits, IntTensor.range(logits.size(0)));
    if (symmetric) {
      rows = rows.plus(ofOwn(logits.transpose(), IntTensor.range(logits.size(0)))).times(0.5);
    }
    return reduction.of(rows);
  }

  /** Returns the mean of NT-Xent with a temperature of 0.5. */
  public static Tensor ntXent(Tensor views, Tensor others) {
    return ntXent(views, others, 0.5, Reduction.MEAN);
  }

  /**
   * Returns for each of 2 N views the cross-entropy of the other view of the same thing among all
   * views but itself, where logits are cosines divided by the temperature: the loss of SimCLR (Chen
   * et al. 2020, arXiv:2002.05709).
   *
   * @param views of shape (N, D): one view of each of N things
   * @param others of the same shape: another one
   * @param temperature above 0
   * @return of shape (2 N) for {@link Reduction#NONE}: first of the views, then of the others
   */
  public static Tensor ntXent(
      Tensor views, Tensor others, double temperature, Reduction reduction) {
    requirePairs("ntXent", views, others, temperature);
    int n = views.size(0);
    DType dtype = DType.promote(views.dtype(), others.dtype());
    Tensor all = Joining.concat(0, views.to(dtype), others.to(dtype));
    Tensor itself = Tensors.eye(2 * n, dtype);
    Tensor logits = cosines(all, all).div(temperature);
    Tensor among = Masking.maskedFill(logits, itself, Double.NEGATIVE_INFINITY);
    int[] own = new int[2 * n];
    for (int i = 0; i < n; i++) {
      own[i] = n + i;
      own[n + i] = i;
    }
    return reduction.of(ofOwn(among, IntTensor.of(own)));
  }

  private static Tensor ofOwn(Tensor logits, IntTensor own) {
    return Losses.crossEntropy(logits, own, CrossEntropyOptions.DEFAULT, Reduction.NONE);
  }

  /** Returns the cosine of each vector of a and each of b; 0 for zero vectors. */
  private static Tensor cosines(Tensor a, Tensor b) {
    // Divided by its root mean square, a vector has the length sqrt(n).
    Tensor x = Standardize.standardize(a, false, 0, 1).y();
    Tensor y = Standardize.standardize(b, false, 0, 1).y();
    return x.matmul(y.transpose()).div(a.size(1));
  }

  private static void requirePairs(String loss, Tensor a, Tensor b, double temperature) {
    Shape shape = a.shape();
    if (shape.rank() != 2 || !b.shape().equals(shape)) {
      throw new IllegalArgumentException(
          "%s: embeddings of shapes %s and %s; expected shape (N, D) twice"
              .formatted(loss, shape, b.shape()));
    }
    requireAboveZero(loss, "temperature", temperature);
  }
}
