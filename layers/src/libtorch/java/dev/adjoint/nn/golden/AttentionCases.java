package dev.adjoint.nn.golden;

import java.util.stream.Stream;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.MultiheadAttentionImpl;
import org.bytedeco.pytorch.MultiheadAttentionOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.StringSharedModuleDict;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TransformerDecoderLayerImpl;
import org.bytedeco.pytorch.TransformerDecoderLayerOptions;
import org.bytedeco.pytorch.TransformerEncoderLayerImpl;
import org.bytedeco.pytorch.TransformerEncoderLayerOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.bytedeco.pytorch.kGELU;
import org.bytedeco.pytorch.kReLU;
import org.jspecify.annotations.Nullable;

/**
 * Attention and the layer of a transformer's encoder. The C++ modules want time first; the files
 * have the batch first.
 */
final class AttentionCases {

  private static final int BATCH = 2;
  private static final int QUERIES = 3;
  private static final int KEYS = 4;
  private static final int EMBED = 4;
  private static final int HEADS = 2;

  private AttentionCases() {}

  static Stream<GoldenCase> all() {
    return Stream.of(
        scaledDotProduct("plain", QUERIES, "none", false, null),
        scaledDotProduct("scale", QUERIES, "none", false, .3),
        scaledDotProduct("boolean-mask", QUERIES, "boolean", false, null),
        scaledDotProduct("causal", QUERIES, "none", true, null),
        scaledDotProduct("causal-square", KEYS, "none", true, null),
        groupedHeads(),
        multihead("self", true, true, false, "none"),
        multihead("self-without-bias", true, false, false, "none"),
        multihead("self-padding", true, true, true, "none"),
        multihead("self-boolean-mask", true, true, false, "boolean"),
        multihead("cross", false, true, false, "none"),
        multihead("cross-padding", false, true, true, "none"),
        multihead("cross-all", false, true, true, "boolean"),
        encoderLayer("relu", false, "relu", false, "none"),
        encoderLayer("gelu", false, "gelu", false, "none"),
        encoderLayer("padding", false, "relu", true, "none"),
        encoderLayer("boolean-mask", false, "relu", false, "boolean"),
        encoderLayer("norm-first-relu", true, "relu", false, "none"),
        encoderLayer("norm-first-gelu", true, "gelu", false, "none"),
        encoderLayer("norm-first-all", true, "gelu", true, "boolean"),
        decoderLayer("relu", "relu", false),
        decoderLayer("gelu-padding", "gelu", true));
  }

  /** Attention of (N, heads, time, features); a 1 in a boolean mask takes part. */
  private static GoldenCase scaledDotProduct(
      String variant, int queries, String mask, boolean causal, @Nullable Double scale) {
    GoldenCase c = new GoldenCase("attention-" + variant, "torch::scaled_dot_product_attention");
    c.option("is_causal", causal).option("scale", scale == null ? "None" : scale);
    Tensor query = c.input("query", c.normal(1, BATCH, HEADS, queries, 3));
    Tensor key = c.input("key", c.normal(1, BATCH, HEADS, KEYS, 3));
    Tensor value = c.input("value", c.normal(1, BATCH, HEADS, KEYS, 2));
    Tensor allowed =
        switch (mask) {
          case "none" -> null;
          default -> c.constant("attn_mask", hidden(queries, KEYS).logical_not());
        };
    return c.output(
        "output",
        torch.scaled_dot_product_attention(
            query,
            key,
            value,
            GoldenCase.optional(allowed),
            /* dropout_p= */ 0,
            causal,
            scale == null ? new DoubleOptional() : new DoubleOptional(scale),
            /* enable_gqa= */ false));
  }

  /** Attention of 4 heads, of which two share keys and values each. */
  private static GoldenCase groupedHeads() {
    GoldenCase c = new GoldenCase("attention-grouped", "torch::scaled_dot_product_attention");
    c.option("is_causal", true).option("scale", "None").option("enable_gqa", true);
    Tensor query = c.input("query", c.normal(1, BATCH, 4, KEYS, 3));
    Tensor key = c.input("key", c.normal(1, BATCH, 2, KEYS, 3));
    Tensor value = c.input("value", c.normal(1, BATCH, 2, KEYS, 2));
    return c.output(
        "output",
        torch.scaled_dot_product_attention(
            query,
            key,
            value,
            GoldenCase.optional(null),
            /* dropout_p= */ 0,
            /* is_causal= */ true,
            new DoubleOptional(),
            /* enable_gqa= */ true));
  }

  /** Attention of (N, time, features); a 1 in a boolean mask does not take part. */
  private static GoldenCase multihead(
      String variant, boolean self, boolean bias, boolean padded, String mask) {
    GoldenCase c =
        new GoldenCase("multihead-attention-" + variant, "torch::nn::MultiheadAttention");
    MultiheadAttentionOptions options = new MultiheadAttentionOptions(EMBED, HEADS);
    options.bias().put(bias);
    c.option("embed_dim", EMBED).option("num_heads", HEADS).option("bias", bias);
    MultiheadAttentionImpl attention = c.module(new MultiheadAttentionImpl(options));
    Tensor query = c.input("query", c.normal(1, BATCH, QUERIES, EMBED));
    Tensor key = self ? query : c.input("key", c.normal(1, BATCH, KEYS, EMBED));
    Tensor value = self ? query : c.input("value", c.normal(1, BATCH, KEYS, EMBED));
    long keys = key.size(1);
    T_TensorTensor_T result =
        attention.forward(
            query.transpose(0, 1),
            key.transpose(0, 1),
            value.transpose(0, 1),
            padding(c, padded, keys),
            /* need_weights= */ true,
            mask(c, mask, QUERIES, keys),
            /* average_attn_weights= */ true);
    return c.output("output", result.get0().transpose(0, 1)).output("weights", result.get1());
  }

