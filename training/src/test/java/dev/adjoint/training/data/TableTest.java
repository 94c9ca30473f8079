package dev.adjoint.training.data;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TableTest {

  private static final Schema<Tensor> NUMBER = Schema.target("y").numeric("x");

  /** Returns the rows of a table of two columns. */
  private static Rows pairs(@Nullable Object... cells) {
    List<List<@Nullable Object>> rows = new java.util.ArrayList<>();
    for (int i = 0; i < cells.length; i += 2) {
      rows.add(Arrays.asList(cells[i], cells[i + 1]));
    }
    return Rows.of("pairs", List.of("x", "y"), rows);
  }

  private static void assertRefused(Rows rows, Schema<?> schema, String message) {
    assertThatThrownBy(() -> Table.read(rows, schema))
        .isInstanceOf(DataFormatException.class)
        .hasMessage(message);
  }

  @Test
  void cellsOfAllTypesBecomeTheSameAsTheirTexts() throws IOException {
    Rows typed =
        Rows.of(
            "typed",
            List.of("a", "b", "on", "day", "kind"),
            List.of(
                List.of(1, 2.5, true, LocalDate.of(2026, 1, 31), 10L),
                List.of(new BigDecimal("-3.25"), " 7 ", "false", "2026-02-01", "9")));
    Rows texts =
        Rows.of(
            "texts",
            List.of("kind", "day", "on", "b", "a"),
            List.of(
                List.of("10", "2026-01-31", "true", "2.5", "1"),
                List.of("9", "2026-02-01", "false", "7", "-3.25")));
    Schema<IntTensor> schema =
        Schema.label("kind").numeric("a", "b").category("on").category("day");
    Table<IntTensor> table = Table.read(typed, schema);
    Table<IntTensor> same = Table.read(texts, schema);
    assertThat(table.features())
        .containsExactly("a", "b", "on=false", "on=true", "day=2026-01-31", "day=2026-02-01");
    assertThat(table.labels()).containsExactly("9", "10");
    assertThat(table.dataset().all().inputs())
        .hasSameBitsAs(Tensor.of(new float[][] {{1, 2.5f, 0, 1, 1, 0}, {-3.25f, 7, 1, 0, 0, 1}}))
        .hasSameBitsAs(same.dataset().all().inputs());
    assertThat(table.dataset().all().targets())
        .isEqualTo(IntTensor.of(1, 0))
        .isEqualTo(same.dataset().all().targets());
  }

  @Test
  void nothingAndNanAreMissing() throws IOException {
    Schema<Tensor> schema = Schema.target("y").numeric("x");
    assertThat(
            Table.read(pairs(null, 1, Double.NaN, 2, "?", 3), schema.missing(-1, "?"))
                .dataset()
                .all()
                .inputs())
        .hasSameBitsAs(Tensor.of(new float[][] {{-1}, {-1}, {-1}}));
    assertThat(
            Table.read(pairs(null, 1, "", 2, "a", 3), Schema.target("y").category("x").missing(0))
                .dataset()
                .all()
                .inputs())
        .hasSameBitsAs(Tensor.of(new float[][] {{0}, {0}, {1}}));
    assertRefused(
        pairs(1, 1, null, 2),
        schema,
        "pairs, row 2: column 'x' is null; expected a number, or Schema.missing for a feature");
    assertRefused(
        pairs(Float.NaN, 1),
        schema,
        "pairs, row 1: column 'x' is 'NaN'; expected a number, or Schema.missing for a feature");
    assertRefused(
        pairs(1, null),
        Schema.label("y", "a", "b").numeric("x").missing(0),
        "pairs, row 1: column 'y' is null; expected a category");
  }

  @Test
  void aNumberThatWouldSilentlyChangeIsRefused() throws IOException {
    for (Number id :
        new Number[] {
          16777217, 16777217L, BigInteger.valueOf(16777217), new BigDecimal(16777217)
        }) {
      assertRefused(
          pairs(id, 1),
          NUMBER,
          ("pairs, row 1: column 'x' is '%s', which float32 would round to %s; expected a category"
                  + " if it is an id, a smaller number, or one with a decimal point, which may be"
                  + " rounded")
              .formatted(id, 16777216));
    }
    assertThat(
            Table.read(pairs(16777216, 1, 16777217.0, 2, 1L << 40, 3), NUMBER)
                .dataset()
                .all()
                .inputs())
        .hasSameBitsAs(Tensor.of(new float[][] {{16777216}, {16777216}, {1L << 40}}));
    for (Number large :
        new Number[] {1e39, new BigDecimal("1e1000000000"), Float.NEGATIVE_INFINITY}) {
      assertRefused(
          pairs(large, 1),
          NUMBER,
          "pairs, row 1: column 'x' is '%s'; expected a number that float32 holds"
              .formatted(large));
    }
    assertRefused(pairs(true, 1), NUMBER, "pairs, row 1: column 'x' is 'true'; expected a number");
  }

  @Test
  void rowsThatAreNotLikeTheirColumnsAreRefused() {
    assertRefused(
        Rows.of("short", List.of("x", "y"), List.of(List.of(1, 2), List.of(3))),
        NUMBER,
        "short, row 2: 1 cells; expected 2, [x, y]");
    assertRefused(
        Rows.of("other", List.of("x", "z"), List.of(List.of(1, 2))),
        NUMBER,
        "other: no column 'y'; the columns are '[x, z]'");
    assertRefused(pairs(), NUMBER, "pairs: no rows; expected examples");
  }
}
