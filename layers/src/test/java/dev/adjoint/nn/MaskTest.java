package dev.adjoint.nn;

import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertFinite;
import static dev.adjoint.nn.LayerAssertions.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.ChannelNorm;
import dev.adjoint.nn.norm.DecorrelatedBatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.InstanceNorm;
import dev.adjoint.nn.norm.IterNorm;
import dev.adjoint.nn.sequence.Attention;
import dev.adjoint.nn.sequence.Masks;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.nn.sequence.TransformerEncoder;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Masking;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Gives every layer that takes a mask what is none, and padding that must not be seen. */
class MaskTest {

  private static final int N = 4;
  private static final int T = 4; // as many steps as sequences: axes are told apart by nothing
  private static final int WIDTH = 4;

  private final Generator generator = Generator.seeded(2);
  private final Tensor x = generator.normal(N, T, WIDTH);

  private List<ChannelNorm<?>> norms() {
    return List.of(
        new BatchNorm(WIDTH),
        new GroupNorm(2, WIDTH),
        new InstanceNorm(WIDTH).withAffine(),
        new DecorrelatedBatchNorm(2, WIDTH),
        new IterNorm(2, WIDTH));
  }

  /** Returns all that takes a mask of (N, T, S), by name. */
  private Map<String, UnaryOperator<Tensor>> attentions() {
    MultiHeadAttention heads = new MultiHeadAttention(WIDTH, 2, generator);
    TransformerEncoderLayer layer = new TransformerEncoderLayer(WIDTH, 2, 8, generator).dropout(0);
    TransformerEncoder encoder = new TransformerEncoder(layer);
    Map<String, UnaryOperator<Tensor>> all = new LinkedHashMap<>();
    all.put("weights", mask -> Attention.weights(x, x, mask));
    all.put("scaled dot product", mask -> Attention.scaledDotProduct(x, x, x, mask));
    all.put("heads", mask -> heads.forward(x, mask));
    all.put("heads of two sequences", mask -> heads.attend(x, x, x, mask).output());
    all.put("layer", mask -> layer.forward(x, mask));
    all.put("encoder", mask -> encoder.forward(x, mask));
    return all;
  }

  /** Returns all that takes a mask, each with the shape of its mask. */
  private Map<UnaryOperator<Tensor>, Shape> all() {
    Map<UnaryOperator<Tensor>, Shape> all = new LinkedHashMap<>();
    attentions().values().forEach(attention -> all.put(attention, Shape.of(N, T, T)));
    norms().forEach(norm -> all.put(mask -> norm.forward(x, mask), Shape.of(N, T)));
    return all;
  }

  @Test
  void whatIsNeitherZeroNorOneIsRefusedEverywhere() {
    double[] others = {Double.NEGATIVE_INFINITY, -1e9, 0.5, 2, -1, 1e-30, Double.NaN};
    all()
        .forEach((layer, shape) -> {
          Tensor mask = Tensors.ones(shape, DType.FLOAT32);
          assertFinite(layer.apply(mask));
          for (double other : others) {
            float[] elements = mask.toFloatArray();
            elements[6] = (float) other;
            Tensor wrong = Tensor.of(elements, shape.toArray());
            assertThatIllegalArgumentException()
                .isThrownBy(() -> layer.apply(wrong))
                .withMessageContaining("mask of shape")
                .withMessageContaining(" has " + (double) (float) other + " at [")
                .withMessageContaining("; expected 1 for what counts and 0 for what does not");
          }
        });
  }

  @Test
  void anAdditiveMaskOfPyTorchIsToldHowToBecomeOne() {
    Tensor additive = Tensor.of(new double[] {0, Double.NEGATIVE_INFINITY, 0, 0}, 1, 2, 2);
    Tensor two = generator.normal(1, 2, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Attention.scaledDotProduct(two, two, two, additive))
        .withMessage(
            "attention: mask of shape (1, 2, 2) has -Infinity at [0, 0, 1]; expected 1 for what"
                + " counts and 0 for what does not; of a mask that is added to scores, that is"
                + " mask.equal(0)");
    assertSameBits(
        Attention.scaledDotProduct(two, two, two, additive.equal(0)),
        Attention.scaledDotProduct(two, two, two, Masks.causal(2)));
  }