  private static GoldenCase encoderLayer(
      String variant, boolean normFirst, String activation, boolean padded, String mask) {
    String source = "torch::nn::TransformerEncoderLayer" + (normFirst ? ",its_parts" : "");
    GoldenCase c = new GoldenCase("encoder-layer-" + variant, source);
    TransformerEncoderLayerOptions options = new TransformerEncoderLayerOptions(EMBED, HEADS);
    options.dim_feedforward().put(5);
    options.dropout().put(0);
    if (activation.equals("gelu")) {
      options.activation().put(new kGELU());
    } else {
      options.activation().put(new kReLU());
    }
    c.option("d_model", EMBED).option("nhead", HEADS).option("dim_feedforward", 5);
    c.option("activation", activation).option("norm_first", normFirst).option("dropout", 0);
    TransformerEncoderLayerImpl layer = c.module(new TransformerEncoderLayerImpl(options));
    Tensor x = c.input("src", c.normal(1, BATCH, QUERIES, EMBED)).transpose(0, 1);
    Tensor padding = padding(c, padded, QUERIES);
    Tensor attended = mask(c, mask, QUERIES, QUERIES);
    Tensor y =
        normFirst
            ? normFirst(layer, activation, x, attended, padding)
            : layer.forward(x, attended, padding);
    return c.output("output", y.transpose(0, 1));
  }

  /** The layer of a decoder, causal, with a memory whose end may be padding. */
  private static GoldenCase decoderLayer(String variant, String activation, boolean padded) {
    GoldenCase c = new GoldenCase("decoder-layer-" + variant, "torch::nn::TransformerDecoderLayer");
    TransformerDecoderLayerOptions options = new TransformerDecoderLayerOptions(EMBED, HEADS);
    options.dim_feedforward().put(5);
    options.dropout().put(0);
    if (activation.equals("gelu")) {
      options.activation().put(new kGELU());
    } else {
      options.activation().put(new kReLU());
    }
    c.option("d_model", EMBED).option("nhead", HEADS).option("dim_feedforward", 5);
    c.option("activation", activation).option("dropout", 0);
    TransformerDecoderLayerImpl layer = c.module(new TransformerDecoderLayerImpl(options));
    Tensor x = c.input("tgt", c.normal(1, BATCH, QUERIES, EMBED)).transpose(0, 1);
    Tensor memory = c.input("memory", c.normal(1, BATCH, KEYS, EMBED)).transpose(0, 1);
    Tensor later =
        torch
            .full(new long[] {QUERIES, QUERIES}, new Scalar(Double.NEGATIVE_INFINITY))
            .to(ScalarType.Double)
            .triu(1);
    Tensor y =
        layer.forward(x, memory, later, new Tensor(), new Tensor(), padding(c, padded, KEYS));
    return c.output("output", y.transpose(0, 1));
  }

  /** The order of norm_first, which the C++ module does not know, made of its parts. */
  private static Tensor normFirst(
      TransformerEncoderLayerImpl layer, String activation, Tensor x, Tensor mask, Tensor padding) {
    StringSharedModuleDict parts = layer.named_children();
    MultiheadAttentionImpl attention = parts.get("self_attn").asMultiheadAttention();
    LayerNormImpl norm1 = parts.get("norm1").asLayerNorm();
    LayerNormImpl norm2 = parts.get("norm2").asLayerNorm();
    LinearImpl linear1 = parts.get("linear1").asLinear();
    LinearImpl linear2 = parts.get("linear2").asLinear();
    Tensor normal = norm1.forward(x);
    Tensor h = x.add(attention.forward(normal, normal, normal, padding, false, mask, true).get0());
    Tensor inner = linear1.forward(norm2.forward(h));
    return h.add(
        linear2.forward(activation.equals("gelu") ? torch.gelu(inner) : torch.relu(inner)));
  }

  /** Pads the end of the second sequence: 1 where a key is padding. */
  private static Tensor padding(GoldenCase c, boolean padded, long keys) {
    boolean[] values = new boolean[BATCH * (int) keys];
    values[values.length - 1] = true;
    values[values.length - 2] = keys > QUERIES;
    return padded
        ? c.constant("key_padding_mask", Tensor.create(values, BATCH, keys))
        : new Tensor();
  }

  /**
   * Hides some keys and returns what is added to the scores, or an undefined tensor. The C++ module
   * adds whatever it is given: a boolean mask, which Python's replaces, would hide nothing.
   */
  private static Tensor mask(GoldenCase c, String kind, long queries, long keys) {
    if (kind.equals("none")) {
      return new Tensor();
    }
    Tensor hidden = c.constant("attn_mask", hidden(queries, keys));
    return hidden.to(ScalarType.Double).masked_fill(hidden, new Scalar(Double.NEGATIVE_INFINITY));
  }

  /** Hides some keys from some queries, but the first from none, so that no row is empty. */
  private static Tensor hidden(long queries, long keys) {
    boolean[] hidden = new boolean[(int) (queries * keys)];
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] = i % keys != 0 && i % 3 != 0;
    }
    return Tensor.create(hidden, queries, keys);
  }
}
