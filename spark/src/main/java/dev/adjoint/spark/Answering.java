package dev.adjoint.spark;

import com.google.common.collect.Iterators;
import dev.adjoint.io.Quoted;
import dev.adjoint.nn.predict.Column;
import dev.adjoint.nn.predict.Predictor;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.jspecify.annotations.Nullable;

/**
 * What a predictor is asked about rows, as Spark sends it to its tasks: small, since the file is a
 * broadcast.
 *
 * @param input the column that has all features, or null if the predictor's columns make them
 * @param columns the names of the cells of a row
 * @param places where the columns that are needed are among these
 * @param answers what is asked
 * @param nulls whether rows that are refused get nulls for answers
 */
record Answering(
    Broadcast<PredictorFile> file,
    @Nullable String input,
    List<String> columns,
    List<Integer> places,
    List<Answer> answers,
    boolean nulls)
    implements Serializable {

  private static final int ROWS_AT_ONCE = 1024;

  /** Returns rows with the answers behind their cells, some hundreds at a time. */
  Iterator<Row> append(Iterator<Row> rows) {
    Function<Row, double[]> features = features();
    return Iterators.concat(
        Iterators.transform(
            Iterators.partition(rows, ROWS_AT_ONCE),
            chunk -> {
              List<List<?>> all = answer(chunk, features);
              return Iterators.transform(
                  Iterators.forArray(numbers(chunk.size())), i -> appended(chunk.get(i), all, i));
            }));
  }

  private static Integer[] numbers(int n) {
    Integer[] numbers = new Integer[n];
    Arrays.setAll(numbers, i -> i);
    return numbers;
  }

  private static Row appended(Row row, List<List<?>> answers, int number) {
    Object[] cells = new Object[row.size() + answers.size()];
    for (int i = 0; i < row.size(); i++) {
      cells[i] = row.get(i);
    }
    for (int i = 0; i < answers.size(); i++) {
      cells[row.size() + i] = answers.get(i).get(number);
    }
    return RowFactory.create(cells);
  }

  /** Returns the only answer of one row. */
  @Nullable Object one(Row row) {
    return answer(List.of(row), features()).getFirst().getFirst();
  }

  /** Returns a list for each answer, of as many as there are rows. */
  private List<List<?>> answer(List<Row> rows, Function<Row, double[]> features) {
    try {
      Predictor predictor = file.value().predictor();
      double[][] x = rows.stream().map(features).toArray(double[][]::new);
      List<List<?>> all = new ArrayList<>();
      for (Answer answer : answers) {
        all.add(answer.of(predictor, predictor.rows(x)));
      }
      return all;
    } catch (IllegalArgumentException e) {
      if (rows.size() > 1) {
        return oneByOne(rows, features);
      } else if (nulls) {
        return Collections.nCopies(answers.size(), Collections.singletonList(null));
      }
      throw new IllegalArgumentException(
          "%s: %s".formatted(Cells.show(rows.getFirst(), columns), e.getMessage()), e);
    }
  }

  /** Finds the rows that are refused. */
  private List<List<?>> oneByOne(List<Row> rows, Function<Row, double[]> features) {
    List<List<?>> all =
        Stream.generate(() -> new ArrayList<@Nullable Object>())
            .limit(answers.size())
            .<List<?>>map(list -> list)
            .toList();
    for (Row row : rows) {
      List<List<?>> one = answer(List.of(row), features);
      for (int i = 0; i < answers.size(); i++) {
        add(all.get(i), one.get(i).getFirst());
      }
    }
    return all;
  }

  @SuppressWarnings("unchecked") // of our own lists
  private static void add(List<?> list, @Nullable Object answer) {
    ((List<@Nullable Object>) list).add(answer);
  }

  /** Returns what makes the features of a row. */
  private Function<Row, double[]> features() {
    if (input != null) {
      int place = places.getFirst();
      return row -> vector(row, place, input);
    }
    List<Column> made = file.value().predictor().columns().list();
    int[] widths = made.stream().mapToInt(Column::width).toArray();
    int width = Arrays.stream(widths).sum();
    return row -> {
      double[] features = new double[width];
      List<String> faults = new ArrayList<>();
      int at = 0;
      for (int i = 0; i < widths.length; i++) {
        String fault = made.get(i).write(row.get(places.get(i)), features, at);
        if (fault != null) {
          faults.add(fault);
        }
        at += widths[i];
      }
      if (!faults.isEmpty()) {
        throw new IllegalArgumentException(String.join("; ", faults));
      }
      return features;
    };
  }

  private static double[] vector(Row row, int place, String name) {
    return switch (row.get(place)) {
      case null ->
          throw new IllegalArgumentException("there is no %s".formatted(Quoted.text(name)));
      case Vector vector -> vector.toArray();
      default -> row.<Number>getList(place).stream().mapToDouble(Number::doubleValue).toArray();
    };
  }
}