  @Test
  void aMaskThatLacksAnAxisIsRefusedWhateverTheSizes() {
    IntTensor lengths = IntTensor.of(4, 2, 1, 3);
    Tensor keys = Masks.lengths(lengths, T);
    attentions()
        .forEach((name, attention) -> {
          assertThatIllegalArgumentException()
              .as(name)
              .isThrownBy(() -> attention.apply(keys))
              .withMessageContaining("mask of shape (4, 4); expected ")
              .withMessageContaining("(4, 4, 4), where each size may be 1");
          assertFinite(attention.apply(keys.unsqueeze(1)));
          assertFinite(attention.apply(Masks.causal(T)));
        });
  }

  @Test
  void keysThatAreMaskedAreNotSeen() {
    Tensor keys = Masks.lengths(IntTensor.of(4, 2, 1, 3), T);
    Tensor changed = x.plus(keys.equal(0).unsqueeze(2).times(7));
    MultiHeadAttention heads = new MultiHeadAttention(WIDTH, 2, generator);
    Tensor seen = keys.unsqueeze(2);
    Tensor mask = keys.unsqueeze(1);
    assertSameBits(heads.forward(changed, mask).times(seen), heads.forward(x, mask).times(seen));
  }

  // ---- padding of norms ------------------------------------------------------------------------

  @Test
  void aConvolutionAfterAMaskedNormSeesTheZerosThatItPadsWith() {
    Conv1d conv = new Conv1d(WIDTH, 2, 3, ConvOptions.DEFAULT.padding(1), generator);
    Tensor a = generator.normal(1, WIDTH, 3);
    Tensor b = generator.normal(1, WIDTH, 5);
    Tensor nan = Tensors.full(Shape.of(1, WIDTH, 2), Double.NaN, DType.FLOAT32);
    Tensor padded = Joining.concat(0, Joining.concat(2, a, nan), b);
    Tensor mask = Masks.lengths(IntTensor.of(3, 5), 5);
    for (ChannelNorm<?> norm : norms()) {
      norm.parameters().forEach(p -> p.assign(generator.normal(2, 1, p.shape(), DType.FLOAT32)));
      for (int mode = 0; mode < 2; mode++) {
        Tensor y = norm.forward(padded, mask);
        assertThat(y.slice(0, 0, 1).slice(2, 3, 5).toFloatArray()).as("%s", norm).containsOnly(0);
        Tensor own = y.slice(0, 0, 1).slice(2, 0, 3);
        assertClose(conv.forward(y).slice(0, 0, 1).slice(2, 0, 3), conv.forward(own), 1e-5);
        norm.eval();
      }
      // In eval mode each sequence is by itself.
      assertClose(norm.forward(padded, mask).slice(0, 0, 1).slice(2, 0, 3), norm.forward(a), 1e-5);
    }
  }

  @Test
  void whatIsInPaddingGetsIntoNoGradient() {
    Tensor known = generator.normal(2, WIDTH, 5);
    Tensor mask = Masks.lengths(IntTensor.of(3, 5), 5);
    Tensor padding = mask.equal(0).unsqueeze(1);
    for (ChannelNorm<?> norm : norms()) {
      for (int mode = 0; mode < 2; mode++) {
        Map<String, float[]> expected = null;
        for (double garbage : new double[] {0, 1e30, Double.NaN, Double.POSITIVE_INFINITY}) {
          Tensor filled = Masking.maskedFill(known, padding, garbage).tracked();
          var gradients = norm.forward(filled, mask).exp().sum().backward();
          Map<String, float[]> all = new LinkedHashMap<>();
          norm.namedParameters()
              .forEach((name, p) -> all.put(name, gradients.of(p).toFloatArray()));
          all.put("x", gradients.of(filled).toFloatArray());
          if (expected == null) {
            expected = all;
          }
          assertThat(all)
              .as("%s, %s", norm, garbage)
              .usingRecursiveComparison()
              .isEqualTo(expected);
          assertFinite(gradients.of(filled));
        }
        norm.eval();
      }
    }
  }
}
