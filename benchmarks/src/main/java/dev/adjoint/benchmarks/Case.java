package dev.adjoint.benchmarks;

import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Describes a computation once for both libraries, and the sizes at which it is measured.
 *
 * @param sizes as the table shows them; the numbers in such a text are the sizes
 * @param work what one call does at least, of sizes
 * @param ours the computation in Adjoint
 * @param theirs the same in libtorch
 */
record Case(
    String name,
    Kind kind,
    List<String> sizes,
    Function<int[], Work> work,
    Ours ours,
    Theirs theirs) {

  private static final Pattern NO_DIGITS = Pattern.compile("[^0-9]+");

  /** What is measured. */
  enum Kind {
    /** The output alone, with nothing recorded. */
    FORWARD,
    /** The output and the gradients of all inputs and parameters. */
    GRADIENTS,
    /** The loss, its gradients, and an update of the parameters by Adam. */
    ADAM,
    /** The same by SGD. */
    SGD
  }

  /** Makes the computation in Adjoint and draws what it computes on. */
  @FunctionalInterface
  interface Ours {
    Model model(Draw draw, int[] sizes);
  }

  /** Computes the output in libtorch. */
  @FunctionalInterface
  interface Theirs {
    org.bytedeco.pytorch.Tensor forward(Given given, int[] sizes);
  }

  /** A case at one size: a line of the table. */
  record Row(Case of, String size) {

    int[] sizes() {
      return NO_DIGITS
          .splitAsStream(size)
          .filter(number -> !number.isEmpty())
          .mapToInt(Integer::parseInt)
          .toArray();
    }

    String name() {
      return of.name + " " + size;
    }

    Work work() {
      return of.work.apply(sizes());
    }

    @Override
    public String toString() {
      return name();
    }
  }

  /** Returns a case of an output and gradients. */
  static Case of(
      String name, List<String> sizes, Function<int[], Work> work, Ours ours, Theirs theirs) {
    return new Case(name, Kind.GRADIENTS, sizes, work, ours, theirs);
  }

  List<Row> rows() {
    return sizes.stream().map(size -> new Row(this, size)).toList();
  }
}
