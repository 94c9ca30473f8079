package dev.adjoint.nn.calls;

import java.util.function.Function;

/**
 * One operation: how a call of it is drawn.
 *
 * @param order how often it is differentiated: 0 to 2
 */
record CallRow(String name, int order, Function<Draw, Call> call) {

  /** Returns a row for an operation that has second derivatives. */
  static CallRow row(String name, Function<Draw, Call> call) {
    return new CallRow(name, 2, call);
  }

  /** Returns a row for an operation whose results are compared, but no gradients. */
  static CallRow values(String name, Function<Draw, Call> call) {
    return new CallRow(name, 0, call);
  }

  /** Returns a row whose second derivatives libtorch does not have. */
  static CallRow once(String name, Function<Draw, Call> call) {
    return new CallRow(name, 1, call);
  }
}
