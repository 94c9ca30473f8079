package dev.adjoint.kernel;

import java.util.List;
import java.util.Map;

/**
 * A composition of elementwise functions, as straight-line code.
 *
 * <p>Values are numbered: inputs from 0, then the results of calls; constants are -1, -2, ...
 *
 * @param calls the calls in their order, each of which may use the results of those before it
 * @param results the values that a loop over the formula writes
 */
public record Formula(int inputs, List<Double> constants, List<Call> calls, List<Integer> results) {

  /** A call of a function, by its name in {@code FloatFunctions}, on values. */
  public record Call(String function, List<Integer> operands) {

    /** Returns the call on values that have other numbers. */
    public Call on(Map<Integer, Integer> numbers) {
      return new Call(function, operands.stream().map(numbers::get).toList());
    }
  }

  /** Returns the formula of a single function of one to three values. */
  public static Formula of(String function, int arity) {
    Call call = new Call(function, List.of(0, 1, 2).subList(0, arity));
    return new Formula(arity, List.of(), List.of(call), List.of(arity));
  }

  /** Returns whether there are few enough operands to be passed one by one. */
  boolean isShort() {
    return inputs <= 3 && results.size() == 1;
  }
}
