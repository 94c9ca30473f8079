package dev.adjoint.onnx;

import com.google.common.collect.ImmutableMap;
import dev.adjoint.tensor.DType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** How each step is written in ONNX: those that compute each element by itself, and all others. */
final class ExportRules {

  /** Adds the nodes of a step, and returns the name of their result. */
  interface Rule {
    String write(Export step);
  }

  /** A function of single values that ONNX has an operator for. */
  private static final ImmutableMap<String, String> UNARY =
      ImmutableMap.<String, String>builder()
          .put("NEG", "Neg")
          .put("ABS", "Abs")
          .put("SIGN", "Sign")
          .put("EXP", "Exp")
          .put("LOG", "Log")
          .put("SQRT", "Sqrt")
          .put("RECIPROCAL", "Reciprocal")
          .put("SIN", "Sin")
          .put("TAN", "Tan")
          .put("ASIN", "Asin")
          .put("ACOS", "Acos")
          .put("ATAN", "Atan")
          .put("SINH", "Sinh")
          .put("COSH", "Cosh")
          .put("TANH", "Tanh")
          .put("SIGMOID", "Sigmoid")
          .put("SOFTPLUS", "Softplus")
          .put("ERF", "Erf")
          .put("RELU", "Relu")
          .put("GELU", "Gelu")
          .put("SOFTSIGN", "Softsign")
          .put("FLOOR", "Floor")
          .put("CEIL", "Ceil")
          .put("ROUND", "Round")
          .buildOrThrow();

  private static final ImmutableMap<String, String> BINARY =
      ImmutableMap.<String, String>builder()
          .put("MINUS", "Sub")
          .put("TIMES", "Mul")
          .put("DIV", "Div")
          .put("POW", "Pow")
          .put("MAX", "Max")
          .put("MIN", "Min")
          .buildOrThrow();

  private static final ImmutableMap<String, String> COMPARISON =
      ImmutableMap.<String, String>builder()
          .put("EQUAL", "Equal")
          .put("LESS", "Less")
          .put("LESS_EQUAL", "LessOrEqual")
          .put("GREATER", "Greater")
          .put("GREATER_EQUAL", "GreaterOrEqual")
          .buildOrThrow();

  private static final ImmutableMap<String, Rule> ALL = all();

  private ExportRules() {}

  /** Writes a step, and returns the name of its output. */
  static String write(Export step) {
    Rule rule = ALL.get(step.a().key());
    if (rule == null) {
      throw new UnsupportedOnnxException(
          "export of %s: '%s' of an input of shape %s; expected operations that ONNX has, or that are made of such"
              .formatted(step.graph().a.name(), step.a().key(), step.shape(0)));
    }
    return rule.write(step);
  }

  private static ImmutableMap<String, Rule> all() {
    Map<String, Rule> all = new HashMap<>();
    UNARY.forEach((key, op) -> all.put("Unary." + key, s -> s.node(op, s.in(0))));
    BINARY.forEach((key, op) -> all.put("Binary." + key, s -> s.node(op, s.in(0), s.in(1))));
    COMPARISON.forEach(
        (key, op) -> all.put("Binary." + key, s -> number(s, s.node(op, s.in(0), s.in(1)))));
    unary(all);
    binary(all);
    ExportShapes.addTo(all);
    ExportNetworks.addTo(all);
    return ImmutableMap.copyOf(all);
  }

  private static String number(Export s, String truth) {
    return s.graph().fromTruth(truth, s.dtype());
  }

