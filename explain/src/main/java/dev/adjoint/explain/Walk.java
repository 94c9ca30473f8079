package dev.adjoint.explain;

import com.google.common.collect.ImmutableList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a page steps through, as it is to be read: the values in the order they were computed, and
 * the visits of the backward pass, which goes back through them.
 *
 * @param values each after what it was computed from; the last is what is differentiated
 * @param visits from the last value down to those that were given
 */
record Walk(List<Value> values, List<Visit> visits) {

  /** Creates a walk. */
  Walk {
    values = ImmutableList.copyOf(values);
    visits = ImmutableList.copyOf(visits);
  }

  /** A name with a shape and numbers, as in "b", "[2]" and "[0.5, 1]". */
  record Named(String name, String shape, String numbers) {}

  /**
   * A value.
   *
   * @param formula what computed it, as in "tanh(a)"; null if it was given
   * @param operands what it was computed from, in order
   * @param where the layer and the line of code that computed it; empty if unknown
   */
  record Value(Named result, @Nullable String formula, List<Named> operands, List<String> where) {

    boolean isGiven() {
      return formula == null;
    }

    /** Returns what was computed, as in "h = tanh(a)", or the name of what was given. */
    String equation() {
      return isGiven() ? result.name : result.name + " = " + formula;
    }
  }

  /**
   * A visit of the backward pass.
   *
   * @param value the index of the value that is visited
   * @param gradient its gradient, complete
   * @param parts what the visit adds to the gradients of the operands, in order
   */
  record Visit(int value, String gradient, List<Part> parts) {}

  /**
   * What one use of a value adds to its gradient.
   *
   * @param value the index of the value
   * @param formula the local derivative times g, the gradient of what is visited: "g * (1 - h^2)"
   * @param numbers of the part
   * @param before the sum so far; null if this is the first part
   * @param sum with this part
   */
  record Part(int value, String formula, String numbers, @Nullable String before, String sum) {}
}
