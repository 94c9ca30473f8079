package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OnSphereTest {

  private final Generator generator = Generator.seeded(31);

  private Tensor normal(int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }

  private Parameter parameter(String name, Tensor value) {
    return new Parameter(name, value);
  }

  /** Takes a step by a loss of which the gradient is a slope. */
  private static void step(Optimizer optimizer, Parameter w, Tensor slope) {
    optimizer.step(w.value().times(slope).sum().backward());
  }

  @ParameterizedTest
  @CsvSource({
    "0, FLOAT32",
    "1, FLOAT32",
    "2, FLOAT32",
    "0, FLOAT64",
    "1, FLOAT64",
    "2, FLOAT64",
    "-1, FLOAT32"
  })
  void vectorsKeepTheLengthOfOneToRounding(int axis, DType dtype) {
    Parameter w = parameter("w", normal(3, 4, 5).to(dtype));
    Optimizer optimizer =
        new OnSphere(new Adam(List.of(w)).learningRate(0.3)).unit(axis, List.of(w));
    for (int i = 0; i < 20; i++) {
      Tensor deviation = w.value().norm(2, Keep.AXES, axis).minus(1).abs();
      assertThat(deviation.max().item()).isLessThan(2 * dtype.epsilon());
      step(optimizer, w, normal(3, 4, 5).to(dtype));
    }
  }

  @Test
  void aStepIsThatOfTheOtherAndBackToTheSphere() {
    Parameter w = parameter("w", normal(3, 4));
    Parameter free = parameter("free", normal(2));
    Optimizer optimizer =
        new OnSphere(new SGD(List.of(w, free)).learningRate(0.5)).unit(1, List.of(w));
    Tensor slope = normal(3, 4);
    Tensor moved = w.value().untracked().minus(slope.times(0.5)).copy();
    Tensor freely = free.value().untracked().minus(0.5).copy();
    optimizer.step(w.value().times(slope).sum().plus(free.value().sum()).backward());
    assertClose(w.value(), moved.div(moved.norm(2, Keep.AXES, 1)));
    assertClose(free.value(), freely);
  }

  @Test
  void normalizingTwiceChangesNoBit() {
    Parameter w = parameter("w", normal(50, 7).to(DType.FLOAT32));
    OnSphere optimizer = new OnSphere(new SGD(List.of(w))).unit(1, List.of(w));
    float[] once = w.value().toFloatArray();
    optimizer.unit(1, List.of(w));
    assertThat(w.value().toFloatArray()).isEqualTo(once);
    step(optimizer.learningRate(0), w, normal(50, 7).to(DType.FLOAT32));
    assertThat(w.value().toFloatArray()).isEqualTo(once);
  }

  @Test
  void vectorsOfZerosStay() {
    Parameter w = parameter("w", Tensors.zeros(2, 3));
    Optimizer optimizer = new OnSphere(new SGD(List.of(w))).unit(0, List.of(w));
    step(optimizer, w, Tensors.zeros(2, 3));
    assertThat(w.value().toFloatArray()).containsOnly(0);
  }

  // ---- hyperball -------------------------------------------------------------------------------

  @Test
  void hyperballIsThePapersRule() {
    Parameter w = parameter("w", normal(3, 4).times(5));
    Parameter same = parameter("same", w.value().untracked());
    Adam adam = new Adam(List.of(same)).learningRate(1);
    Optimizer optimizer =
        new OnSphere(new Adam(List.of(w))).hyperball(List.of(w)).learningRate(0.1);
    double radius = w.value().norm(2).item();
    for (int i = 0; i < 10; i++) {
      Tensor slope = normal(3, 4);
      Tensor before = w.value().untracked().copy();
      same.assign(before);
      step(adam, same, slope);
      Tensor u = before.minus(same.value().untracked());
      Tensor moved = before.minus(u.div(u.norm(2)).times(0.1 * radius));
      step(optimizer, w, slope);
      assertClose(w.value(), moved.div(moved.norm(2)).times(radius));
    }
  }

  @Test
  void hyperballDoesNotSeeTheScaleOfGradientsAndWeights() {
    Tensor value = normal(3, 4);
    Tensor slope = normal(3, 4);
    Parameter small = parameter("small", value);
    Parameter large = parameter("large", value.times(8));
    for (Parameter w : List.of(small, large)) {
      Optimizer optimizer =
          new OnSphere(new SGD(List.of(w)).learningRate(0.2)).hyperball(List.of(w));
      step(optimizer, w, w == small ? slope : slope.times(1000));
    }
    assertClose(large.value().div(8), small.value());
  }

  @Test
  void aRateOfZeroAndAGradientOfZeroMoveNothing() {
    Parameter w = parameter("w", normal(3, 4));
    double[] before = w.value().toDoubleArray();
    OnSphere optimizer = new OnSphere(new SGD(List.of(w))).hyperball(List.of(w));
    step(optimizer, w, Tensors.zeros(Shape.of(3, 4), DType.FLOAT64));
    assertThat(w.value().toDoubleArray()).isEqualTo(before);
    step(optimizer.learningRate(0), w, normal(3, 4));
    assertThat(w.value().toDoubleArray()).isEqualTo(before);
  }

  @Test
  void ratesOfGroupsAndSchedulesAreTheAngle() {
    Parameter w = parameter("w", normal(3, 4));
    SGD sgd = new SGD(List.of(w)).schedule(step -> 0.5);
    Optimizer optimizer =
        new OnSphere(sgd)
            .hyperball(List.of(w))
            .group(ParameterGroup.of(List.of(w)).learningRate(0.02));
    Tensor before = w.value().untracked().copy();
    Tensor slope = normal(3, 4);
    Tensor radial = before.times(slope.times(before).sum().div(before.square().sum()));
    step(optimizer, w, slope.minus(radial));
    double cosine =
        before.times(w.value()).sum().item() / (before.norm(2).item() * w.value().norm(2).item());
    assertThat(Math.tan(Math.acos(cosine))).isCloseTo(0.01, within(1e-8));
  }

  @Test
  void whatIsNoneOfTheOthersIsNamed() {
    Parameter w = parameter("w", normal(3, 4));
    Parameter stranger = parameter("stranger", normal(3, 4));
    OnSphere optimizer = new OnSphere(new SGD(List.of(w)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> optimizer.unit(0, List.of(stranger)))
        .withMessage(
            "OnSphere: parameter 'stranger' of a group is none of this optimizer's; expected some"
                + " of [w]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> optimizer.unit(2, List.of(w)))
        .withMessage("OnSphere: there is no axis 2 in shape (3, 4); expected an axis from -2 to 1");
  }

  private static void assertClose(Tensor actual, Tensor expected) {
    assertThat(actual.minus(expected).abs().max().item()).isLessThan(1e-13);
  }
}
