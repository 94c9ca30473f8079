package dev.adjoint.nn.golden;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.golden.Golden.Role;
import dev.adjoint.nn.sequence.Attention;
import dev.adjoint.nn.sequence.GRU;
import dev.adjoint.nn.sequence.LSTM;
import dev.adjoint.nn.sequence.Masks;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.nn.sequence.RNN;
import dev.adjoint.nn.sequence.Recurrent;
import dev.adjoint.nn.sequence.TransformerDecoderLayer;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import dev.adjoint.nn.sequence.TransformerLayer;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Lists the sequence layers that the golden files are about. */
final class SequenceSubjects {

  private static final Generator GENERATOR = Generator.seeded(1);

  private SequenceSubjects() {}

  static void addTo(Map<String, Function<Golden, Subject>> rows) {
    rows.put("rnn-tanh", golden -> simple(golden, rnn(golden)));
    rows.put("rnn-relu", golden -> simple(golden, rnn(golden).activation(Activation.RELU)));
    rows.put("gru", golden -> simple(golden, new GRU(in(golden), hidden(golden), GENERATOR)));
    rows.put("lstm", SequenceSubjects::lstm);
    rows.put("attention", SequenceSubjects::attention);
    rows.put("multihead-attention", SequenceSubjects::multiHeadAttention);
    rows.put("encoder-layer", SequenceSubjects::encoderLayer);
    rows.put("decoder-layer", SequenceSubjects::decoderLayer);
  }

  // ---- recurrent -------------------------------------------------------------------------------

  private static RNN rnn(Golden golden) {
    return new RNN(in(golden), hidden(golden), GENERATOR);
  }

  private static <R extends Recurrent<R, Tensor>> Subject simple(Golden golden, R layer) {
    return recurrent(golden, layer, inputs -> inputs.get("h_0"), state -> Map.of("h_n", state));
  }

  private static Subject lstm(Golden golden) {
    return recurrent(
        golden,
        new LSTM(in(golden), hidden(golden), GENERATOR),
        inputs ->
            inputs.containsKey("h_0") ? new LSTM.State(inputs.get("h_0"), inputs.get("c_0")) : null,
        state -> Map.of("h_n", state.h(), "c_n", state.c()));
  }

  private static <R extends Recurrent<R, S>, S> Subject recurrent(
      Golden golden,
      R layer,
      Function<Map<String, Tensor>, @Nullable S> initial,
      Function<S, Map<String, Tensor>> finals) {
    layer.layers(number(golden, "num_layers"));
    if (is(golden, "bidirectional")) {
      layer.bidirectional();
    }
    if (!is(golden, "bias")) {
      layer.withoutBias();
    }
    return new Subject(
        layer,
        name -> name,
        inputs -> {
          Tensor x = batchFirst(golden, inputs.get("input"));
          Recurrent.Output<S> read = read(golden, layer, x, initial.apply(inputs));
          Map<String, Tensor> outputs = new LinkedHashMap<>(finals.apply(read.state()));
          outputs.put("output", batchFirst(golden, read.output()));
          return outputs;
        });
  }

  private static <R extends Recurrent<R, S>, S> Recurrent.Output<S> read(
      Golden golden, R layer, Tensor x, @Nullable S initial) {
    if (!golden.name().contains("packed")) {
      return initial == null ? layer.forward(x) : layer.forward(x, initial);
    }
    return initial == null
        ? layer.forward(x, golden.index("lengths"))
        : layer.forward(x, golden.index("lengths"), initial);
  }

  /** Swaps time and batch, there and back. */
  private static Tensor batchFirst(Golden golden, Tensor sequence) {
    return is(golden, "batch_first") ? sequence : sequence.transpose(0, 1);
  }

  private static int in(Golden golden) {
    return golden.get(Role.STATE, "weight_ih_l0").size(1);
  }

  private static int hidden(Golden golden) {
    return golden.get(Role.STATE, "weight_hh_l0").size(1);
  }

