package dev.adjoint.benchmarks;

import java.util.List;
import java.util.stream.Stream;

/** All cases: the main ones, and more. */
final class Cases {

  private static final List<Case> MAIN =
      Stream.of(
              NormCases.MAIN,
              ElementwiseCases.MAIN,
              ReductionCases.MAIN,
              ProductCases.MAIN,
              StepCases.MAIN)
          .flatMap(List::stream)
          .toList();

  private static final List<Case> ALL =
      Stream.of(
              MAIN,
              NormCases.MORE,
              ElementwiseCases.MORE,
              ReductionCases.MORE,
              ProductCases.MORE,
              SequenceCases.MORE)
          .flatMap(List::stream)
          .toList();

  private Cases() {}

  /** Returns the rows of all cases, in an order that every process knows. */
  static List<Case.Row> rows() {
    return ALL.stream().flatMap(c -> c.rows().stream()).toList();
  }

  /** Returns the row of this name and size. */
  static Case.Row row(String name) {
    return rows().stream()
        .filter(row -> row.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "benchmarks: '%s'; expected a row's name and size, as in the table"
                    .formatted(name)));
  }

  /** Returns the cases of which a row is to be measured. */
  static List<Case> of(Options options) {
    return (options.all() ? ALL : MAIN)
        .stream().filter(c -> c.rows().stream().anyMatch(row -> selected(options, row))).toList();
  }

  static boolean selected(Options options, Case.Row row) {
    return options.rows().matcher(row.name()).find();
  }
}
