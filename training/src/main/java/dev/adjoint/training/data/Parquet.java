package dev.adjoint.training.data;

import com.google.common.base.Throwables;
import dev.adjoint.io.Quoted;
import dev.hardwood.InputFile;
import dev.hardwood.metadata.LogicalType;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.schema.ColumnProjection;
import dev.hardwood.schema.SchemaNode;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads <a href="https://parquet.apache.org">Parquet</a> files by a {@link Schema}, of whose
 * columns no others are read.
 *
 * <pre>{@code
 * Table<IntTensor> iris =
 *     Parquet.read(Path.of("iris.parquet"), Schema.label("species").numeric("petal_width"));
 * }</pre>
 *
 * <p>It needs the library {@code dev.hardwood:hardwood-core}, which the user of this class adds,
 * and on the module path {@code --add-modules dev.hardwood.core}. Files that are packed by Snappy
 * or Zstandard, as most are, need one library more; a message says which. Columns of lists and
 * structs cannot be read, nor bytes that are no text. {@link Table#read} says what its cells
 * become; booleans and dates are categories.
 */
public final class Parquet {

  private Parquet() {}

  /**
   * Reads a file into memory.
   *
   * @throws DataFormatException if the file is not Parquet, is damaged, is packed in a way for
   *     which there is no library, or is not what the schema says
   * @throws IllegalStateException if the library is not there
   */
  public static <Y> Table<Y> read(Path file, Schema<Y> schema) throws IOException {
    schema.requireFeatures();
    try {
      ParquetClaims.check(file, new HashSet<>(schema.names()));
      try (Rows rows = new ParquetRows(file, schema)) {
        return Table.read(rows, schema);
      }
    } catch (NoClassDefFoundError e) {
      throw new IllegalStateException(
          "Parquet.read: there is no class %s; expected the library dev.hardwood:hardwood-core beside this one, and on the module path --add-modules dev.hardwood.core"
              .formatted(e.getMessage()),
          e);
    }
  }

  /** The rows of a file. */
  private static final class ParquetRows implements Rows {

    private final Path file;
    private final List<String> columns;
    private final ParquetFileReader reader;
    private final String[] wanted;
    private final Set<String> unsigned = new HashSet<>();

    /** Null until the first row is asked for, since it begins to read ahead. */
    private @Nullable RowReader rows;

    private long count;

    ParquetRows(Path file, Schema<?> schema) throws IOException {
      this.file = file;
      try {
        reader = ParquetFileReader.open(InputFile.of(file));
      } catch (IOException | RuntimeException | OutOfMemoryError e) {
        throw refusal(e);
      }
      try {
        List<SchemaNode> fields = reader.getFileSchema().getRootNode().children();
        columns = fields.stream().map(SchemaNode::name).toList();
        for (SchemaNode field : fields) {
          if (schema.names().contains(field.name())) {
            requireCells(field);
          }
        }
        wanted = schema.names().stream().filter(columns::contains).toArray(String[]::new);
      } catch (DataFormatException e) {
        try (reader) {
          throw e;
        }
      } catch (RuntimeException | OutOfMemoryError e) {
        try (reader) {
          throw refusal(e);
        }
      }
    }

    private void requireCells(SchemaNode field) throws DataFormatException {
      if (field.maxRepetitionLevel() > 0
          || !(field instanceof SchemaNode.PrimitiveNode primitive)) {
        throw DataFormatException.at(
            this,
            "column %s is of lists or structs; expected numbers or texts"
                .formatted(Quoted.text(field.name())));
      }
      if (primitive.logicalType() instanceof LogicalType.IntType type && !type.isSigned()) {
        unsigned.add(field.name());
      }
    }

    @Override
    public List<String> columns() {
      return columns;
    }

    @Override
    public boolean next() throws IOException {
      try {
        if (rows == null) {
          rows = reader.buildRowReader().projection(ColumnProjection.columns(wanted)).build();
        }
        if (!rows.hasNext()) {
          return false;
        }
        rows.next();
        count++;
        return true;
      } catch (RuntimeException | OutOfMemoryError e) {
        throw refusal(e);
      }
    }

    @Override
    public @Nullable Object cell(int column) throws IOException {
      String name = columns.get(column);
      RowReader row = Objects.requireNonNull(rows, "a cell before the first row");
      try {
        if (row.isNull(name)) {
          return null;
        }
        Object value = row.getValue(name);
        if (!(value instanceof byte[])) {
          return unsigned.contains(name) ? unsigned(value) : value;
        }
      } catch (RuntimeException | OutOfMemoryError e) {
        throw refusal(e);
      }
      throw DataFormatException.at(
          this, "column %s is of bytes; expected numbers or texts".formatted(Quoted.text(name)));
    }

    /** Returns a number of the type of Java, which the library gives with its sign. */
    private static Object unsigned(Object value) {
      return switch (value) {
        case Integer number -> Integer.toUnsignedLong(number);
        case Long number when number < 0 -> new BigInteger(Long.toUnsignedString(number));
        default -> value;
      };
    }

    @Override
    public String place() {
      return Rows.numbered(file.toString(), count);
    }

    /** Refuses a file: the library throws exceptions of many kinds where it is damaged. */
    private DataFormatException refusal(Throwable e) {
      return DataFormatException.at(this, "cannot be read further: " + Throwables.getRootCause(e));
    }

    @Override
    public void close() throws IOException {
      try (reader) {
        if (rows != null) {
          rows.close();
        }
      }
    }
  }
}
