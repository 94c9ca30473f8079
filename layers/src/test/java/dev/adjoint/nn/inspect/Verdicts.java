package dev.adjoint.nn.inspect;

import static java.util.stream.Collectors.joining;

/** Writes a row of verdicts in the least space. */
final class Verdicts {

  private Verdicts() {}

  /** Returns Y for invariant, e for up to epsilon and - for no, in the order of the columns. */
  static String of(InvarianceTable.Row row) {
    return row.cells().values().stream()
        .map(cell ->
            switch (cell.verdict()) {
              case INVARIANT -> "Y";
              case UP_TO_EPSILON -> "e";
              case NO -> "-";
            })
        .collect(joining(" "));
  }
}
