package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.nn.norm.UnitNorm;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes the queries and keys of a {@link MultiHeadAttention}, so that its scores do not grow
 * with them (Henry et al. 2020, arXiv:2010.04245; Dehghani et al. 2023, arXiv:2302.05442). Values
 * stay what they are.
 */
public final class QueryKeyNorm extends Layer {

  /** What is normalized, and how; models call several of these "QK norm". */
  public enum Kind {
    /**
     * An RMS norm of each head's features, of queries and of keys, with gains of shape (width /
     * heads) that all heads share: as in Qwen 3 and Gemma 3.
     */
    PER_HEAD("each head"),
    /** An RMS norm of all features before heads divide them, with a gain for each: as in OLMo 2. */
    WHOLE_WIDTH("the whole width"),
    /**
     * Scaled cosine attention: the scores are {@code cos(q, k) / tau} (Liu et al. 2022, "Swin
     * Transformer V2", arXiv:2111.09883). tau is learned for each head, 0.1 at first and at least
     * 0.01; the weight logit_scale, of shape (heads, 1, 1), is its {@code -log}, as in torchvision.
     */
    COSINE("cosines"),
    /**
     * That of nGPT (Loshchilov et al. 2024, arXiv:2410.01131): queries and keys of each head have
     * length 1, and each is multiplied by factors s_qk, 1 at first; the scores are their products
     * times sqrt(width / heads). The weight s_qk, of shape (heads, 1, width / heads), is the
     * factors divided by sqrt(width).
     */
    SPHERE("the sphere");

    private final String words;

    Kind(String words) {
      this.words = words;
    }
  }

  private final Setting<Kind> kind = constant("kind", Kind.PER_HEAD);
  private final int heads = size("heads").get();
  private final int width = size("head_width").get();
  private final Transform query = child("query", Transform.class);
  private final Transform key = child("key", Transform.class);
  private final @Nullable Weight scale;

  /** Creates norms for heads of this width, of which fewer may be of keys. */
  QueryKeyNorm(Kind kind, int heads, int keyHeads, int width) {
    this(
        Description.of(QueryKeyNorm::new)
            .set("kind", kind)
            .set("heads", heads)
            .set("head_width", width)
            .with("query", norm(kind, heads, width))
            .with("key", norm(kind, keyHeads, width)));
  }

  /** Creates a layer from its description. */
  public QueryKeyNorm(Description from) {
    super(from);
    scale =
        switch (kind.get()) {
          case PER_HEAD, WHOLE_WIDTH -> null;
          case COSINE -> parameter("logit_scale", Shape.of(heads, 1, 1), Math.log(10));
          case SPHERE -> parameter("s_qk", Shape.of(heads, 1, width), 1 / Math.sqrt(heads * width));
        };
  }

  private static Transform norm(Kind kind, int heads, int width) {
    return switch (kind) {
      case PER_HEAD -> new RMSNorm(width);
      case WHOLE_WIDTH -> new RMSNorm(heads * width);
      case COSINE, SPHERE -> new UnitNorm();
    };
  }

  /** Returns normalized queries (N, T, width). */
  Tensor queries(Tensor x) {
    return normalized(query, x);
  }

  /** Returns normalized keys, of as many features as their heads have. */
  Tensor keys(Tensor x) {
    return normalized(key, x);
  }

  private Tensor normalized(Transform norm, Tensor x) {
    return kind.get() == Kind.WHOLE_WIDTH
        ? norm.forward(x)
        : norm.forward(x.reshape(x.size(0), x.size(1), x.size(2) / width, width))
            .reshape(x.shape());
  }

  /**
   * Multiplies queries (N, heads, T, width / heads), after they are turned to their positions, by
   * what makes up for the 1 / sqrt(width / heads) of scores. Factors of keys are here, too: they
   * would be multiplied with those of the queries in the scores.
   */
  Tensor scaled(Tensor queries) {
    if (scale == null) {
      return queries;
    }
    Tensor learned = scale.value();
    return queries.times(
        kind.get() == Kind.COSINE
            ? learned.clamp(Double.NEGATIVE_INFINITY, Math.log(100)).exp().times(Math.sqrt(width))
            : learned.square().times((double) heads * width * width));
  }

  /** Returns a description of what is normalized. */
  String words() {
    return kind.get().words;
  }

  @Override
  public String toString() {
    return line(words());
  }
}
