package dev.adjoint.op;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Runs the table in a JVM of its own, for {@link OpBitsTest}, and prints what it finds. */
final class OpProbe {

  /** One element, less than a vector, vectors with and without a rest, more than one chunk. */
  private static final int[] ODD_SIZES = {1, 4, 6, 8, 13, 16, 25, 31, 64, 65, 127, 4098};

  /** Of rows whose primitives other rows try in all sizes: vectors and a rest. */
  private static final int[] ONE_ODD_SIZE = {65};

  private OpProbe() {}

  /** Prints a hash for every row, size and type; or compares first calls with later ones. */
  public static void main(String[] arguments) {
    switch (arguments[0]) {
      case "hashes" -> hashes().forEach((label, hash) -> System.out.println(label + "\t" + hash));
      case "repeat" -> repeat(Integer.parseInt(arguments[1])).forEach(System.out::println);
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  /** Returns a hash of the value and the gradients of every row in many sizes and both types. */
  static Map<String, Long> hashes() {
    Map<String, Long> hashes = new TreeMap<>();
    List<OpCase> inAllSizes = OpTable.rowsForAllSizes();
    for (OpCase row : OpTable.rows()) {
      Set<OpCase.Sizes> all = new LinkedHashSet<>(row.allSizes());
      for (int size : inAllSizes.contains(row) ? ODD_SIZES : ONE_ODD_SIZE) {
        if (size < 50 || !isOfMatrices(row)) {
          all.add(row.lastOf(size)); // large square matrices take long
        }
      }
      for (OpCase.Sizes sizes : all) {
        Dense[] numbers = row.numbers(sizes);
        for (DType dtype : DType.values()) {
          hashes.put(
              "%s, %s, %s".formatted(row, sizes, dtype),
              OpResults.hash(OpResults.of(row, OpCase.tensors(numbers, dtype))));
        }
      }
    }
    return hashes;
  }

  private static boolean isOfMatrices(OpCase row) {
    return row.methods().stream().anyMatch(method -> method.startsWith("Linalg"));
  }

  /** Returns what differs between the first and the last of so many calls; then, how many rows. */
  private static List<String> repeat(int calls) {
    List<OpCase> rows = OpTable.oneRowEach();
    List<String> lines =
        new ArrayList<>(
            rows.parallelStream()
                .filter(row -> differs(row, isOfMatrices(row) ? calls / 10 : calls)) // of tens each
                .map(OpCase::name)
                .toList());
    lines.add(rows.size() + " rows");
    return lines;
  }

  private static boolean differs(OpCase row, int calls) {
    // Whole vectors and a rest, in so few calls enough elements for loops to begin on vectors.
    OpCase.Sizes sizes = isOfMatrices(row) ? row.small() : row.lastOf(65);
    Tensor[] x =
        Arrays.stream(OpCase.tensors(row.numbers(sizes), DType.FLOAT32))
            .map(Tensor::tracked)
            .toArray(Tensor[]::new);
    long first = OpResults.hash(OpResults.of(row, x));
    Tensor seed = OpCase.weights(row.function().apply(x));
    for (int call = 2; call < calls; call++) {
      Tensor y = row.function().apply(x);
      if (y.isTracked()) {
        Backward.wrt(x).seed(seed).of(y);
      }
    }
    return OpResults.hash(OpResults.of(row, x)) != first;
  }
}
