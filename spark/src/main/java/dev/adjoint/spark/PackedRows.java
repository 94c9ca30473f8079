package dev.adjoint.spark;

import com.google.common.collect.AbstractIterator;
import com.google.common.collect.Iterators;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.Schema;
import dev.adjoint.training.data.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Iterator;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

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
          protected @Nullable Iterator<Row> computeNext() {
            return rows.hasNext() ? chunk(rows, schema) : endOfData();
          }
        });
  }

  private static Iterator<Row> chunk(Iterator<Row> rows, Schema<?> schema) {
    try {
      Batch<Tensor, ?> batch =
          Table.read(new Cells(schema.names(), rows, CHUNK), schema).dataset().all();
      float[] x = batch.inputs().toFloatArray();
      float[] y = targets(batch.targets());
      return IntStream.range(0, batch.size())
          .mapToObj(row -> RowFactory.create((Object) bytes(row, batch.size(), x, y)))
          .iterator();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns classes as whole numbers, or numbers. */
  private static float[] targets(Object targets) {
    return (targets instanceof IntTensor classes
            ? classes.toTensor(DType.FLOAT32)
            : (Tensor) targets)
        .toFloatArray();
  }

  private static byte[] bytes(int row, int rows, float[] x, float[] y) {
    int features = x.length / rows;
    int targets = y.length / rows;
    ByteBuffer bytes = ByteBuffer.allocate((features + targets) * Float.BYTES);
    put(x, row * features, features, bytes);
    put(y, row * targets, targets, bytes);
    return bytes.array();
  }

  private static void put(float[] numbers, int from, int count, ByteBuffer bytes) {
    for (int i = from; i < from + count; i++) {
      bytes.putInt(Float.floatToIntBits(numbers[i])); // one NaN: equal rows have equal bytes
    }
  }

  /** Returns features and targets of so many packed rows. */
  static Tuple2<float[], float[]> unpack(
      int size, int features, int targets, Iterator<byte[]> rows) {
    float[] x = new float[size * features];
    float[] y = new float[size * targets];
    int row = 0;
    for (; rows.hasNext() && row < size; row++) {
      FloatBuffer numbers = ByteBuffer.wrap(rows.next()).asFloatBuffer();
      numbers.get(x, row * features, features).get(y, row * targets, targets);
    }
    if (row < size || rows.hasNext()) {
      throw new IllegalStateException(
          "SparkTable: a shard has %s than %d rows now; expected a table that has the same rows whenever it is computed"
              .formatted(row < size ? "less" : "more", size));
    }
    return new Tuple2<>(x, y);
  }
}
