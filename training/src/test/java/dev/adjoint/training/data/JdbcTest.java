package dev.adjoint.training.data;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JdbcTest {

  private Connection connection;

  @BeforeEach
  void fill() throws SQLException {
    connection = DriverManager.getConnection("jdbc:h2:mem:");
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          create table fruit (id bigint, kind varchar, weight decimal(10, 2), size real,
            ripe boolean, note clob, seen date, picture blob, "Size" int);
          insert into fruit values
            (1, 'apple', 180.25, 5.5, true, 'good', '2026-01-01', x'00', 1),
            (2, 'pear', 210, null, false, 'bad', '2026-01-02', x'00', 2),
            (16777217, 'apple', 190, -6, null, 'good', '2026-01-01', x'00', 3);
          """);
    }
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  @Test
  void aQueryIsReadByTheSchemaOfAFile() throws IOException {
    Table<IntTensor> table =
        Jdbc.read(
            connection,
            "select *, weight * 2 as twice from fruit where id < ? order by id desc",
            Schema.label("kind")
                .numeric("weight", "TWICE")
                .category("ripe")
                .missing(0)
                .category("note")
                .category("seen"),
            1L << 30);
    assertThat(table.features())
        .containsExactly(
            "weight",
            "TWICE",
            "ripe=false",
            "ripe=true",
            "note=bad",
            "note=good",
            "seen=2026-01-01",
            "seen=2026-01-02");
    assertThat(table.labels()).containsExactly("apple", "pear");
    assertThat(table.dataset().all().inputs())
        .hasSameBitsAs(
            Tensor.of(
                new float[][] {
                  {190, 380, 0, 0, 0, 1, 1, 0},
                  {210, 420, 1, 0, 1, 0, 0, 1},
                  {180.25f, 360.5f, 0, 1, 0, 1, 1, 0}
                }));
    assertThat(table.dataset().all().targets()).isEqualTo(IntTensor.of(0, 1, 0));
  }

  @Test
  void aResultIsReadFromWhereItStands() throws Exception {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("select weight, kind from fruit order by id")) {
      result.next();
      Table<Tensor> table = Jdbc.read(result, Schema.target("weight").category("kind"));
      assertThat(table.dataset().all().targets())
          .hasSameBitsAs(Tensor.of(new float[][] {{210}, {190}}));
    }
  }

  private void assertRefused(Schema<?> schema, String message) {
    assertThatThrownBy(() -> Jdbc.read(connection, "select * from fruit order by id", schema))
        .isInstanceOf(DataFormatException.class)
        .hasMessage(message);
  }

  @Test
  void whatTheSchemaDoesNotAllowIsRefusedWithItsRow() {
    Schema<Tensor> weight = Schema.target("weight");
    assertRefused(
        weight.numeric("SIZE"),
        "the result, row 2: column 'SIZE' is null; expected a number, or Schema.missing for a feature");
    assertRefused(
        weight.numeric("id"),
        "the result, row 3: column 'id' is '16777217', which float32 would round to 16777216;"
            + " expected a category if it is an id, a smaller number, or one with a decimal point,"
            + " which may be rounded");
    assertRefused(
        weight.category("picture"),
        "the result, row 1: column 'picture' is of type BINARY LARGE OBJECT; expected numbers or"
            + " texts");
    assertRefused(
        weight.numeric("width"),
        "the result: no column 'width'; the columns are '[ID, KIND, weight, SIZE, RIPE, NOTE, SEEN,"
            + " PICTURE, Size]'");
    assertRefused(
        weight.numeric("size"),
        "the result: more than one column 'size'; the columns are '[ID, KIND, weight, size, RIPE,"
            + " NOTE, SEEN, PICTURE, size]'");
  }

  @Test
  void whatTheDatabaseReportsIsAnIoExceptionWithTheQuery() {
    assertThatThrownBy(
            () -> Jdbc.read(connection, "select x from nowhere", Schema.target("y").numeric("x")))
        .isExactlyInstanceOf(IOException.class)
        .hasCauseInstanceOf(SQLException.class)
        .hasMessageStartingWith("the query 'select x from nowhere': Table \"NOWHERE\" not found");
  }
}
