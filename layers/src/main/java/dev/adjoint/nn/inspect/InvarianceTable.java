package dev.adjoint.nn.inspect;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Maps;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The invariances of some layers, as {@link Invariances} measured them: Table 1 of Ba, Kiros and
 * Hinton 2016 (arXiv:1607.06450) for layers of one's own.
 *
 * <p>{@code toString} is the table, to be read in a terminal of 120 columns.
 *
 * @param rows one for each layer
 */
public record InvarianceTable(List<Row> rows) {

  private static final String LEGEND =
      "yes: invariant; eps: up to the layer's epsilon; no: changes; with the largest relative"
          + " deviation for d = 0.1, 3, 1000";

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
    /** It changed. */
    NO("no");

    private final String label;

    Verdict(String label) {
      this.label = label;
    }

    @Override
    public String toString() {
      return label;
    }
  }

  /**
   * The measurement of one layer and one perturbation.
   *
   * @param verdict the effect on the output
   * @param deviation the largest change of an element, relative to the largest element
   */
  public record Cell(Verdict verdict, double deviation) {

    /** Returns the verdict, and the deviation unless it is rounding. */
    @Override
    public String toString() {
      if (verdict == Verdict.INVARIANT) {
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
   */
  public record Row(String name, Map<Perturbation, Cell> cells) {

    /** Creates a row. */
    public Row {
      cells = Maps.immutableEnumMap(cells);
    }

    /** Returns the effect of a perturbation on the output. */
    public Verdict verdict(Perturbation perturbation) {
      return cell(perturbation).verdict;
    }

    /** Returns how far the output changed, relative to the largest output. */
    public double deviation(Perturbation perturbation) {
      return cell(perturbation).deviation;
    }

    private Cell cell(Perturbation perturbation) {
      Cell cell = cells.get(perturbation);
      if (cell == null) {
        throw new IllegalArgumentException(
            "row '%s' has no cell for %s; expected one of %s"
                .formatted(name, perturbation.name(), cells.keySet()));
      }
      return cell;
    }
  }

  @Override
  public String toString() {
    List<Perturbation> columns = List.of(Perturbation.values());
    TextTable table = new TextTable(false);
    table.row("", columns);
    rows.forEach(row -> table.row(row.name, columns.stream().map(row::cell).toList()));
    return table + LEGEND;
  }
}