  private static void unary(Map<String, Rule> all) {
    all.put(
        "Unary.COS",
        s ->
            s.dtype() == DType.FLOAT64 // of which ONNX Runtime has the sine, but not the cosine
                ? s.node("Sin", s.node("Add", s.in(0), s.number(Math.PI / 2)))
                : s.node("Cos", s.in(0)));
    all.put("Unary.EXPM1", s -> s.node("Sub", s.node("Exp", s.in(0)), s.number(1)));
    all.put("Unary.LOG1P", s -> s.node("Log", s.node("Add", s.in(0), s.number(1))));
    all.put("Unary.LOG2", s -> s.node("Div", s.node("Log", s.in(0)), s.number(Math.log(2))));
    all.put("Unary.LOG10", s -> s.node("Div", s.node("Log", s.in(0)), s.number(Math.log(10))));
    all.put("Unary.RSQRT", s -> s.node("Reciprocal", s.node("Sqrt", s.in(0))));
    all.put("Unary.SQUARE", s -> s.node("Mul", s.in(0), s.in(0)));
    all.put("Unary.GELU_TANH", s -> s.node("Gelu", List.of(s.in(0)), "approximate", "tanh"));
    all.put("Unary.SILU", s -> s.node("Mul", s.in(0), s.node("Sigmoid", s.in(0))));
    all.put(
        "Unary.TRUNC",
        s -> s.node("Mul", s.node("Sign", s.in(0)), s.node("Floor", s.node("Abs", s.in(0)))));
    all.put("Unary.IS_NAN", s -> number(s, s.node("IsNaN", s.in(0))));
    all.put(
        "Unary.IS_FINITE",
        s ->
            number(
                s,
                s.node("Not", s.node("Or", s.node("IsNaN", s.in(0)), s.node("IsInf", s.in(0))))));
    all.put("selu", s -> s.node("Selu", s.in(0)));
    all.put("mish", s -> s.node("Mish", s.in(0)));
    all.put("Contiguous.COPY", s -> s.in(0));
    all.put("Autodiff.GradientHook", s -> s.in(0));
    all.put(
        "Cast",
        s ->
            s.node(
                "Cast",
                List.of(s.in(0)),
                "to",
                (int) Exported.type(s.option(DType.class, "target"))));
    all.put("Clamp", s -> s.node("Clip", s.in(0), limit(s, "low"), limit(s, "high")));
  }

  private static String limit(Export s, String name) {
    double value = s.option(Double.class, name);
    return Double.isInfinite(value) || Math.abs(value) == Double.MAX_VALUE ? "" : s.number(value);
  }

  private static void binary(Map<String, Rule> all) {
    all.put("Binary.PLUS", ExportNetworks::sum);
    all.put("Binary.FMOD", s -> s.node("Mod", s.all(), "fmod", 1));
    all.put(
        "Binary.REMAINDER",
        s -> {
          String quotient = s.node("Floor", s.node("Div", s.in(0), s.in(1)));
          return s.node("Sub", s.in(0), s.node("Mul", s.in(1), quotient));
        });
    all.put(
        "Binary.HYPOT",
        s ->
            s.node(
                "Sqrt",
                s.node("Add", s.node("Mul", s.in(0), s.in(0)), s.node("Mul", s.in(1), s.in(1)))));
    all.put(
        "Binary.LOGADDEXP",
        s -> {
          String distance = s.node("Neg", s.node("Abs", s.node("Sub", s.in(0), s.in(1))));
          String rest = s.node("Log", s.node("Add", s.number(1), s.node("Exp", distance)));
          return s.node("Add", s.node("Max", s.in(0), s.in(1)), rest);
        });
    all.put(
        "Binary.XLOGY",
        s ->
            s.node(
                "Where",
                s.node("Equal", s.in(0), s.number(0)),
                s.number(0),
                s.node("Mul", s.in(0), s.node("Log", s.in(1)))));
    all.put("Binary.NOT_EQUAL", s -> number(s, s.node("Not", s.node("Equal", s.in(0), s.in(1)))));
    all.put("Binary.LEAKY_RELU", s -> sloped(s, x -> s.node("Mul", x, s.in(1))));
    all.put(
        "Binary.ELU",
        s -> sloped(s, x -> s.node("Mul", s.in(1), s.node("Sub", s.node("Exp", x), s.number(1)))));
    all.put("Where.WHERE", s -> s.node("Where", s.graph().toTruth(s.in(0)), s.in(1), s.in(2)));
  }

  /** Writes max(x, 0) + f(min(x, 0)). */
  private static String sloped(Export s, UnaryOperator<String> below) {
    String negative = s.node("Min", s.in(0), s.number(0));
    return s.node("Add", s.node("Relu", s.in(0)), below.apply(negative));
  }
}
