package dev.adjoint.onnx;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Conv1d;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.GlobalAvgPool;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.InstanceNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.sequence.CausalLanguageModel;
import dev.adjoint.nn.sequence.GRU;
import dev.adjoint.nn.sequence.LSTM;
import dev.adjoint.nn.sequence.Masks;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.nn.sequence.PositionalEncoding;
import dev.adjoint.nn.sequence.Positions;
import dev.adjoint.nn.sequence.TransformerDecoderLayer;
import dev.adjoint.nn.sequence.TransformerEncoder;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;

/** Models of sequences of any length. */
final class ExportedSequences {

  private static final int TOKENS = 11;

  /**
   * A model and what it takes: the axis 1 of each input is that of the sequence.
   *
   * @param inputs by the number of examples and the length
   */
  record Case(
      String name,
      Layer layer,
      BiFunction<Integer, Integer, Map<String, Object>> inputs,
      Function<OnnxExport.Inputs, Map<String, Tensor>> forward) {

    Map<String, Tensor> outputs(Map<String, Object> given) {
      return layer.inEval(() -> forward.apply(OnnxExport.Inputs.of(given)));
    }

    /** Exports it by an example of 16 positions. */
    OnnxExport export() {
      OnnxExport export = OnnxExport.of(layer, forward);
      inputs
          .apply(3, 16)
          .forEach((input, value) -> {
            if (value instanceof Tensor tensor) {
              export.input(input, tensor);
            } else {
              export.input(input, (IntTensor) value);
            }
            export.dynamicAxis(input, 1, "sequence");
          });
      return export;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static final class Encoder extends Layer {
    final Embedding tokens;
    final Embedding learned;
    final PositionalEncoding positions = new PositionalEncoding(64, 8);
    final TransformerEncoder encoder;

    Encoder(Generator generator) {
      tokens = child("tokens", new Embedding(TOKENS, 8, generator));
      learned = child("learned", new Embedding(64, 8, generator));
      child("positions", positions);
      encoder =
          child(
              "encoder",
              new TransformerEncoder(
                      new TransformerEncoderLayer(8, 2, 16, generator),
                      new TransformerEncoderLayer(8, 2, 16, generator).normFirst())
                  .withNorm(new LayerNorm(8)));
    }
  }

  private ExportedSequences() {}

  static List<Case> all() {
    Generator g = Generator.seeded(9);
    BiFunction<Integer, Integer, Map<String, Object>> text =
        (n, length) -> Map.of("text", g.integers(TOKENS, n, length));
    BiFunction<Integer, Integer, Map<String, Object>> signal =
        (n, length) -> Map.of("input", g.normal(n, length, 4));
    Encoder encoder = new Encoder(g);
    BiFunction<Integer, Integer, Map<String, Object>> masked =
        (n, length) -> {
          Map<String, Object> inputs = new LinkedHashMap<>(text.apply(n, length));
          inputs.put("mask", Masks.lengths(g.integers(length - 1, n), length - 1).pad(1, 1, 0, 1));
          return inputs;
        };
    Sequential convolutions =
        new Sequential(
            x -> x.transpose(1, 2),
            new Conv1d(4, 6, 3, ConvOptions.DEFAULT.padding(1), g),
            new InstanceNorm(6),
            Activation.GELU,
            new GlobalAvgPool());
    LSTM lstm = new LSTM(4, 3, g).bidirectional();
    GRU gru = new GRU(4, 3, g);
    return List.of(
        new Case(
            "encoder of masked texts",
            encoder,
            masked,
            in -> {
              Tensor mask = in.tensor("mask");
              Tensor x = encoder.positions.forward(encoder.tokens.forward(in.indices("text")));
              Tensor y = encoder.encoder.forward(x, mask.unsqueeze(1));
              Tensor weights = mask.unsqueeze(2);
              return Map.of("vectors", y.times(weights).sum(1).div(weights.sum(1)), "all", y);
            }),
        new Case(
            "learned positions, causal mask",
            encoder,
            text,
            in -> {
              IntTensor tokens = in.indices("text");
              int length = tokens.shape().size(1);
              Tensor x =
                  encoder
                      .tokens
                      .forward(tokens)
                      .plus(encoder.learned.forward(IntTensor.range(length)));
              return Map.of("output", encoder.encoder.forward(x, Masks.causal(length)));
            }),
        language("rotary positions, shared keys", g, text, Positions.ROTARY, 2),
        language("interleaved rotary positions", g, text, Positions.ROTARY_INTERLEAVED, 4),
        language("slopes", g, text, Positions.ALIBI, 4),
        new Case(
            "convolutions",
            convolutions,
            signal,
            in -> Map.of("output", convolutions.forward(in.tensor("input")))),
        new Case(
            "LSTM",
            lstm,
            signal,
            in -> {
              var read = lstm.forward(in.tensor("input"));
              return Map.of("output", read.output(), "h", read.state().h());
            }),
        new Case(
            "GRU, its mean",
            gru,
            signal,
            in -> Map.of("output", gru.forward(in.tensor("input")).output().mean(1))),
        new Case(
            "rows side by side",
            new Sequential(new Linear(4, 2, g)),
            signal,
            in -> {
              Tensor x = in.tensor("input");
              int length = x.size(1);
              return Map.of(
                  "flat", x.flatten(0, 1),
                  "reversed", x.flip(1).slice(1, 1, length),
                  "table", x.matmul(x.transpose(1, 2)).reshape(x.size(0), length * length));
            }));
  }

  private static Case language(
      String name,
      Generator g,
      BiFunction<Integer, Integer, Map<String, Object>> text,
      Positions positions,
      int keys) {
    CausalLanguageModel model =
        new CausalLanguageModel(
            TOKENS,
            16,
            2,
            _ ->
                TransformerDecoderLayer.decoderOnly(16, 4, 24, g)
                    .selfAttention(new MultiHeadAttention(16, 4, keys, g).positions(positions)),
            g);
    return new Case(
        name, model, text, in -> Map.of("scores", model.forward(in.indices("text")).flatten(0, 1)));
  }
}
