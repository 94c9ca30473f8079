package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;

/** Rows for {@link Activations}. */
final class ActivationRows {

  private ActivationRows() {}

  static List<OpCase> rows() {
    return List.of(
        row("softplus(Tensor)", Activations::softplus, x -> Math.log1p(Math.exp(x))),
        row(
            "leakyRelu(Tensor, double)",
            x -> Activations.leakyRelu(x, 0.1),
            x -> x > 0 ? x : 0.1 * x),
        row(
            "elu(Tensor, double)",
            x -> Activations.elu(x, 1.5),
            x -> x > 0 ? x : 1.5 * Math.expm1(x)),
        row(
            "selu(Tensor)",
            Activations::selu,
            x -> 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))),
        row("gelu(Tensor)", Activations::gelu, x -> x / 2 * (1 + UnaryRow.erf(x / Math.sqrt(2)))),
        row("geluTanh(Tensor)", Activations::geluTanh, UnaryRow::geluTanh),
        row(
            "hardtanh(Tensor, double, double)",
            x -> Activations.hardtanh(x, -1, 0.5),
            x -> Math.clamp(x, -1, 0.5)),
        row("logSigmoid(Tensor)", Activations::logSigmoid, x -> -Math.log1p(Math.exp(-x))),
        row("mish(Tensor)", Activations::mish, x -> x * Math.tanh(Math.log1p(Math.exp(x)))),
        row("softsign(Tensor)", Activations::softsign, x -> x / (1 + Math.abs(x))),
        row("silu(Tensor)", Activations::silu, x -> x * UnaryRow.sigmoid(x)));
  }

  private static OpCase row(
      String method, UnaryOperator<Tensor> function, DoubleUnaryOperator oracle) {
    return op(
            "Activations." + method,
            x -> function.apply(x[0]),
            x -> Dense.of(x[0].sizes(), i -> oracle.applyAsDouble(x[0].at(i))),
            in(REAL, "m n"))
        .covers("Activations." + method);
  }
}
