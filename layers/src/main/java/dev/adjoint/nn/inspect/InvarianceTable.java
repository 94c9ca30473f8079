package dev.adjoint.nn.inspect;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Maps;
import dev.adjoint.nn.TextTable;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * The invariances of some layers, as {@link Invariances} measured them: Table 1 of Ba, Kiros and
 * Hinton 2016 (arXiv:1607.06450) for layers of one's own.
 *
 * <p>{@code toString} is the table, to be read in a terminal of 120 columns; {@link #gradientFacts}
 * is another, of what this means for gradients.
 *
 * @param rows one for each layer
 */
public record InvarianceTable(List<Row> rows) {

  private static final String LEGEND =
      """
      yes: invariant; eps: up to the layer's epsilon; eqv: equivariant, scaled or shifted along;
      no: changes otherwise; with the largest relative deviation for d = 0.1, 3, 1000\
      """;

  private static final String LEGEND_OF_GRADIENTS =
      """
      <W, dW> = 0: a gradient turns the weights W and does not lengthen them; w: each row of W;
      W d: where W is d times as large, its gradient is dW / d, and that of the data the same dx;
      x d: where the data are; yes, eps and no as above, for d = 0.1, 3, 1000\
      """;

  /** Creates a table. */
  public InvarianceTable {
    rows = ImmutableList.copyOf(rows);
  }

  /** Returns the table of these rows. */
  public static InvarianceTable of(Row... rows) {
    return new InvarianceTable(List.of(rows));
  }

  /** The effect of a perturbation on the output. */
  public enum Verdict {
    /** It stayed the same, but for rounding. */
    INVARIANT("yes"),
    /**
     * It changed a little, because of an epsilon: the change vanishes where magnitudes are so large
     * that the epsilon does not count.
     */
    UP_TO_EPSILON("eps"),
    /**
     * It was scaled by the same factor, or shifted by an amount in proportion that is the same for
     * all outputs or cases.
     */
    EQUIVARIANT("eqv"),
    /** It changed otherwise. */
    NO("no");

    private final String label;

    Verdict(String label) {
      this.label = label;
    }

    /** Tells whether the output stayed the same, but for rounding or an epsilon. */
    public boolean isInvariant() {
      return this == INVARIANT || this == UP_TO_EPSILON;
    }

    @Override
    public String toString() {
      return label;
    }
  }

  /**
   * The measurement of one layer and one perturbation or one fact.
   *
   * @param verdict the effect on the output, or whether the fact is true
   * @param deviation the largest change of an element, relative to the largest element
   */
  public record Cell(Verdict verdict, double deviation) {

    /** Returns the verdict, and the deviation unless it is rounding or follows from it. */
    @Override
    public String toString() {
      if (verdict == Verdict.INVARIANT || verdict == Verdict.EQUIVARIANT) {
        return verdict.toString();
      }
      boolean plain = deviation >= 1e-3 && deviation < 1e4;
      return verdict
          + " "
          + (plain
              ? new BigDecimal(deviation).round(new MathContext(1)).toPlainString()
              : String.format(Locale.ROOT, "%.0e", deviation));
    }
  }

  /**
   * The measurements of one layer.
   *
   * @param name of the layer
   * @param cells one for each perturbation
   * @param gradientFacts one for each fact; none if the output has no gradient
   */
  public record Row(
      String name, Map<Perturbation, Cell> cells, Map<GradientFact, Cell> gradientFacts) {

    /** Creates a row. */
    public Row {
      cells = Maps.immutableEnumMap(cells);
      gradientFacts = Maps.immutableEnumMap(gradientFacts);
    }

    /** Returns whether a fact is true of the layer's gradients: exactly, up to epsilon or not. */
    public Verdict verdict(GradientFact fact) {
      return cell(gradientFacts, fact).verdict;
    }

    /** Returns the effect of a perturbation on the output. */
    public Verdict verdict(Perturbation perturbation) {
      return cell(cells, perturbation).verdict;
    }

    /** Returns how far the output changed, relative to the largest output. */
    public double deviation(Perturbation perturbation) {
      return cell(cells, perturbation).deviation;
    }

    private <K extends Enum<K>> Cell cell(Map<K, Cell> all, K column) {
      Cell cell = all.get(column);
      if (cell == null) {
        throw new IllegalArgumentException(
            "row '%s' has no cell for %s; expected one of %s"
                .formatted(name, column.name(), all.keySet()));
      }
      return cell;
    }
  }

  @Override
  public String toString() {
    return aligned(rows, List.of(Perturbation.values()), Row::cells) + LEGEND;
  }

  /** Returns the table of what is true of the layers' gradients, to be read in a terminal, too. */
  public String gradientFacts() {
    List<Row> known = rows.stream().filter(row -> !row.gradientFacts.isEmpty()).toList();
    return aligned(known, List.of(GradientFact.values()), Row::gradientFacts) + LEGEND_OF_GRADIENTS;
  }

  private static <K extends Enum<K>> TextTable aligned(
      List<Row> rows, List<K> columns, Function<Row, Map<K, Cell>> cells) {
    TextTable table = new TextTable(Integer.MAX_VALUE);
    table.row("", columns);
    for (Row row : rows) {
      table.row(
          row.name, columns.stream().map(column -> row.cell(cells.apply(row), column)).toList());
    }
    return table;
  }
}
