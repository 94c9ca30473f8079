package dev.adjoint.nn.calls;

import static dev.adjoint.nn.calls.CallRow.row;

import dev.adjoint.op.AttentionOptions;
import dev.adjoint.op.LongShortTermMemory;
import dev.adjoint.op.MatMul;
import dev.adjoint.op.ScaledDotProduct;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Attention, and steps of recurrent networks. */
final class SequenceCalls {

  private SequenceCalls() {}

  static List<CallRow> rows() {
    return List.of(
        row("attention", SequenceCalls::attention),
        row("attention with a bias", SequenceCalls::biased),
        row("LSTM step", d -> lstm(d)));
  }

  /** Heads may share keys and values; a mask may hide keys; causal goes with no mask. */
  private static Call attention(Draw d) {
    int n = d.whole("n", 1, 2);
    int shared = d.whole("shared", 1, 3);
    int heads = d.whole("heads", 1, 2);
    int queries = d.whole("queries", 1, 5);
    int keys = d.whole("keys", 1, 5);
    int width = d.whole("width", 1, 4);
    boolean causal = d.flag("causal");
    boolean masked = !causal && d.flag("masked");
    double scale = d.real("scale", .1, 2);
    Tensor mask = masked ? d.constant("mask", Values.MASK, queries, keys) : null;
    return d.input(Values.MODERATE, n, heads * shared, queries, width)
        .input(Values.MODERATE, n, heads, keys, width)
        .input(Values.MODERATE, n, heads, keys, d.whole("out", 1, 3))
        .call(
            x ->
                ScaledDotProduct.attention(
                    x[0], x[1], x[2], mask, AttentionOptions.DEFAULT.causal(causal).scale(scale)),
            t ->
                torch.scaled_dot_product_attention(
                    t[0],
                    t[1],
                    t[2],
                    masked ? new TensorOptional(Libtorch.mask(mask)) : new TensorOptional(),
                    /* dropout_p= */ 0,
                    causal,
                    new DoubleOptional(scale),
                    /* enable_gqa= */ true));
  }

  /** What is added to scores may hide keys, all of a query among them. */
  private static Call biased(Draw d) {
    int n = d.whole("n", 1, 2);
    int shared = d.whole("shared", 1, 3);
    int heads = d.whole("heads", 1, 2);
    int queries = d.whole("queries", 1, 5);
    int keys = d.whole("keys", 1, 5);
    int width = d.whole("width", 1, 4);
    double scale = d.real("scale", .1, 2);
    boolean hides = d.flag("hides");
    int[] scores = {n, heads * shared, queries, keys};
    Tensor shown = hides ? d.constant("shown", Values.MASK, queries, keys) : null;
    return d.input(Values.MODERATE, n, heads * shared, queries, width)
        .input(Values.MODERATE, n, heads, keys, width)
        .input(Values.MODERATE, n, heads, keys, d.whole("out", 1, 3))
        .input(Values.MODERATE, hides ? scores : d.broadcast(scores))
        .call(
            x -> {
              Tensor hidden = Tensor.scalar(Double.NEGATIVE_INFINITY, x[3].dtype());
              Tensor bias = hides ? Where.where(shown, x[3], hidden) : x[3];
              AttentionOptions options = AttentionOptions.DEFAULT.scale(scale).bias(bias);
              return ScaledDotProduct.attention(x[0], x[1], x[2], null, options);
            },
            t -> {
              org.bytedeco.pytorch.Tensor bias =
                  hides
                      ? t[3].masked_fill(
                          Libtorch.mask(shown).logical_not(),
                          Libtorch.scalar(Double.NEGATIVE_INFINITY))
                      : t[3];
              return torch.scaled_dot_product_attention(
                  t[0],
                  t[1],
                  t[2],
                  new TensorOptional(bias),
                  /* dropout_p= */ 0,
                  /* is_causal= */ false,
                  new DoubleOptional(scale),
                  /* enable_gqa= */ true);
            });
  }

  private static Call lstm(Draw d) {
    int n = d.whole("n", 1, 3);
    int in = d.whole("in", 1, 3);
    int hidden = d.whole("hidden", 1, 3);
    return d.input(Values.MODERATE, n, in)
        .input(Values.MODERATE, n, hidden)
        .input(Values.MODERATE, n, hidden)
        .input(Values.MODERATE, 4 * hidden, in)
        .input(Values.MODERATE, 4 * hidden, hidden)
        .input(Values.MODERATE, 4 * hidden)
        .call(
            x ->
                LongShortTermMemory.step(
                    MatMul.linear(x[0], x[3], x[5]).plus(x[1].matmul(x[4].transpose())), x[2]),
            t ->
                torch.lstm_cell(
                    t[0],
                    new TensorVector(t[1], t[2]),
                    t[3],
                    t[4],
                    new TensorOptional(t[5]),
                    new TensorOptional(torch.zeros_like(t[5]))));
  }
}
