package dev.adjoint.examples.documents;

import dev.adjoint.op.Indexed;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What the cell of a table returns, as text. */
public final class Cell {

  static final String MARK = "\f";

  private Cell() {}

  /** A statement. */
  public interface Statement {
    void run() throws Exception;
  }

  /** Runs an expression and prints what it returns, for the row in this line. */
  public static void print(int line, Callable<?> cell) throws Exception {
    System.out.println(MARK + line + MARK + text(cell.call()));
  }

  /** Runs a statement. */
  public static void print(int line, Statement cell) throws Exception {
    cell.run();
  }

  private static String text(Object value) {
    return switch (value) {
      case Tensor tensor -> nested(tensor);
      case IntTensor tensor -> text(tensor.toTensor(DType.FLOAT64));
      case Indexed both -> text(List.of(both.values(), both.indices()));
      case Shape shape -> Arrays.toString(shape.toArray());
      case float[][] array -> text(Tensor.of(array));
      case Boolean b -> b ? "1" : "0";
      case Number number -> number(number.doubleValue());
      case List<?> list ->
          list.stream().map(Cell::text).collect(Collectors.joining(", ", "(", ")"));
      default -> value.toString().lines().collect(Collectors.joining(" "));
    };
  }

  private static String nested(Tensor x) {
    return x.rank() == 0
        ? number(x.item())
        : IntStream.range(0, x.size(0))
            .mapToObj(i -> nested(x.select(0, i)))
            .collect(Collectors.joining(", ", "[", "]"));
  }

  private static String number(double x) {
    return BigDecimal.valueOf(x)
        .setScale(4, RoundingMode.HALF_EVEN)
        .stripTrailingZeros()
        .toPlainString();
  }
}
