package dev.adjoint.onnx;

import dev.adjoint.op.Activations;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.UnaryOperator;

/** The operators that compute each element by itself. */
final class ElementwiseOperators {

  private static final double SELU_ALPHA = 1.67326319217681884765625;
  private static final double SELU_GAMMA = 1.05070102214813232421875;

  /** So far out, a square root of x^2 + 1 is x. */
  private static final double FAR = 1e30;

  private ElementwiseOperators() {}

  static void addTo(Map<String, Operator> all) {
    unary(all, "Abs", Tensor::abs);
    unary(all, "Acos", Tensor::acos);
    unary(all, "Acosh", ElementwiseOperators::acosh);
    unary(all, "Asin", Tensor::asin);
    unary(all, "Asinh", ElementwiseOperators::asinh);
    unary(all, "Atan", Tensor::atan);
    unary(all, "Atanh", x -> x.log1p().minus(x.neg().log1p()).times(0.5));
    unary(all, "Ceil", Tensor::ceil);
    unary(all, "Cos", Tensor::cos);
    unary(all, "Cosh", Tensor::cosh);
    unary(all, "Erf", Tensor::erf);
    unary(all, "Exp", Tensor::exp);
    unary(all, "Floor", Tensor::floor);
    unary(all, "HardSwish", x -> x.times(x.div(6).plus(0.5).clamp(0, 1)));
    unary(all, "Log", Tensor::log);
    unary(all, "Mish", Activations::mish);
    unary(all, "Neg", Tensor::neg);
    unary(all, "Reciprocal", Tensor::reciprocal);
    unary(all, "Relu", Tensor::relu);
    unary(all, "Round", Tensor::round);
    unary(all, "Sigmoid", Tensor::sigmoid);
    unary(all, "Sign", Tensor::sign);
    unary(all, "Sin", Tensor::sin);
    unary(all, "Sinh", Tensor::sinh);
    unary(all, "Softplus", Activations::softplus);
    unary(all, "Softsign", Activations::softsign);
    unary(all, "Sqrt", Tensor::sqrt);
    unary(all, "Tan", Tensor::tan);
    unary(all, "Tanh", Tensor::tanh);
    all.put(
        "Celu",
        call -> {
          Tensor x = call.x(0);
          double alpha = call.decimal("alpha", 1);
          return call.like(0, Activations.elu(x.div(alpha), 1).times(alpha));
        });
    all.put("Elu", call -> call.like(0, Activations.elu(call.x(0), call.decimal("alpha", 1))));
    all.put(
        "Gelu",
        call ->
            call.like(
                0,
                call.text("approximate", "none").equals("tanh")
                    ? Activations.geluTanh(call.x(0))
                    : Activations.gelu(call.x(0))));
    all.put(
        "HardSigmoid",
        call ->
            call.like(
                0,
                call.x(0)
                    .times(call.decimal("alpha", 0.2f))
                    .plus(call.decimal("beta", 0.5))
                    .clamp(0, 1)));
    all.put(
        "LeakyRelu",
        call -> call.like(0, Activations.leakyRelu(call.x(0), call.decimal("alpha", 0.01f))));
    all.put(
        "PRelu",
        call -> {
          Tensor x = call.x(0);
          Tensor slope = call.x(1);
          boolean perChannel = call.opset() < 7 && slope.rank() == 1 && x.rank() > 1;
          return call.like(
              0, x.relu().plus(x.min(zero(x)).times(perChannel ? along(slope, 1, x) : slope)));
        });
    all.put(
        "Selu",
        call -> {
          double gamma = call.decimal("gamma", SELU_GAMMA);
          return call.like(
              0, Activations.elu(call.x(0), call.decimal("alpha", SELU_ALPHA)).times(gamma));
        });
    all.put(
        "Shrink",
        call -> {
          Tensor x = call.x(0);
          double bias = call.decimal("bias", 0);
          double lambda = call.decimal("lambd", 0.5);
          Tensor high = Where.where(x.greater(lambda), x.minus(bias), zero(x));
          return call.like(0, Where.where(x.less(-lambda), x.plus(bias), high));
        });
    all.put(
        "Swish",
        call -> {
          Tensor x = call.x(0);
          return call.like(0, x.times(x.times(call.decimal("alpha", 1)).sigmoid()));
        });
    all.put(
        "ThresholdedRelu",
        call -> {
          Tensor x = call.x(0);
          return call.like(0, Where.where(x.greater(call.decimal("alpha", 1)), x, zero(x)));
        });
    all.put(
        "Clip",
        call -> {
          Tensor x = call.x(0);
          double low = call.number(1, call.decimal("min", Double.NEGATIVE_INFINITY));
          double high = call.number(2, call.decimal("max", Double.POSITIVE_INFINITY));
          return call.like(0, x.clamp(Math.min(low, high), high));
        });
    all.put("IsNaN", call -> Call.result(call.x(0).isNaN(), ElementType.BOOL));
    all.put(
        "IsInf",
        call -> {
          Tensor x = call.x(0);
          Tensor up = x.equal(Double.POSITIVE_INFINITY).times(call.integer("detect_positive", 1));
          Tensor down = x.equal(Double.NEGATIVE_INFINITY).times(call.integer("detect_negative", 1));
          return Call.result(up.plus(down), ElementType.BOOL);
        });
    binary(all, "Add", Tensor::plus);
    binary(all, "Sub", Tensor::minus);
    binary(all, "Mul", Tensor::times);
    all.put(
        "Div",
        call -> {
          Tensor quotient = call.x(0).div(second(call));
          return call.like(0, call.in(0).type().isInteger() ? quotient.trunc() : quotient);
        });
    all.put(
        "Mod",
        call ->
            call.like(
                0,
                call.flag("fmod", false)
                    ? call.x(0).fmod(call.x(1))
                    : call.x(0).remainder(call.x(1))));
    all.put(
        "Pow",
        call -> {
          Tensor power = call.x(0).pow(call.x(1).to(call.x(0).dtype()));
          return call.like(0, call.in(0).type().isInteger() ? power.trunc() : power);
        });
    variadic(all, "Max", Tensor::max);
    variadic(all, "Min", Tensor::min);
    variadic(all, "Sum", Tensor::plus);
    all.put(
        "Mean",
        call -> {
          Tensor sum = call.x(0);
          for (int i = 1; i < call.inputs().size(); i++) {
            sum = sum.plus(call.x(i));
          }
          return call.like(0, sum.div(call.inputs().size()));
        });
    truth(all, "Equal", Tensor::equal);
    truth(all, "Less", Tensor::less);
    truth(all, "LessOrEqual", Tensor::lessEqual);
    truth(all, "Greater", Tensor::greater);
    truth(all, "GreaterOrEqual", Tensor::greaterEqual);
    truth(all, "And", Tensor::times);
    truth(all, "Or", Tensor::max);
    truth(all, "Xor", Tensor::notEqual);
    all.put("Not", call -> Call.result(call.x(0).equal(0), ElementType.BOOL));
    all.put("Where", call -> call.like(1, Where.where(call.x(0), call.x(1), call.x(2))));
    all.put("Cast", call -> cast(call, call.type("to", ElementType.FLOAT)));
    all.put("CastLike", call -> cast(call, call.in(1).type()));
    all.put("BitwiseAnd", call -> bitwise(call, (a, b) -> a & b));
    all.put("BitwiseOr", call -> bitwise(call, (a, b) -> a | b));
    all.put("BitwiseXor", call -> bitwise(call, (a, b) -> a ^ b));
    all.put("BitwiseNot", call -> call.like(0, call.x(0).neg().minus(1)));
    all.put(
        "BitShift",
        call ->
            call.text("direction", "").equals("LEFT")
                ? bitwise(call, (a, b) -> b < 64 ? a << b : 0)
                : bitwise(call, (a, b) -> b < 64 ? a >>> b : 0));
  }

