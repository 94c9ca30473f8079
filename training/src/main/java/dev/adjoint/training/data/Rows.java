package dev.adjoint.training.data;

import java.io.Closeable;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A table, row by row, from wherever it is: what {@link Table#read} makes examples of, by a {@link
 * Schema}. For rows of another kind than {@link Csv}, implement it or call {@link #of}.
 */
public interface Rows extends Closeable {

  /** Returns the names of all columns, in the order of the cells. */
  List<String> columns();

  /** Moves to the next row, with the first call to the first; returns whether there is one. */
  boolean next() throws IOException;

  /**
   * Returns a cell of the row: null if there is nothing in it; a {@link Number}, or a text that is
   * one, for a numeric column; and for a category anything whose {@code toString} names it.
   *
   * @param column its place among the {@link #columns}
   */
  @Nullable Object cell(int column) throws IOException;

  /** Says where the row is, such as {@code iris.csv, line 17}: messages begin with it. */
  String place();

  /** Releases what the rows come from; does nothing by default. */
  @Override
  default void close() throws IOException {}

  /**
   * Returns rows of memory, or of an iterator, which is asked for one after the other.
   *
   * @param name of the table, for messages
   * @param columns the name of each
   * @param rows the cells of each, as many as there are columns
   */
  static Rows of(String name, List<String> columns, Iterable<? extends List<?>> rows) {
    List<String> names = List.copyOf(columns);
    Iterator<? extends List<?>> remaining = rows.iterator();
    return new Rows() {
      private List<?> row = List.of();
      private long count;

      @Override
      public List<String> columns() {
        return names;
      }

      @Override
      public boolean next() throws IOException {
        if (!remaining.hasNext()) {
          return false;
        }
        row = remaining.next();
        count++;
        if (row.size() != names.size()) {
          throw DataFormatException.at(
              this, "%d cells; expected %d, %s".formatted(row.size(), names.size(), names));
        }
        return true;
      }

      @Override
      public @Nullable Object cell(int column) {
        return row.get(column);
      }

      @Override
      public String place() {
        return numbered(name, count);
      }
    };
  }

  /** Returns where a row of a table is, or the table itself for row 0, before the first. */
  static String numbered(String name, long row) {
    return row == 0 ? name : "%s, row %s".formatted(name, row);
  }
}
