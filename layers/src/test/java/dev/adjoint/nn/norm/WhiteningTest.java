package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import org.junit.jupiter.api.Test;

class WhiteningTest {

  private final Generator generator = Generator.seeded(47);
  private final Tensor x = correlated(60, 4);

  private Tensor correlated(int examples, int features) {
    return normal(generator, examples, features)
        .matmul(normal(generator, features, features))
        .plus(3);
  }

  private static Tensor covariance(Tensor x) {
    Tensor centered = x.minus(x.mean(0));
    return centered.transpose().matmul(centered).div(x.size(0));
  }

  @Test
  void theTrainingDataGetMeanZeroAndTheIdentityForCovariance() {
    Tensor eye = Tensors.eye(4, DType.FLOAT64);
    for (Whitening whitening : List.of(Whitening.pca(x, 4, 0), Whitening.zca(x, 0))) {
      Tensor y = whitening.forward(x);
      assertThat(y.mean(0).abs().max().item()).isLessThan(1e-12);
      assertClose(covariance(y), eye, 1e-10);
      assertClose(whitening.inverse(y), x, 1e-10);
    }
    assertClose(covariance(Whitening.zca(x).forward(x)), eye, 1e-2);
  }

  @Test
  void pcaWhitensAlongDirectionsOfDecreasingVariance() {
    Whitening whitening = Whitening.pca(x, 4, 0);
    double[] variances = whitening.explainedVariance().toDoubleArray();
    assertThat(variances).isSortedAccordingTo((a, b) -> Double.compare(b, a));
    // Undone scaling leaves a rotation, whose coordinates have these variances.
    Tensor rotation = whitening.matrix().times(whitening.explainedVariance().sqrt().unsqueeze(1));
    assertClose(rotation.matmul(rotation.transpose()), Tensors.eye(4, DType.FLOAT64), 1e-12);
    assertClose(
        x.matmul(rotation.transpose()).biasedVariance(0), whitening.explainedVariance(), 1e-10);
    assertThat(x.biasedVariance(0).sum().item())
        .isCloseTo(whitening.explainedVariance().sum().item(), within(1e-10));
  }

  @Test
  void zcaIsTheSymmetricOne() {
    Whitening zca = Whitening.zca(x, 0.1);
    assertClose(zca.matrix(), zca.matrix().transpose(), 1e-13);
    Tensor ridge = Tensors.eye(4, DType.FLOAT64).times(0.1);
    Tensor inverse = covariance(x).plus(ridge).matmul(zca.matrix()).matmul(zca.matrix());
    assertClose(inverse, Tensors.eye(4, DType.FLOAT64), 1e-11);
    assertClose(zca.mean(), x.mean(0), 1e-12);
  }

  @Test
  void fewerComponentsKeepTheLargestAndGiveBackTheNearest() {
    Whitening all = Whitening.pca(x);
    Whitening two = Whitening.pca(x, 2, 1e-5);
    Tensor y = two.forward(x.slice(0, 0, 5));
    assertClose(y, all.forward(x.slice(0, 0, 5)).slice(1, 0, 2), 1e-12);
    assertClose(two.forward(two.inverse(y)), y, 1e-11);
    double lost = two.inverse(two.forward(x)).minus(x).square().sum().item() / x.size(0);
    assertThat(lost).isCloseTo(all.explainedVariance().slice(0, 2, 4).sum().item(), within(1e-10));
  }

  @Test
  void moreFeaturesThanExamplesNeedEpsilonOrFewerComponents() {
    Tensor few = correlated(5, 9);
    for (Whitening whitening : List.of(Whitening.pca(few), Whitening.zca(few))) {
      Tensor unseen = whitening.forward(correlated(3, 9));
      assertThat(whitening.forward(few).abs().max().item()).isLessThan(3);
      assertThat(unseen.isFinite().all().item()).isEqualTo(1);
      assertClose(whitening.inverse(whitening.forward(few)), few, 1e-9);
    }
    assertClose(
        covariance(Whitening.pca(few, 4, 0).forward(few)), Tensors.eye(4, DType.FLOAT64), 1e-10);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Whitening.zca(few, 0))
        .withMessage(
            "Whitening: data of shape (5, 9) vary in 4 directions, and epsilon is 0.0;"
                + " expected at most 4 components instead of 9, or a larger epsilon");
  }

  @Test
  void whatRoundingOfTheDataLeavesIsNoVariance() {
    Tensor far = x.plus(100);
    Tensor dependent = Joining.concat(1, far, far.sum(Keep.AXES, 1)).to(DType.FLOAT32);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Whitening.pca(dependent, 5, 0))
        .withMessageContaining("vary in 4 directions");
    assertThat(Whitening.pca(dependent, 4, 0).explainedVariance().size()).isEqualTo(4);
  }

  @Test
  void itKeepsTheTypeAndTheLeadingAxes() {
    Tensor narrow = x.to(DType.FLOAT32);
    Whitening whitening = Whitening.zca(narrow);
    Tensor y = whitening.forward(narrow.reshape(3, 20, 4));
    assertThat(y.dtype()).isEqualTo(DType.FLOAT32);
    assertThat(y.shape()).isEqualTo(Shape.of(3, 20, 4));
    assertThat(y.toDoubleArray())
        .containsExactly(Whitening.zca(x).forward(x).toDoubleArray(), within(1e-3));
  }

  @Test
  void misuseIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Whitening.pca(x.slice(0, 0, 1)))
        .withMessage(
            "Whitening: data of shape (1, 4); expected (m, n), at least 2 examples of at least 1"
                + " feature");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Whitening.pca(x, 5, 0))
        .withMessage(
            "Whitening: 5 components and epsilon 0.0 for data of shape (60, 4); expected 1 to 4,"
                + " and at least 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Whitening.zca(x.minus(x).div(0)))
        .withMessageStartingWith("Whitening: data of shape (60, 4) with NaN or infinity; expected");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Whitening.pca(x, 2, 0).inverse(x))
        .withMessage("Whitening(4, 2): inverse of shape (60, 4); expected (..., 2)");
  }
}
