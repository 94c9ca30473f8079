package dev.adjoint.spark;

import com.google.common.collect.AbstractIterator;
import com.google.common.collect.Iterators;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.Schema;
import dev.adjoint.training.data.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Rows as bytes: the numbers that a model sees of each, features and then targets. */
final class PackedRows {

  private static final int CHUNK = 4096;

  private PackedRows() {}

  /** Packs rows by a schema that says all categories, some thousands at a time. */
  static Iterator<Row> pack(Iterator<Row> rows, SchemaForm form) {
    Schema<?> schema = form.schema();
    return Iterators.concat(
        new AbstractIterator<Iterator<Row>>() {
          @Override
          protected Iterator<Row> computeNext() {
            return rows.hasNext() ? chunk(rows, schema) : endOfData();
          }
        });
  }

  private static Iterator<Row> chunk(Iterator<Row> rows, Schema<?> schema) {
    try {
      Batch<Tensor, ?> batch =
          Table.read(new Cells(schema.names(), rows, CHUNK), schema).dataset().all();
      float[] x = batch.inputs().toFloatArray();
      int[] y = targets(batch.targets());
      return IntStream.range(0, batch.size())
          .mapToObj(row -> RowFactory.create((Object) bytes(row, batch.size(), x, y)))
          .iterator();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns classes, or the bits of numbers. */
  private static int[] targets(Object targets) {
    if (targets instanceof IntTensor classes) {
      return classes.toArray();
    }
    float[] numbers = ((Tensor) targets).toFloatArray();
    return IntStream.range(0, numbers.length).map(i -> Float.floatToIntBits(numbers[i])).toArray();
  }

  private static byte[] bytes(int row, int rows, float[] x, int[] y) {
    int features = x.length / rows;
    int targets = y.length / rows;
    ByteBuffer bytes = ByteBuffer.allocate((features + targets) * Float.BYTES);
    for (int i = row * features; i < (row + 1) * features; i++) {
      bytes.putInt(Float.floatToIntBits(x[i])); // one NaN, so that equal rows have equal bytes
    }
    for (int i = row * targets; i < (row + 1) * targets; i++) {
      bytes.putInt(y[i]);
    }
    return bytes.array();
  }

  /** Returns the shard of so many packed rows. */
  static <Y> Shard<Y> unpack(
      int number, int size, int features, SchemaForm form, Iterator<byte[]> rows) {
    int targets = form.targets().size();
    float[] x = new float[size * features];
    int[] y = new int[size * targets];
    int row = 0;
    for (; rows.hasNext() && row < size; row++) {
      ByteBuffer bytes = ByteBuffer.wrap(rows.next());
      bytes.asFloatBuffer().get(x, row * features, features);
      bytes.position(features * Float.BYTES).asIntBuffer().get(y, row * targets, targets);
    }
    if (row < size || rows.hasNext()) {
      throw new IllegalStateException(
          "ShardedData: shard %d has %s than %d rows now; expected a table that has the same rows whenever it is computed"
              .formatted(number, row < size ? "less" : "more", size));
    }
    return new Shard<>(number, features, form.isClassification(), x, y);
  }
}
