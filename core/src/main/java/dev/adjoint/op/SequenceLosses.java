package dev.adjoint.op;

import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Losses of sequences of labels that have no places in time.
 *
 * <p>As in {@link Losses}, the short form takes PyTorch's defaults and returns the mean.
 */
public final class SequenceLosses {

  /** The logarithm of 0: finite, so that nothing becomes NaN. */
  private static final double IMPOSSIBLE = -1e30;

  /** One step of time, for each state of each sequence. */
  private static final ElementwiseFunction STEP =
      new ElementwiseFunction("ctcStep", 5, x -> step(x[0], x[1], x[2].plus(x[3]), x[4]));

  private SequenceLosses() {}

  /** Returns the mean of the loss with blank 0; infinite if some target is impossible. */
  public static Tensor ctc(
      Tensor logProbabilities, IntTensor targets, IntTensor inputLengths, IntTensor targetLengths) {
    return ctc(logProbabilities, targets, inputLengths, targetLengths, 0, false, Reduction.MEAN);
  }

  /**
   * Returns the loss of connectionist temporal classification (Graves, Fernandez, Gomez and
   * Schmidhuber 2006, "Connectionist Temporal Classification: Labelling Unsegmented Sequence Data
   * with Recurrent Neural Networks"): PyTorch's {@code ctc_loss}.
   *
   * <p>A network says at each step of time one of C classes, of which one is blank; what it said is
   * read by joining repetitions and leaving out blanks. The loss of a sequence is the negative
   * logarithm of the probability that its target is read, which sums over all ways to say it.
   *
   * <p>A target that is longer than its input, repeated labels counted twice, is impossible: it
   * costs infinity, or 0 if {@code zeroInfinity}. Its gradient is 0 in both cases (in PyTorch NaN
   * in the first). An empty target is read from blanks alone.
   *
   * <p>Gradients are those of the log-probabilities, whatever they come from; PyTorch's are right
   * only after a log-softmax.
   *
   * @param logProbabilities of shape (T, N, C), as {@code logSoftmax(-1)} returns
   * @param targets of shape (N, S), of which what is beyond the lengths is not looked at; or all
   *     targets one after another, of shape (sum of lengths)
   * @param inputLengths of shape (N): how many of the T steps each sequence has
   * @param targetLengths of shape (N)
   * @param blank a class that no target has; PyTorch's default is 0
   * @param zeroInfinity whether impossible targets cost 0; PyTorch's default is false
   * @return of shape (N) for {@link Reduction#NONE}; the mean is of the losses divided by the
   *     lengths of their targets (by 1 for empty ones)
   * @throws IndexOutOfBoundsException if a label is not a class
   */
  public static Tensor ctc(
      Tensor logProbabilities,
      IntTensor targets,
      IntTensor inputLengths,
      IntTensor targetLengths,
      int blank,
      boolean zeroInfinity,
      Reduction reduction) {
    Shape shape = logProbabilities.shape();
    if (shape.rank() != 3
        || !inputLengths.shape().equals(Shape.of(shape.size(1)))
        || !targetLengths.shape().equals(inputLengths.shape())) {
      throw new IllegalArgumentException(
          "ctc: log-probabilities of shape %s, input lengths of shape %s and target lengths of shape %s; expected (T, N, C), (N) and (N)"
              .formatted(shape, inputLengths.shape(), targetLengths.shape()));
    }
    int steps = shape.size(0);
    int n = shape.size(1);
    requireRange("blank", blank, shape.size(2) - 1);
    for (int i = 0; i < n; i++) {
      requireRange("input length", inputLengths.get(i), steps);
    }
    DType dtype = logProbabilities.dtype();
    // The states of a target of S labels: blank, label, blank, label, ..., blank. They are the
    // first axis, so that neighbors are read without gaps.
    IntTensor labels = labels(targets, targetLengths, blank, shape);
    int states = labels.shape().size(0);
    Tensor mayLeap = mayLeap(labels, blank, dtype);
    Tensor said =
        Indexing.takeAlongAxis(logProbabilities.transpose(1, 2), 1, labels.reshape(1, states, n))
            .max(Tensor.scalar(IMPOSSIBLE, dtype));
    // Two states in front of the first are never possible, so that all have two predecessors.
    // Before the first step only the first state is possible.
    Tensor alpha = Tensors.full(Shape.of(states - 1, n), IMPOSSIBLE, dtype);
    alpha = Joining.concat(0, Tensors.zeros(Shape.of(1, n), dtype), alpha);
    int shortest = Arrays.stream(inputLengths.toArray()).min().orElse(0);
    for (int t = 0; t < steps; t++) {
      Tensor padded = alpha.pad(0, 2, 0, IMPOSSIBLE);
      Tensor next =
          STEP.apply(
              alpha,
              padded.slice(0, 1, states + 1),
              padded.slice(0, 0, states),
              mayLeap,
              said.select(0, t));
      alpha =
          t < shortest ? next : Where.where(inputLengths.toTensor(dtype).lessEqual(t), alpha, next);
    }
    Tensor ends = Indexing.gather(alpha.pad(0, 2, 0, IMPOSSIBLE), 0, ends(targetLengths));
    Tensor loss = ends.logsumexp(0).neg();
    Tensor isImpossible = loss.untracked().greater(-IMPOSSIBLE / 2);
    double instead = zeroInfinity ? 0 : Double.POSITIVE_INFINITY;
    loss = Where.where(isImpossible, Tensor.scalar(instead, dtype), loss);
    return reduction.of(
        reduction == Reduction.MEAN
            ? loss.div(targetLengths.toTensor(dtype).clamp(1, Double.POSITIVE_INFINITY))
            : loss);
  }

