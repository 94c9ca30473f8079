package dev.adjoint.nn.inspect;

import static java.util.stream.Collectors.joining;

import java.util.Collection;

/** Writes a row of verdicts in the least space. */
final class Verdicts {

  private Verdicts() {}

  /**
   * Returns Y for invariant, e for up to epsilon, ~ for equivariant and - for no, in the order of
   * the columns.
   */
  static String of(InvarianceTable.Row row) {
    return of(row.cells().values());
  }

  /** Returns Y for true, e for up to epsilon and - for no, in the order of the facts. */
  static String ofGradients(InvarianceTable.Row row) {
    return of(row.gradientFacts().values());
  }

  private static String of(Collection<InvarianceTable.Cell> cells) {
    return cells.stream()
        .map(cell ->
            switch (cell.verdict()) {
              case INVARIANT -> "Y";
              case UP_TO_EPSILON -> "e";
              case EQUIVARIANT -> "~";
              case NO -> "-";
            })
        .collect(joining(" "));
  }
}