  /** Returns log(x + sqrt(x^2 - 1)), whose digits near 1 are those of x - 1. */
  private static Tensor acosh(Tensor x) {
    Tensor over = x.minus(1);
    return over.plus(over.sqrt().times(over.plus(2).sqrt())).log1p();
  }

  /** Returns log(x + sqrt(x^2 + 1)), of negative x by oddness; its slope at 0 is 1. */
  private static Tensor asinh(Tensor x) {
    Tensor sign = x.less(0).times(-2).plus(1);
    Tensor size = x.times(sign);
    Tensor finite = size.clamp(0, FAR);
    Tensor part = finite.div(finite.hypot(Tensor.scalar(1, x.dtype())).plus(1));
    return size.plus(size.times(part)).log1p().times(sign);
  }

  private static void unary(Map<String, Operator> all, String name, UnaryOperator<Tensor> f) {
    all.put(name, call -> call.like(0, f.apply(call.x(0))));
  }

  private static void binary(Map<String, Operator> all, String name, BinaryOperator<Tensor> f) {
    all.put(name, call -> call.like(0, f.apply(call.x(0), second(call))));
  }

  /** Returns the second operand; before version 7, its axes are those of the first from one on. */
  private static Tensor second(Call call) {
    Tensor y = call.x(1);
    boolean placed = call.opset() < 7 && call.hasAttribute("axis") && y.rank() > 0;
    return placed ? along(y, call.integer("axis", 0), call.x(0)) : y;
  }

  /** Returns y with axes of size 1 behind it, so that its first is an axis of x. */
  private static Tensor along(Tensor y, int axis, Tensor x) {
    Tensor wide = y;
    while (wide.rank() < x.rank() - axis) {
      wide = wide.unsqueeze(wide.rank());
    }
    return wide;
  }

  private static void truth(Map<String, Operator> all, String name, BinaryOperator<Tensor> f) {
    all.put(name, call -> Call.result(f.apply(call.x(0), call.x(1)), ElementType.BOOL));
  }

  private static void variadic(Map<String, Operator> all, String name, BinaryOperator<Tensor> f) {
    all.put(
        name,
        call -> {
          Tensor result = call.x(0);
          for (int i = 1; i < call.inputs().size(); i++) {
            result = f.apply(result, call.x(i));
          }
          return call.like(0, result);
        });
  }

  private static List<Value> cast(Call call, ElementType to) {
    return List.of(Types.cast(call.in(0), to, call.flag("saturate", true)));
  }

  /** Computes integers from the bits of two. */
  private static List<Value> bitwise(Call call, LongBinaryOperator f) {
    Shape shape = Shape.broadcast("bits", call.in(0).shape(), call.in(1).shape());
    double[] a = call.x(0).untracked().expand(shape).toDoubleArray();
    double[] b = call.x(1).untracked().expand(shape).toDoubleArray();
    for (int i = 0; i < a.length; i++) {
      a[i] = (double) f.applyAsLong((long) a[i], (long) b[i]);
    }
    return call.like(0, Tensor.of(a, shape.toArray()));
  }

  private static Tensor zero(Tensor x) {
    return Tensor.scalar(0, x.dtype());
  }
}
