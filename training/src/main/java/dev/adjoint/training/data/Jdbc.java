package dev.adjoint.training.data;

import dev.adjoint.io.Quoted;
import java.io.IOException;
import java.sql.Clob;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a database returns by a {@link Schema}.
 *
 * <pre>{@code
 * Table<IntTensor> customers =
 *     Jdbc.read(
 *         connection,
 *         "select months, charges, outcome from customers where joined < ? order by id",
 *         Schema.label("outcome").numeric("months", "charges"),
 *         LocalDate.of(2026, 1, 1));
 * }</pre>
 *
 * <p>Columns are those of the labels of the result; the case of a letter does not matter, as it
 * does not in SQL. NULL is missing. Without an {@code order by} a database may return the rows in
 * another order each time, and with them other splits and batches of the same seed. {@link
 * Table#read} says what its cells become; booleans and dates are categories.
 */
@SuppressWarnings("exports") // who calls it requires java.sql already
public final class Jdbc {

  /** Rows that are fetched at once by drivers that would else fetch all. */
  private static final int FETCHED = 1000;

  private Jdbc() {}

  /**
   * Runs a query and reads its rows into memory.
   *
   * @param sql the query, with a question mark for each argument
   * @throws DataFormatException if the rows are not what the schema says
   * @throws IOException for what the database reports, caused by an {@link SQLException}
   */
  public static <Y> Table<Y> read(
      Connection connection, String sql, Schema<Y> schema, Object... arguments) throws IOException {
    schema.requireFeatures();
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setFetchSize(FETCHED);
      for (int i = 0; i < arguments.length; i++) {
        statement.setObject(i + 1, arguments[i]);
      }
      try (ResultSet result = statement.executeQuery()) {
        return read(result, schema);
      }
    } catch (SQLException e) {
      throw new IOException("the query %s: %s".formatted(Quoted.text(sql), e.getMessage()), e);
    }
  }

  /**
   * Reads the rows of a result, from its next on, into memory.
   *
   * @param result which is not closed
   * @throws DataFormatException if the rows are not what the schema says
   * @throws IOException for what the database reports, caused by an {@link SQLException}
   */
  public static <Y> Table<Y> read(ResultSet result, Schema<Y> schema) throws IOException {
    return Table.read(new ResultRows(result, schema.names()), schema);
  }

  /** The rows of a result. */
  private static final class ResultRows implements Rows {

    private final ResultSet result;
    private final List<String> columns = new ArrayList<>();
    private long count;

    ResultRows(ResultSet result, List<String> wanted) throws IOException {
      this.result = result;
      try {
        ResultSetMetaData meta = result.getMetaData();
        for (int i = 1; i <= meta.getColumnCount(); i++) {
          columns.add(meta.getColumnLabel(i));
        }
        List<String> others = wanted.stream().filter(name -> !columns.contains(name)).toList();
        columns.replaceAll(
            label -> others.stream().filter(label::equalsIgnoreCase).findFirst().orElse(label));
      } catch (SQLException e) {
        throw failure(e);
      }
    }

    @Override
    public List<String> columns() {
      return columns;
    }

    @Override
    public boolean next() throws IOException {
      try {
        boolean more = result.next();
        count += more ? 1 : 0;
        return more;
      } catch (SQLException e) {
        throw failure(e);
      }
    }

    @Override
    public @Nullable Object cell(int column) throws IOException {
      try {
        Object value = result.getObject(column + 1);
        return switch (value) {
          case null -> null;
          case Clob _ -> result.getString(column + 1);
          case Number _, Comparable<?> _ -> value;
          default ->
              throw DataFormatException.at(
                  this,
                  "column %s is of type %s; expected numbers or texts"
                      .formatted(
                          Quoted.text(columns.get(column)),
                          result.getMetaData().getColumnTypeName(column + 1)));
        };
      } catch (SQLException e) {
        throw failure(e);
      }
    }

    private IOException failure(SQLException e) {
      return new IOException("%s: %s".formatted(place(), e.getMessage()), e);
    }

    @Override
    public String place() {
      return Rows.numbered("the result", count);
    }
  }
}
