package dev.adjoint.nn.sequence;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.sequence.QueryKeyNorm.Kind;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class QueryKeyNormTest {

  private static final int WIDTH = 6;
  private static final int HEADS = 2;
  private static final int HEAD = WIDTH / HEADS;

  private final Generator generator = Generator.seeded(53);
  private final Tensor x = normal(2, 4, WIDTH);

  private Tensor normal(int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }

  /** Returns an attention with weights that are not what they are at first. */
  private MultiHeadAttention attention(Kind kind) {
    MultiHeadAttention attention =
        float64(new MultiHeadAttention(WIDTH, HEADS, generator)).qkNorm(kind);
    attention.to(DType.FLOAT64);
    attention
        .parameters()
        .forEach(p -> p.assign(generator.normal(0.5, 0.4, p.shape(), DType.FLOAT64)));
    return attention;
  }

  private static Tensor weight(MultiHeadAttention attention, String name) {
    return Objects.requireNonNull(attention.namedParameters().get(name)).value();
  }

  /** Returns the weights of the attention that the formulas of a kind give. */
  private Tensor expected(MultiHeadAttention attention, Kind kind) {
    Tensor projected =
        x.matmul(weight(attention, "in_proj_weight").transpose())
            .plus(weight(attention, "in_proj_bias"));
    Tensor q = projected.slice(2, 0, WIDTH);
    Tensor k = projected.slice(2, WIDTH, 2 * WIDTH);
    if (kind == Kind.WHOLE_WIDTH) {
      q = divided(q, rms(q)).times(weight(attention, "qk_norm.query.weight"));
      k = divided(k, rms(k)).times(weight(attention, "qk_norm.key.weight"));
    }
    q = heads(q);
    k = heads(k);
    double factor = 1 / Math.sqrt(HEAD);
    switch (kind) {
      case WHOLE_WIDTH -> {}
      case PER_HEAD -> {
        q = divided(q, rms(q)).times(weight(attention, "qk_norm.query.weight"));
        k = divided(k, rms(k)).times(weight(attention, "qk_norm.key.weight"));
      }
      case COSINE -> {
        q = divided(q, length(q)).times(weight(attention, "qk_norm.logit_scale").exp());
        k = divided(k, length(k));
        factor = 1;
      }
      case SPHERE -> { // as the authors' code has it: both are multiplied
        Tensor s = weight(attention, "qk_norm.s_qk").times(Math.sqrt(WIDTH));
        q = divided(q, length(q)).times(s);
        k = divided(k, length(k)).times(s);
        factor = Math.sqrt(HEAD);
      }
    }
    return q.matmul(k.transpose()).times(factor).softmax(-1);
  }

  private static Tensor heads(Tensor x) {
    return x.reshape(2, 4, HEADS, HEAD).transpose(1, 2);
  }

  private static Tensor divided(Tensor x, Tensor by) {
    return x.div(by);
  }

  private static Tensor length(Tensor x) {
    return x.square().sum(Keep.AXES, -1).sqrt();
  }

  private static Tensor rms(Tensor x) {
    return x.square().mean(Keep.AXES, -1).sqrt();
  }

  @ParameterizedTest
  @EnumSource
  void scoresAreThoseOfTheFormulas(Kind kind) {
    MultiHeadAttention attention = attention(kind);
    assertClose(attention.attend(x, x, x, null).weights(), expected(attention, kind));
    assertClose(attention.attend(x, x, x, null).output(), attention.forward(x));
  }

  @ParameterizedTest
  @EnumSource
  void otherSequencesAreNormalizedToo(Kind kind) {
    MultiHeadAttention attention = attention(kind);
    Tensor same = x.copy(); // is projected by itself, not at once
    assertClose(attention.forward(x, same, same, null), attention.forward(x));
  }

  @ParameterizedTest
  @EnumSource
  void theScaleOfQueriesAndKeysDoesNotMatter(Kind kind) {
    MultiHeadAttention attention = attention(kind).withoutBias();
    Tensor y = attention.forward(x);
    Tensor w = weight(attention, "in_proj_weight").untracked().copy();
    attention
        .weight("in_proj_weight")
        .assign(
            Joining.concat(
                0,
                w.slice(0, 0, WIDTH).times(1000),
                w.slice(0, WIDTH, 2 * WIDTH).times(0.5),
                w.slice(0, 2 * WIDTH, 3 * WIDTH)));
    assertClose(attention.forward(x), y);
    assertThat(attention.forward(x.times(2)).minus(y.times(2)).abs().max().item())
        .as("linear in the data, which only values see")
        .isLessThan(1e-12);
  }

  @Test
  void aCosineIsNeverMultipliedByMoreThan100() {
    MultiHeadAttention attention = attention(Kind.COSINE);
    Tensor scale = weight(attention, "qk_norm.logit_scale").untracked().copy();
    attention.namedParameters().get("qk_norm.logit_scale").assign(scale.plus(100));
    Tensor y = attention.forward(x);
    Tensor limit = scale.times(0).plus(Math.log(100));
    attention.namedParameters().get("qk_norm.logit_scale").assign(limit);
    assertClose(attention.forward(x), y);
  }

  /**
   * tau is 0.1, and s_qk 1, in nGPT's scores: cosines times 10, and times the root of the width.
   */
  @Test
  void cosinesAreMultipliedByTenAtFirstAndOnTheSphereByTheRootOfTheWidth() {
    for (Map.Entry<Kind, Double> at :
        Map.of(Kind.COSINE, 10.0, Kind.SPHERE, Math.sqrt(HEAD)).entrySet()) {
      MultiHeadAttention attention =
          float64(new MultiHeadAttention(WIDTH, HEADS, generator).qkNorm(at.getKey()));
      Tensor projected = x.matmul(weight(attention, "in_proj_weight").transpose());
      Tensor q = heads(projected.slice(2, 0, WIDTH));
      Tensor k = heads(projected.slice(2, WIDTH, 2 * WIDTH));
      Tensor cosines = q.matmul(k.transpose()).div(length(q)).div(length(k).transpose());
      Tensor weights = attention.attend(x, x, x, null).weights();
      Tensor difference = weights.minus(cosines.times(at.getValue()).softmax(-1)).abs();
      assertThat(difference.max().item()).isLessThan(1e-6); // first weights are float32
    }
  }

  @ParameterizedTest
  @EnumSource
  void gradientsAreRightToTheSecondOrder(Kind kind) {
    MultiHeadAttention attention = attention(kind);
    if (kind == Kind.COSINE) {
      attention.namedParameters().get("qk_norm.logit_scale").assign(normal(HEADS, 1, 1).times(0.3));
    }
    assertGradients(
        attention,
        GradientCheck.of(in -> attention.forward(in[0], Masks.causal(4)))
            .at(x)
            .directional(2)
            .order(2));
  }

  @Test
  void theTextSaysWhatIsNormalized() {
    MultiHeadAttention attention = new MultiHeadAttention(4, 2, generator);
    assertThat(attention.qkNorm(Kind.PER_HEAD))
        .hasToString("MultiHeadAttention(4, 2, QK norm of each head)");
    assertThat(attention.qkNorm(Kind.WHOLE_WIDTH))
        .hasToString("MultiHeadAttention(4, 2, QK norm of the whole width)");
    assertThat(attention.namedParameters().get("qk_norm.query.weight").shape())
        .isEqualTo(Shape.of(4));
    assertThat(attention.qkNorm(Kind.PER_HEAD).namedParameters().get("qk_norm.key.weight").shape())
        .isEqualTo(Shape.of(2));
  }
}