  // ---- attention -------------------------------------------------------------------------------

  private static Subject attention(Golden golden) {
    return new Subject(
        null,
        name -> name,
        inputs -> {
          Tensor query = inputs.get("query");
          Tensor key = inputs.get("key");
          Tensor mask = inputs.get("attn_mask");
          if (is(golden, "is_causal")) {
            int longest = Math.max(query.size(-2), key.size(-2));
            mask = Masks.causal(longest).slice(1, 0, query.size(-2)).slice(2, 0, key.size(-2));
          }
          if (!golden.option("scale").equals("None")) {
            double scale = Double.parseDouble(golden.option("scale"));
            query = query.times(scale * Math.sqrt(query.size(-1)));
          }
          while (mask != null && mask.rank() < query.rank()) {
            mask = mask.unsqueeze(0); // PyTorch's may lack axes
          }
          return Map.of(
              "output", Attention.scaledDotProduct(query, key, inputs.get("value"), mask));
        });
  }

  private static Subject multiHeadAttention(Golden golden) {
    MultiHeadAttention layer =
        new MultiHeadAttention(number(golden, "embed_dim"), number(golden, "num_heads"), GENERATOR);
    if (!is(golden, "bias")) {
      layer.withoutBias();
    }
    return new Subject(
        layer,
        name -> name,
        inputs -> {
          Tensor query = inputs.get("query");
          MultiHeadAttention.Attended attended =
              layer.attend(
                  query,
                  inputs.getOrDefault("key", query),
                  inputs.getOrDefault("value", query),
                  shown(inputs));
          // PyTorch averages the weights of the heads.
          return Map.of("output", attended.output(), "weights", attended.weights().mean(1));
        });
  }

  private static <L extends TransformerLayer<L>> L configured(Golden golden, L layer) {
    return layer
        .dropout(Double.parseDouble(golden.option("dropout")))
        .activation(Activation.valueOf(golden.option("activation").toUpperCase(Locale.ROOT)));
  }

  private static Subject decoderLayer(Golden golden) {
    TransformerDecoderLayer layer =
        configured(
            golden,
            new TransformerDecoderLayer(
                number(golden, "d_model"),
                number(golden, "nhead"),
                number(golden, "dim_feedforward"),
                GENERATOR));
    return new Subject(
        layer,
        name -> name,
        inputs ->
            Map.of(
                "output", layer.forward(inputs.get("tgt"), inputs.get("memory"), shown(inputs))));
  }

  private static Subject encoderLayer(Golden golden) {
    TransformerEncoderLayer layer =
        configured(
            golden,
            new TransformerEncoderLayer(
                number(golden, "d_model"),
                number(golden, "nhead"),
                number(golden, "dim_feedforward"),
                GENERATOR));
    if (is(golden, "norm_first")) {
      layer.normFirst();
    }
    return new Subject(
        (Layer) layer,
        name -> name,
        inputs -> Map.of("output", layer.forward(inputs.get("src"), shown(inputs))));
  }

  /** Returns our mask, in which 1 is shown, of PyTorch's, in which 1 is hidden. */
  private static @Nullable Tensor shown(Map<String, Tensor> inputs) {
    Tensor padding = inputs.get("key_padding_mask");
    Tensor pairs = inputs.get("attn_mask");
    if (padding == null && pairs == null) {
      return null;
    }
    Tensor shown = Tensor.scalar(1, inputs.values().iterator().next().dtype());
    if (padding != null) {
      shown = shown.minus(padding.unsqueeze(1));
    }
    return pairs == null ? shown : shown.times(pairs.neg().plus(1).unsqueeze(0));
  }

  private static int number(Golden golden, String option) {
    return Integer.parseInt(golden.option(option));
  }

  private static boolean is(Golden golden, String option) {
    return Boolean.parseBoolean(golden.option(option));
  }
}
