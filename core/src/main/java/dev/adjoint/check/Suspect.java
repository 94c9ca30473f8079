package dev.adjoint.check;

import dev.adjoint.autodiff.Node;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A likely cause of failures.
 *
 * @param what is wrong, as in {@code the pullback of 'square' with respect to its input 0}
 * @param where it was computed; empty if no parameters are checked, by which that could be said
 */
record Suspect(String what, String where) {

  /**
   * Says where a step was computed: by which line of code, and between the uses of which inputs and
   * parameters.
   *
   * @param names of inputs and parameters, by their nodes
   */
  static String where(GraphStep step, Tensor output, Map<Node, String> names) {
    TreeMap<Long, String> uses = new TreeMap<>();
    for (Node node : Node.ancestors(output, _ -> true).keySet()) {
      for (Tensor input : node.inputs()) {
        String name = names.get(input.node());
        if (name != null) {
          uses.put(node.birth(), name);
        }
      }
    }
    String with = uses.get(step.birth());
    return "computed"
        + part(" at ", step.site())
        + (with != null
            ? part(", with ", with)
            : part(", after ", last(uses.lowerEntry(step.birth())))
                + part(", before ", last(uses.higherEntry(step.birth()))));
  }

  private static @Nullable String last(Map.@Nullable Entry<Long, String> use) {
    return use == null ? null : use.getValue();
  }

  private static String part(String preposition, @Nullable String what) {
    return what == null ? "" : preposition + what;
  }
}
