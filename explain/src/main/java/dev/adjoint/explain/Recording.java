package dev.adjoint.explain;

import dev.adjoint.autodiff.Node;
import dev.adjoint.tensor.Tensor;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was computed to get a tensor, step by step, with all that a reader wants to know of each.
 *
 * @param root the tensor
 * @param steps what it was computed from, itself last: each after its inputs
 */
record Recording(Tensor root, List<Step> steps) {

  /**
   * One node of the graph.
   *
   * @param name of a parameter (its path in the model) or a tensor that the user named; else null
   * @param layers the path of the layer that computed it, outermost first, as in ["encoder", "0",
   *     "norm"]; empty outside of all
   * @param line of the user's code that computed it, as in "Spiral.java:31"; null if unknown
   */
  record Step(
      Node node, Tensor value, @Nullable String name, List<String> layers, @Nullable String line) {}

  /** Returns what is known of a tensor that has been computed already. */
  static Recording of(Tensor root) {
    List<Step> steps =
        Node.ancestors(root, node -> true).entrySet().stream()
            .sorted(Comparator.comparingLong(entry -> entry.getKey().birth()))
            .map(entry ->
                new Step(
                    entry.getKey(),
                    entry.getValue(),
                    entry.getKey().isLeaf() ? entry.getKey().toString() : null,
                    List.of(),
                    entry.getKey().site()))
            .toList();
    return new Recording(root, steps);
  }
}
