package dev.adjoint.nn.predict;

import com.google.common.collect.ImmutableList;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/**
 * How outputs become classes.
 *
 * @param labels the names of the classes, or none
 * @param temperature by which scores are divided before the softmax
 */
record Classes(List<String> labels, double temperature) {

  static final Classes NONE = new Classes(List.of(), 1);

  Classes {
    labels = ImmutableList.copyOf(labels);
    labels.forEach(name -> Columns.requireLine("labels", name));
    Columns.requireOnce("labels", labels);
    if (!(temperature > 0 && temperature < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "temperature: %s; expected a finite number above 0".formatted(temperature));
    }
  }

  /** Returns the probabilities of the classes, which are the last axis, as in all losses. */
  Tensor probabilities(Tensor scores) {
    boolean fits = scores.rank() > 1 && (labels.isEmpty() || scores.size(-1) == labels.size());
    if (!fits) {
      String classes = labels.isEmpty() ? "classes" : String.valueOf(labels.size());
      throw new IllegalArgumentException(
          "probabilities: output of shape %s; expected (N, ..., %s), the classes last"
              .formatted(scores.shape(), classes));
    }
    return (temperature == 1 ? scores : scores.div(temperature)).softmax(-1);
  }

  /**
   * Returns the label of the largest score of each example.
   *
   * @param notFinite says which features of an example are not finite, for a message
   */
  List<String> best(Tensor scores, IntFunction<String> notFinite) {
    if (labels.isEmpty()) {
      throw new IllegalStateException(
          "classify: this predictor has no labels; expected labels(...) before it was saved");
    }
    if (scores.rank() != 2 || scores.size(1) != labels.size()) {
      throw new IllegalArgumentException(
          "classify: output of shape %s; expected (N, %d), for the labels %s"
              .formatted(scores.shape(), labels.size(), labels));
    }
    double[] best = scores.max(1).toDoubleArray();
    for (int i = 0; i < best.length; i++) {
      if (!Double.isFinite(best[i])) {
        throw new IllegalArgumentException(
            "classify: example %d has the outputs %s%s; expected finite numbers"
                .formatted(
                    i, Arrays.toString(scores.select(0, i).toDoubleArray()), notFinite.apply(i)));
      }
    }
    IntTensor classes = scores.argmax(1);
    return Arrays.stream(classes.toArray()).mapToObj(labels::get).toList();
  }
}
