package dev.adjoint.check;

import dev.adjoint.tensor.Shape;
import java.util.List;

/**
 * The result of a {@link GradientCheck}: for each input the worst derivative and the worst
 * failures, and a sentence for everything else that is wrong. {@link #toString} prints it as a
 * table.
 *
 * @param check the check that made the report
 * @param output the shape of the function's output
 * @param inputs a report for each input and parameter, and with order 2 another for its second
 *     derivatives
 * @param findings a sentence for each failure that is not about one derivative
 * @param suspects the likely causes of failures, as far as they could be found: {@code the pullback
 *     of 'layerNorm' with respect to its input 0}. Each operation was compared with differences by
 *     itself, along one line through the failed input
 * @param places for each suspect, where it was computed if parameters are checked, else empty: by
 *     which line of code, and between the uses of which parameters, as in {@code computed at
 *     MyNorm.forward(MyNorm.java:31), after 4.bias, before 5.gain}
 * @param spent how long a check took and what would be faster; empty if less than ten seconds
 * @param identity how well {@code <u, Jv> = <J'u, v>} holds, forward against backward mode, for
 *     random u and v and without a step size, in the steps whose forward rule does not use the
 *     pullback: views, sums, gathers, products, convolutions and their like. It names the others,
 *     custom functions among them, of which it says nothing; empty for functions of arrays
 */
public record GradientReport(
    GradientCheck check,
    Shape output,
    List<InputReport> inputs,
    List<String> findings,
    List<String> suspects,
    List<String> places,
    String spent,
    String identity) {

  /** Keeps the lists as they are now. */
  public GradientReport {
    inputs = List.copyOf(inputs);
    findings = List.copyOf(findings);
    suspects = List.copyOf(suspects);
    places = List.copyOf(places);
  }

  /** Tells whether nothing failed or was undecided; a derivative at a kink is no failure. */
  public boolean isOk() {
    return findings.isEmpty() && inputs.stream().allMatch(InputReport::isOk);
  }

  /** Throws an {@link AssertionError} with this report unless {@link #isOk()}. */
  public void assertOk() {
    if (!isOk()) {
      throw new AssertionError(toString());
    }
  }

  /**
   * Returns the report on one input or parameter.
   *
   * @param order 1, or 2 for second derivatives
   * @throws IllegalArgumentException if there is no such report
   */
  public InputReport of(String name, int order) {
    return inputs.stream()
        .filter(input -> input.name().equals(name) && input.order() == order)
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "gradient report: nothing on '%s' of order %d; expected one of %s"
                    .formatted(name, order, inputs.stream().map(InputReport::name).toList())));
  }

  /**
   * Returns the smallest relative error that would have been seen in every derivative: at 0.01, an
   * error of 1 % may have passed. Derivatives at a kink do not count.
   */
  public double resolution() {
    return inputs.stream().mapToDouble(InputReport::resolution).max().orElse(0);
  }

  /** Returns how many derivatives are at a kink, where differences prove nothing. */
  public int kinks() {
    return inputs.stream().mapToInt(InputReport::kinks).sum();
  }

  @Override
  public String toString() {
    return ReportPrinter.print(this);
  }
}
