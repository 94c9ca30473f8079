package dev.adjoint.nn.calls;

import static dev.adjoint.nn.calls.CallRow.row;
import static dev.adjoint.nn.calls.Libtorch.scalar;

import dev.adjoint.op.Activations;
import java.util.List;
import org.bytedeco.pytorch.global.torch;

/** Activations. At 0 theirs of elu has a derivative from below, and a second one from above. */
final class ActivationCalls {

  private ActivationCalls() {}

  static List<CallRow> rows() {
    return List.of(
        ArithmeticCalls.unary("log sigmoid", Activations::logSigmoid, torch::log_sigmoid),
        ArithmeticCalls.unary("mish", Values.MODERATE, Activations::mish, torch::mish),
        ArithmeticCalls.unary("softsign", Values.FINITE, Activations::softsign, torch::softsign),
        row(
            "hardtanh",
            d -> {
              double low = d.of("low", -1., 0., -.5);
              double high = d.of("high", 1., .5, 2.);
              return d.input(Values.REAL, d.sizes(0, 3))
                  .call(
                      x -> Activations.hardtanh(x[0], low, high),
                      t -> torch.hardtanh(t[0], scalar(low), scalar(high)));
            }),
        ArithmeticCalls.unary("softplus", Activations::softplus, torch::softplus),
        ArithmeticCalls.unary("selu", Values.NONZERO, Activations::selu, torch::selu),
        ArithmeticCalls.unary("gelu", Values.FINITE, Activations::gelu, torch::gelu),
        ArithmeticCalls.unary(
            "gelu tanh", Values.FINITE, Activations::geluTanh, x -> torch.gelu(x, "tanh")),
        ArithmeticCalls.unary("silu", Values.FINITE, Activations::silu, torch::silu),
        row(
            "leaky relu",
            d -> {
              double slope = d.of("slope", .01, .5, 0., -1., 2.);
              return d.input(Values.REAL, d.sizes(0, 3))
                  .call(
                      x -> Activations.leakyRelu(x[0], slope),
                      t -> torch.leaky_relu(t[0], scalar(slope)));
            }),
        row(
            "elu",
            d -> {
              double alpha = d.of("alpha", 1., .5, 0., 2.);
              return d.input(Values.NONZERO, d.sizes(0, 3))
                  .call(
                      x -> Activations.elu(x[0], alpha),
                      t -> torch.elu(t[0], scalar(alpha), scalar(1), scalar(1)));
            }));
  }
}