  /** Returns the log-probability of a state after a step, from it or one of the two before it. */
  private static Tensor step(Tensor stay, Tensor next, Tensor leap, Tensor said) {
    Tensor largest = stay.max(next).max(leap).untracked();
    Tensor sum =
        stay.minus(largest).exp().plus(next.minus(largest).exp()).plus(leap.minus(largest).exp());
    return largest.plus(sum.log()).plus(said);
  }

  /** Returns the label of each state, of shape (2 S + 1, N); blank beyond the lengths. */
  private static IntTensor labels(
      IntTensor targets, IntTensor lengths, int blank, Shape probabilities) {
    int n = lengths.size();
    boolean isPadded = targets.shape().rank() == 2 && targets.shape().size(0) == n;
    int[] of = lengths.toArray();
    int longest = isPadded ? targets.shape().size(1) : Arrays.stream(of).max().orElse(0);
    for (int length : of) {
      requireRange("target length", length, longest);
    }
    if (!isPadded && !targets.shape().equals(Shape.of(Arrays.stream(of).sum()))) {
      throw new IllegalArgumentException(
          "ctc: targets of shape %s for log-probabilities of shape %s and target lengths %s; expected (N, S), or (%d) for targets one after another"
              .formatted(
                  targets.shape(), probabilities, Arrays.toString(of), Arrays.stream(of).sum()));
    }
    int[] states = new int[n * (2 * longest + 1)];
    Arrays.fill(states, blank);
    for (int i = 0, from = 0; i < n; from += isPadded ? longest : of[i], i++) {
      for (int s = 0; s < of[i]; s++) {
        int label = targets.get(from + s);
        if (label < 0 || label >= probabilities.size(2) || label == blank) {
          throw new IndexOutOfBoundsException(
              "ctc: label %d of target %d is %s; expected 0 to %d, but not blank, for log-probabilities of shape %s"
                  .formatted(
                      s,
                      i,
                      label == blank ? "blank" : label,
                      probabilities.size(2) - 1,
                      probabilities));
        }
        states[(2 * s + 1) * n + i] = label;
      }
    }
    return IntTensor.of(states, 2 * longest + 1, n);
  }

  /** Returns 0 for states that may follow the second before them: labels unlike the last one. */
  private static Tensor mayLeap(IntTensor labels, int blank, DType dtype) {
    int leap = 2 * labels.shape().size(1);
    double[] penalties =
        IntStream.range(0, labels.size())
            .mapToDouble(i -> {
              int label = labels.get(i);
              boolean may = label != blank && i >= leap && label != labels.get(i - leap);
              return may ? 0 : IMPOSSIBLE;
            })
            .toArray();
    return Tensor.of(penalties, labels.shape().toArray()).to(dtype);
  }

  /** Returns the last label and the blank behind it, as places among states and two before them. */
  private static IntTensor ends(IntTensor targetLengths) {
    int n = targetLengths.size();
    int[] places = new int[2 * n];
    for (int i = 0; i < n; i++) {
      places[i] = 2 * targetLengths.get(i) + 1;
      places[n + i] = places[i] + 1;
    }
    return IntTensor.of(places, 2, n);
  }

  private static void requireRange(String what, int value, int most) {
    if (value < 0 || value > most) {
      throw new IndexOutOfBoundsException(
          "ctc: %s %d; expected 0 to %d".formatted(what, value, most));
    }
  }
}
