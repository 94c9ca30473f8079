package dev.adjoint.benchmarks;

import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.sequence.Attention;
import dev.adjoint.nn.sequence.GRU;
import dev.adjoint.nn.sequence.LSTM;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import dev.adjoint.tensor.IntTensor;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Layers that read sequences, of (N, T, width). */
final class SequenceCases {

  private static final List<String> RECURRENT =
      List.of("1x16x32 to 32", "32x32x128 to 128", "64x64x128 to 256");

  static final List<Case> MORE =
      List.of(
          Case.of(
              "lstm",
              RECURRENT,
              s -> Work.macs(12 * Work.product(s[0], s[1], s[3], s[2] + s[3])),
              (draw, s) -> {
                LSTM lstm = new LSTM(s[2], s[3], draw.generator());
                return new Model(
                    lstm,
                    List.of(draw.normal(s[0], s[1], s[2])),
                    null,
                    in -> lstm.forward(in.getFirst()).output());
              },
              (t, s) -> lstm(t, t.x(), s[3], "")),
          Case.of(
              "gru",
              RECURRENT,
              s -> Work.macs(9 * Work.product(s[0], s[1], s[3], s[2] + s[3])),
              (draw, s) -> {
                GRU gru = new GRU(s[2], s[3], draw.generator());
                return new Model(
                    gru,
                    List.of(draw.normal(s[0], s[1], s[2])),
                    null,
                    in -> gru.forward(in.getFirst()).output());
              },
              (t, s) ->
                  torch
                      .gru(
                          t.x(),
                          zeros(t, s[0], s[3]),
                          weights(t, ""),
                          true,
                          1,
                          0,
                          true,
                          false,
                          true)
                      .get0()),
          Case.of(
              "attention",
              List.of("4x4x16x16", "8x4x64x32", "8x8x256x64"),
              s -> Work.macs(6 * Work.product(s[0], s[1], s[2], s[2], s[3])),
              (draw, s) ->
                  new Model(
                      null,
                      List.of(draw.normal(s), draw.normal(s), draw.normal(s)),
                      null,
                      in -> Attention.scaledDotProduct(in.get(0), in.get(1), in.get(2))),
              (t, s) -> torch.scaled_dot_product_attention(t.x(), t.x(1), t.x(2))),
          Case.of(
              "transformer layer of 4 heads",
              List.of("4x16x32", "32x32x128", "8x256x256"),
              s -> Work.macs(3 * transformerMacs(s[0], s[1], s[2], 4 * s[2])),
              (draw, s) ->
                  Model.of(
                      new TransformerEncoderLayer(s[2], 4, 4 * s[2], draw.generator()).dropout(0),
                      draw.normal(s)),
              (t, s) -> transformer(t, t.x(), 4, "")),
          Case.of(
              "embedding",
              List.of("1000x32 of 64", "30000x128 of 1024", "30000x512 of 8192"),
              s -> Work.passes(4, s[1], s[2]),
              (draw, s) -> {
                Embedding embedding = new Embedding(s[0], s[1], draw.generator());
                IntTensor indices = draw.indices(s[0], s[2]);
                return new Model(embedding, List.of(), indices, _ -> embedding.forward(indices));
              },
              (t, s) -> torch.embedding(t.p("weight"), t.indices())));

  private SequenceCases() {}

  /** Returns the outputs of the LSTM at a path in a model. */
  static Tensor lstm(Given t, Tensor x, int hidden, String path) {
    Tensor zeros = zeros(t, (int) x.size(0), hidden);
    return torch
        .lstm(x, new TensorVector(zeros, zeros), weights(t, path), true, 1, 0, true, false, true)
        .get0();
  }

  private static Tensor zeros(Given t, int rows, int hidden) {
    return torch.zeros(new long[] {1, rows, hidden}, t.options());
  }

  private static TensorVector weights(Given t, String path) {
    return new TensorVector(
        t.p(path + "weight_ih_l0"),
        t.p(path + "weight_hh_l0"),
        t.p(path + "bias_ih_l0"),
        t.p(path + "bias_hh_l0"));
  }

  static double transformerMacs(int n, int time, int width, int hidden) {
    return Work.product(n, time, width) * (4.0 * width + 2.0 * hidden + 2.0 * time);
  }

  /** Applies the layer at a path in a model, as PyTorch does in training when dropout is 0. */
  static Tensor transformer(Given t, Tensor x, int heads, String path) {
    long n = x.size(0);
    long time = x.size(1);
    long width = x.size(2);
    Tensor projected =
        torch.linear(
            x, t.p(path + "self_attn.in_proj_weight"), t.w(path + "self_attn.in_proj_bias"));
    // (3, N, heads, T, width of a head)
    Tensor parts = projected.view(n, time, 3, heads, width / heads).permute(2, 0, 3, 1, 4);
    Tensor mixed =
        torch.scaled_dot_product_attention(
            parts.select(0, 0), parts.select(0, 1), parts.select(0, 2));
    Tensor attended =
        torch.linear(
            mixed.transpose(1, 2).reshape(n, time, width),
            t.p(path + "self_attn.out_proj.weight"),
            t.w(path + "self_attn.out_proj.bias"));
    Tensor y = norm(t, x.add(attended), path + "norm1.");
    Tensor hidden =
        torch.relu(torch.linear(y, t.p(path + "linear1.weight"), t.w(path + "linear1.bias")));
    Tensor transformed =
        torch.linear(hidden, t.p(path + "linear2.weight"), t.w(path + "linear2.bias"));
    return norm(t, y.add(transformed), path + "norm2.");
  }

  static Tensor norm(Given t, Tensor x, String path) {
    return torch.layer_norm(
        x, new long[] {x.size(-1)}, t.w(path + "weight"), t.w(path + "bias"), 1e-5, false);
  }
}
