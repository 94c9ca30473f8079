package dev.adjoint.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DropoutTest {

  private final Generator generator = Generator.seeded(21);

  @ParameterizedTest
  @EnumSource
  void someElementsBecomeZeroAndTheOthersMakeUpForThem(DType dtype) {
    Tensor y = new Dropout(0.2, generator).forward(Tensors.full(Shape.of(100, 400), 3, dtype));
    Tensor dropped = y.equal(0);
    assertThat(y.dtype()).isEqualTo(dtype);
    assertThat(dropped.mean().item()).isCloseTo(0.2, within(0.01));
    assertThat(dropped.plus(y.minus(3.75).abs().less(1e-6)).min().item()).isEqualTo(1);
    assertThat(y.mean().item()).isCloseTo(3, within(0.05));
  }

  @Test
  void wholeChannelsBecomeZero() {
    Dropout dropout = new Dropout(0.3, generator).wholeChannels();
    Tensor y = dropout.forward(Tensors.ones(50, 40, 3, 4));
    Tensor channels = y.mean(2, 3);
    assertThat(y.minus(channels.unsqueeze(2).unsqueeze(3)).abs().max().item()).isLessThan(1e-6);
    assertThat(channels.equal(0).mean().item()).isCloseTo(0.3, within(0.05));
    assertThat(channels.max().item()).isCloseTo(1 / 0.7, within(1e-6));
    assertThat(dropout).hasToString("Dropout(0.3, whole channels)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> dropout.forward(Tensors.ones(3)))
        .withMessage("Dropout(0.3, whole channels): input of shape (3); expected (N, C, ...)");
  }

  @Test
  void everyForwardDropsOtherElements() {
    Dropout dropout = new Dropout(0.5, generator);
    Tensor ones = Tensors.ones(100);
    assertThat(dropout.forward(ones).toFloatArray())
        .isNotEqualTo(dropout.forward(ones).toFloatArray());
  }

  @Test
  void evalPassesTheInputOn() {
    Dropout dropout = new Dropout(0.5, generator);
    Tensor x = generator.normal(5, 4);
    dropout.eval();
    assertThat(dropout.forward(x)).isSameAs(x);
    dropout.train();
    assertThat(dropout.probability(0).forward(x)).isSameAs(x);
  }

  @Test
  void everythingMayBeDropped() {
    Tensor y = new Dropout(1, generator).forward(generator.normal(3, 4));
    assertThat(y.abs().max().item()).isZero();
  }

  @Test
  void theGradientPassesWhereTheInputDid() {
    Dropout dropout = new Dropout(0.4, generator);
    GradientCheck.of(x -> dropout.forward(x[0]).tanh())
        .at(generator.normal(0, 1, Shape.of(6, 5), DType.FLOAT64))
        .order(2)
        .run()
        .assertOk();
  }

  @Test
  void aCopyDrawsWhatTheOriginalWouldHaveDrawn() {
    Dropout dropout = new Dropout(0.5, generator);
    Tensor ones = Tensors.ones(100);
    dropout.forward(ones);
    Dropout copy = Layer.copyOf(dropout);
    assertThat(copy.forward(ones).toFloatArray()).isEqualTo(dropout.forward(ones).toFloatArray());
    assertThat(Layer.forInference(dropout).forward(ones)).isSameAs(ones);
  }

  @Test
  void misuseIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Dropout(1.5, generator))
        .withMessage("Dropout: probability 1.5; expected 0 to 1");
    assertThat(new Dropout(0.5, generator)).hasToString("Dropout(0.5)");
  }
}
