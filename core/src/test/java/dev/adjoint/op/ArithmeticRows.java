package dev.adjoint.op;

import static dev.adjoint.op.Domain.DIVISOR;
import static dev.adjoint.op.Domain.MASK;
import static dev.adjoint.op.Domain.NONZERO;
import static dev.adjoint.op.Domain.POSITIVE;
import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.Domain.WHOLE;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import com.google.common.base.CaseFormat;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Rows for what is done element by element. */
final class ArithmeticRows {

  private ArithmeticRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    UnaryRow.all().forEach(row -> rows.add(row.opCase()));
    binary(rows);
    withNumbers(rows);
    rest(rows);
    return rows;
  }

  private static void binary(List<OpCase> rows) {
    rows.addAll(binary(Binary.PLUS, Tensor::plus, REAL, REAL, Double::sum));
    rows.addAll(binary(Binary.MINUS, Tensor::minus, REAL, REAL, (a, b) -> a - b));
    rows.addAll(binary(Binary.TIMES, Tensor::times, REAL, REAL, (a, b) -> a * b));
    rows.addAll(binary(Binary.DIV, Tensor::div, REAL, NONZERO, (a, b) -> a / b));
    rows.addAll(binary(Binary.POW, Tensor::pow, POSITIVE, REAL, Math::pow));
    rows.addAll(binary(Binary.MAX, Tensor::max, REAL, REAL, Math::max));
    rows.addAll(binary(Binary.MIN, Tensor::min, REAL, REAL, Math::min));
    rows.addAll(binary(Binary.ATAN2, Tensor::atan2, REAL, REAL, Math::atan2));
    rows.addAll(binary(Binary.HYPOT, Tensor::hypot, REAL, REAL, Math::hypot));
    rows.addAll(binary(Binary.FMOD, Tensor::fmod, REAL, DIVISOR, (a, b) -> a % b));
    rows.addAll(
        binary(
            Binary.REMAINDER,
            Tensor::remainder,
            REAL,
            DIVISOR,
            (a, b) -> a - b * Math.floor(a / b)));
    rows.addAll(
        binary(
            Binary.LOGADDEXP,
            Tensor::logaddexp,
            REAL,
            REAL,
            (a, b) -> Math.log(Math.exp(a) + Math.exp(b))));
    rows.addAll(binary(Binary.XLOGY, Tensor::xlogy, REAL, POSITIVE, (a, b) -> a * Math.log(b)));
    rows.addAll(comparison(Binary.EQUAL, Tensor::equal, (a, b) -> a == b ? 1 : 0));
    rows.addAll(comparison(Binary.NOT_EQUAL, Tensor::notEqual, (a, b) -> a != b ? 1 : 0));
    rows.addAll(comparison(Binary.LESS, Tensor::less, (a, b) -> a < b ? 1 : 0));
    rows.addAll(comparison(Binary.LESS_EQUAL, Tensor::lessEqual, (a, b) -> a <= b ? 1 : 0));
    rows.addAll(comparison(Binary.GREATER, Tensor::greater, (a, b) -> a > b ? 1 : 0));
    rows.addAll(comparison(Binary.GREATER_EQUAL, Tensor::greaterEqual, (a, b) -> a >= b ? 1 : 0));
    rows.addAll(primitive(Binary.LEAKY_RELU, (x, slope) -> x > 0 ? x : x * slope));
    rows.addAll(primitive(Binary.ELU, (x, alpha) -> x > 0 ? x : alpha * Math.expm1(x)));
    rows.addAll(primitive(Binary.TANH_PULLBACK, (g, y) -> g * (1 - y * y)));
  }

  /** The shapes that meet in a function of two tensors. */
  private static List<OpCase> binary(
      Binary primitive,
      BiFunction<Tensor, Tensor, Tensor> function,
      Domain first,
      Domain second,
      DoubleBinaryOperator oracle) {
    String method = CaseFormat.UPPER_UNDERSCORE.to(CaseFormat.LOWER_CAMEL, primitive.name());
    String[][] shapes = {
      {"m n", "m n"}, {"m n", "n"}, {"m 1", "b 1 n"}, {"m n", "m 1"}, {"m n", ""}, {"", "n"}
    };
    List<OpCase> rows = new ArrayList<>();
    for (String[] pair : shapes) {
      rows.add(
          op(
                  "%s of (%s) and (%s)".formatted(method, pair[0], pair[1]),
                  x -> function.apply(x[0], x[1]),
                  elementwise(oracle),
                  in(first, pair[0]),
                  in(second, pair[1]))
              .covers(method + "(Tensor)")
              .uses(OpTable.key(primitive)));
    }
    return rows;
  }

  private static List<OpCase> comparison(
      Binary primitive, BiFunction<Tensor, Tensor, Tensor> function, DoubleBinaryOperator oracle) {
    return binary(primitive, function, WHOLE, WHOLE, oracle).stream()
        .map(row -> row.order(0))
        .toList();
  }

  private static List<OpCase> primitive(Binary primitive, DoubleBinaryOperator oracle) {
    return binary(primitive, primitive::apply, REAL, REAL, oracle).stream()
        .map(OpCase::covers)
        .toList();
  }

  private static void withNumbers(List<OpCase> rows) {
    rows.add(number("plus", REAL, x -> x.plus(0.7), x -> x + 0.7));
    rows.add(number("minus", REAL, x -> x.minus(0.7), x -> x - 0.7));
    rows.add(number("times", REAL, x -> x.times(-1.3), x -> x * -1.3));
    rows.add(number("div", REAL, x -> x.div(0.7), x -> x / 0.7));
    rows.add(number("pow", REAL, x -> x.pow(3), x -> x * x * x));
    rows.add(number("pow to a negative", POSITIVE, x -> x.pow(-0.5), x -> 1 / Math.sqrt(x)));
    rows.add(number("pow to 0", REAL, x -> x.pow(0), x -> 1));
    rows.add(number("fmod", REAL, x -> x.fmod(-0.5), x -> x % -0.5));
    rows.add(
        number("remainder", REAL, x -> x.remainder(-0.5), x -> x + 0.5 * Math.floor(x / -0.5)));
    rows.add(number("equal", WHOLE, x -> x.equal(1), x -> x == 1 ? 1 : 0).order(0));
    rows.add(number("notEqual", WHOLE, x -> x.notEqual(1), x -> x != 1 ? 1 : 0).order(0));
    rows.add(number("less", WHOLE, x -> x.less(1), x -> x < 1 ? 1 : 0).order(0));
    rows.add(number("lessEqual", WHOLE, x -> x.lessEqual(1), x -> x <= 1 ? 1 : 0).order(0));
    rows.add(number("greater", WHOLE, x -> x.greater(1), x -> x > 1 ? 1 : 0).order(0));
    rows.add(number("greaterEqual", WHOLE, x -> x.greaterEqual(1), x -> x >= 1 ? 1 : 0).order(0));
    rows.add(
        op(
                "clamp",
                x -> x[0].clamp(-1, 0.5),
                elementwise(x -> Math.clamp(x, -1, 0.5)),
                in(REAL, "m n"))
            .covers("clamp(double, double)")
            .uses("Clamp"));
  }

  private static OpCase number(
      String method, Domain domain, UnaryOperator<Tensor> function, DoubleUnaryOperator oracle) {
    return op(
            method + " of (m n) and a number",
            x -> function.apply(x[0]),
            elementwise(oracle),
            in(domain, "m n"))
        .covers(method.replaceFirst(" .*", "") + "(double)");
  }

  private static void rest(List<OpCase> rows) {
    String[][] shapes = {{"m n", "m n", "m n"}, {"n", "m 1", "b m n"}, {"m n", "", "n"}};
    for (String[] triple : shapes) {
      rows.add(
          op(
                  "where of (%s), (%s) and (%s)".formatted((Object[]) triple),
                  x -> Where.where(x[0], x[1], x[2]),
                  x -> Dense.of(Dense.broadcast(x), i -> x[0].at(i) != 0 ? x[1].at(i) : x[2].at(i)),
                  in(MASK, triple[0]),
                  in(REAL, triple[1]),
                  in(REAL, triple[2]))
              .covers("Where.where(Tensor, Tensor, Tensor)")
              .uses("Where.WHERE"));
    }
    String[][] weights = {{"m n", "m n", "m n"}, {"n", "m 1", "b m n"}, {"m n", "n", ""}};
    for (String[] triple : weights) {
      rows.add(
          op(
                  "lerp of (%s), (%s) and (%s)".formatted((Object[]) triple),
                  x -> x[0].lerp(x[1], x[2]),
                  x ->
                      Dense.of(
                          Dense.broadcast(x),
                          i -> x[0].at(i) * (1 - x[2].at(i)) + x[1].at(i) * x[2].at(i)),
                  in(REAL, triple[0]),
                  in(REAL, triple[1]),
                  in(REAL, triple[2]))
              .covers("lerp(Tensor, Tensor)"));
    }
    rows.add(
        op(
                "lerp of (m n), (n) and a number",
                x -> x[0].lerp(x[1], 0.3),
                x -> Dense.of(x[0].sizes(), i -> x[0].at(i) * 0.7 + x[1].at(i) * 0.3),
                in(REAL, "m n"),
                in(REAL, "n"))
            .covers("lerp(Tensor, double)"));
    for (DType dtype : DType.values()) {
      rows.add(
          op("to " + dtype, x -> x[0].to(dtype), elementwise(x -> x), in(REAL, "m n"))
              .covers("to(DType)")
              .uses("Cast." + dtype.name())
              .order(dtype == DType.FLOAT64 ? 2 : OpCase.ROUNDS));
    }
  }

  static Function<Dense[], Dense> elementwise(DoubleUnaryOperator function) {
    return x -> Dense.of(x[0].sizes(), i -> function.applyAsDouble(x[0].at(i)));
  }

  private static Function<Dense[], Dense> elementwise(DoubleBinaryOperator function) {
    return x -> Dense.of(Dense.broadcast(x), i -> function.applyAsDouble(x[0].at(i), x[1].at(i)));
  }
}
