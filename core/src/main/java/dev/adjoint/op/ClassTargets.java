package dev.adjoint.op;

import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Says which class is right in each row of scores, which rows count, and how much.
 *
 * <p>Nothing of a row that does not count gets into a loss or a gradient, not even a NaN. A row
 * whose class has the weight 0 does not count.
 *
 * @param classes of shape (...): the right class of each row of scores of shape (..., C); negative
 *     in a row that does not count
 * @param counted the number of rows that count; -1 if examples of a mapped function differ
 * @param classWeights of shape (C); null where all are 1
 */
record ClassTargets(IntTensor classes, int counted, @Nullable Tensor classWeights) {

  private static final int IGNORED = -1;

  /**
   * Checks targets.
   *
   * @param operation the loss, for messages
   * @param name what the loss calls the scores
   */
  static ClassTargets of(
      String operation,
      String name,
      Tensor scores,
      IntTensor targets,
      CrossEntropyOptions options) {
    Shape shape = scores.shape();
    if (shape.rank() == 0
        || !targets.shape().equals(shape.reduced(new int[] {shape.rank() - 1}, false))) {
      throw new IllegalArgumentException(
          "%s: %s of shape %s and targets of shape %s; expected %s of shape (..., classes) and targets of shape (...)"
              .formatted(operation, name, shape, targets.shape(), name));
    }
    int count = shape.size(-1);
    options.requireWeights(operation, count);
    Tensor weights = options.classWeights();
    Integer ignored = options.ignoreIndex();
    // Smoothing spreads the cost of a row over classes of other weights.
    double[] selects =
        weights == null || options.labelSmoothing() > 0
            ? null
            : weights.to(scores.dtype()).toDoubleArray();
    IntTensor every = Engine.everyExample(targets);
    int[] classes = every.toArray();
    int counted = 0;
    for (int row = 0; row < classes.length; row++) {
      int target = classes[row];
      if (ignored != null && target == ignored) {
        classes[row] = IGNORED;
      } else if (target >= 0 && target < count) {
        if (selects != null && selects[target] == 0) {
          classes[row] = IGNORED;
        } else {
          counted++;
        }
      } else {
        throw new IndexOutOfBoundsException(
            "%s: target %d at position %s is not a class; expected 0 to %d%s for %s of shape %s"
                .formatted(
                    operation,
                    target,
                    Arrays.toString(every.shape().unravel(row)),
                    count - 1,
                    ignored == null ? "" : ", or %d to ignore it,".formatted(ignored),
                    name,
                    shape));
      }
    }
    boolean isMapped = targets.examples() != null;
    return new ClassTargets(
        Engine.like(targets, classes),
        !isMapped ? counted : counted == classes.length ? targets.size() : -1,
        weights);
  }

  /** Returns the targets of all examples of a mapped function. */
  ClassTargets ofAll(BatchedInputs examples) {
    IntTensor all = examples.all(classes);
    return new ClassTargets(all, counted == classes.size() ? all.size() : -1, classWeights);
  }

  boolean counts(int row) {
    return classes.get(row) != IGNORED;
  }

  /** Returns 1 at the right class and 0 elsewhere, and anything in rows that do not count. */
  Tensor oneHot(DType dtype, int count) {
    return Tensors.oneHot(present(), count, dtype);
  }

  /** Returns the score of the right class of each row, and anything for rows that do not count. */
  Tensor pick(Tensor scores) {
    int[] sizes = scores.shape().with(-1, 1).toArray();
    return Indexing.gather(scores, -1, present().reshape(sizes)).squeeze(-1);
  }

  /** Returns scores, or numbers of rows, with zeros in place of rows that do not count. */
  Tensor zeroIgnored(Tensor x) {
    if (counted == classes.size()) {
      return x;
    }
    Tensor mask = classes.notEqual(IGNORED, x.dtype());
    Tensor zero = Tensor.scalar(0, x.dtype());
    return Where.where(x.rank() > mask.rank() ? mask.unsqueeze(-1) : mask, x, zero);
  }

  /** Returns numbers of rows times the weights of their classes. */
  Tensor weighted(Tensor perRow) {
    return classWeights == null
        ? perRow
        : ElementwiseLosses.weighed(weights(classWeights, perRow.dtype()), perRow);
  }

  /** Returns what each row costs, smoothed: 0 where it does not count. */
  Tensor surprise(Tensor logp, CrossEntropyOptions options) {
    Tensor rows = weighted(pick(logp)).neg();
    double smoothing = options.labelSmoothing();
    if (smoothing > 0) {
      Tensor weights = options.classWeights();
      Tensor all =
          weights == null ? logp : ElementwiseLosses.weighed(weights.to(logp.dtype()), logp);
      rows = rows.times(1 - smoothing).minus(all.mean(-1).times(smoothing));
    }
    return zeroIgnored(rows);
  }

  /** Returns what a loss reports: the mean divides by the weights of the rows that count. */
  Tensor reduce(Tensor perRow, Reduction reduction) {
    if (reduction != Reduction.MEAN) {
      return reduction.of(perRow);
    }
    if (classes.examples() != null) {
      Tensor counts =
          classWeights == null
              ? classes.notEqual(IGNORED, DType.FLOAT64)
              : weights(classWeights, DType.FLOAT64);
      return perRow.sum().div(counts.sum().to(perRow.dtype()));
    }
    double total =
        classWeights == null ? counted : weights(classWeights, DType.FLOAT64).sum().item();
    return perRow.sum().div(total);
  }

  /** Returns the weight of the right class of each row, 0 where it does not count. */
  private Tensor weights(Tensor ofClasses, DType dtype) {
    Tensor each = Indexing.indexSelect(ofClasses.to(dtype), 0, present().reshape(classes.size()));
    return zeroIgnored(each.reshape(classes.shape().toArray()));
  }

  /** Returns the classes, with 0 for rows that do not count. */
  private IntTensor present() {
    if (counted == classes.size()) {
      return classes;
    }
    int[] values = Engine.everyExample(classes).toArray();
    Arrays.setAll(values, row -> Math.max(0, values[row]));
    return Engine.like(classes, values);
  }
}
