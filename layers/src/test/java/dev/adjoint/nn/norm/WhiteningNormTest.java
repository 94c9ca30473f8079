package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.Float64.scrambled;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Layer;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Linalg;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Checks DecorrelatedBatchNorm and IterNorm. */
class WhiteningNormTest {

  private final Generator generator = Generator.seeded(53);

  private Tensor correlated(int... sizes) {
    int channels = sizes[1];
    Tensor mix = normal(generator, channels, channels).plus(Tensors.eye(channels).times(2));
    Tensor x = normal(generator, sizes).transpose(0, 1);
    return mix.matmul(x.reshape(channels, -1)).plus(3).reshape(x.shape()).transpose(0, 1);
  }

  private static Tensor covariance(Tensor y) {
    Tensor rows = y.transpose(0, 1).reshape(y.size(1), -1);
    Tensor centered = rows.minus(rows.mean(1).unsqueeze(1));
    return centered.matmul(centered.transpose()).div(rows.size(1));
  }

  private static Tensor eye(int n) {
    return Tensors.eye(n, DType.FLOAT64);
  }

  // ---- what training computes -------------------------------------------------------------------

  @Test
  void theOutputsAreUncorrelatedWithVarianceOne() {
    Tensor x = correlated(6, 4, 3, 5);
    for (WhiteningNorm<?> norm :
        List.of(
            float64(new DecorrelatedBatchNorm(4)).epsilon(0),
            float64(new IterNorm(4)).iterations(30).epsilon(0))) {
      Tensor y = norm.forward(x);
      assertThat(y.mean(0, 2, 3).abs().max().item()).isLessThan(1e-12);
      assertClose(covariance(y), eye(4), 1e-9);
    }
  }

  @Test
  void theDefaultIterationsGoMostOfTheWay() {
    Tensor x = correlated(200, 4);
    Tensor before = covariance(x);
    Tensor after = covariance(float64(new IterNorm(4)).forward(x));
    double spread = condition(before);
    assertThat(spread).isGreaterThan(10);
    assertThat(condition(after)).isLessThan(spread / 4);
    assertThat(Linalg.eigh(after).values().max().item()).isLessThan(1 + 1e-6);
  }

  private static double condition(Tensor covariance) {
    Tensor values = Linalg.eigh(covariance).values();
    return values.get(-1) / values.get(0);
  }

  @Test
  void decorrelatedBatchNormIsZcaWhitening() {
    Tensor x = correlated(20, 5);
    assertClose(
        float64(new DecorrelatedBatchNorm(5)).forward(x), Whitening.zca(x).forward(x), 1e-10);
  }

  @Test
  void manyIterationsBecomeDecorrelatedBatchNorm() {
    Tensor x = correlated(30, 6);
    Tensor exact = float64(new DecorrelatedBatchNorm(6)).forward(x);
    IterNorm norm = float64(new IterNorm(6));
    double error = Double.POSITIVE_INFINITY;
    for (int iterations : new int[] {2, 5, 8, 14}) {
      double next = norm.iterations(iterations).forward(x).minus(exact).abs().max().item();
      assertThat(next).isLessThan(error);
      error = next;
    }
    for (int iterations : new int[] {30, 200}) {
      assertClose(norm.iterations(iterations).forward(x), exact, 1e-9);
    }
  }

  /** P <- (3 P - P^3 S) / 2, as the paper writes it. */
  @Test
  void theIterationIsThatOfThePaper() {
    Tensor x = correlated(30, 3);
    Tensor covariance = covariance(x).plus(eye(3).times(1e-5));
    Tensor trace = Linalg.diagonal(covariance).sum();
    Tensor s = covariance.div(trace);
    Tensor p = eye(3);
    for (int k = 0; k < 5; k++) {
      p = p.times(3).minus(p.matmul(p).matmul(p).matmul(s)).times(0.5);
    }
    Tensor expected = x.minus(x.mean(0)).matmul(p.div(trace.sqrt()));
    assertClose(float64(new IterNorm(3)).forward(x), expected, 1e-12);
  }

  @Test
  void groupsAreWhitenedByThemselves() {
    Tensor x = correlated(12, 6, 2);
    DecorrelatedBatchNorm norm = float64(new DecorrelatedBatchNorm(2, 6));
    Tensor expected =
        Joining.concat(
            1,
            float64(new DecorrelatedBatchNorm(1, 3)).forward(x.slice(1, 0, 3)),
            float64(new DecorrelatedBatchNorm(1, 3)).forward(x.slice(1, 3, 6)));
    assertClose(norm.forward(x), expected, 1e-12);
    assertThat(norm.runningWhitening().shape()).isEqualTo(Shape.of(2, 3, 3));
  }

  @Test
  void blocksOfOneChannelAreBatchNorm() {
    Tensor x = correlated(5, 3, 4);
    Tensor expected = float64(new BatchNorm(3)).forward(x);
    assertClose(float64(new DecorrelatedBatchNorm(3, 3)).forward(x), expected, 1e-12);
    assertClose(float64(new IterNorm(3, 3)).forward(x), expected, 1e-12);
  }

  @Test
  void byDefaultBlocksHaveAtMostSixteenChannels() {
    assertThat(new IterNorm(16).runningWhitening().shape()).isEqualTo(Shape.of(1, 16, 16));
    assertThat(new IterNorm(64).runningWhitening().shape()).isEqualTo(Shape.of(4, 16, 16));
    assertThat(new DecorrelatedBatchNorm(20).toString())
        .isEqualTo("DecorrelatedBatchNorm(20, groups 2)");
    assertThat(new DecorrelatedBatchNorm(17).toString())
        .isEqualTo("DecorrelatedBatchNorm(17, groups 17)");
    assertThat(new IterNorm(1).toString()).isEqualTo("IterNorm(1, groups 1)");
  }

  @Test
  void aMaskLeavesPaddingOut() {
    Tensor full = correlated(3, 2, 4);
    Tensor mask = Tensor.of(new double[][] {{1, 1, 1, 1}, {1, 1, 0, 0}, {1, 1, 1, 0}});
    Tensor padded = full.times(mask.unsqueeze(1)).plus(mask.equal(0).times(99).unsqueeze(1));
    Tensor known =
        Joining.concat(
            2,
            full.slice(0, 0, 1),
            full.slice(0, 1, 2).slice(2, 0, 2),
            full.slice(0, 2, 3).slice(2, 0, 3));
    for (WhiteningNorm<?> norm :
        List.of(float64(new DecorrelatedBatchNorm(2)), float64(new IterNorm(2)))) {
      WhiteningNorm<?> same = Layer.copyOf(norm);
      Tensor y = norm.forward(padded, mask);
      Tensor expected = same.forward(known);
      assertClose(y.slice(0, 0, 1), expected.slice(2, 0, 4), 1e-12);
      assertClose(y.slice(0, 2, 3).slice(2, 0, 3), expected.slice(2, 6, 9), 1e-12);
      assertClose(norm.runningWhitening(), same.runningWhitening(), 1e-12);
      assertClose(norm.runningMean(), same.runningMean(), 1e-12);
    }
  }

  // ---- gradients --------------------------------------------------------------------------------

  @Test
  void gradientsAreRightInBothModes() {
    for (int[] sizes : new int[][] {{6, 3}, {2, 4, 3, 2}}) {
      int channels = sizes[1];
      int groups = channels == 4 ? 2 : 1;
      for (WhiteningNorm<?> norm :
          List.of(
              float64(new DecorrelatedBatchNorm(groups, channels)),
              float64(new IterNorm(groups, channels)))) {
        assertGradients(
            scrambled(norm, generator),
            GradientCheck.of(in -> norm.forward(in[0]).sin()).at(correlated(sizes)).order(2));
      }
    }
  }

  @Test
  void gradientsAreRightForEqualEigenvalues() {
    Tensor white = Tensor.of(new double[][] {{1, 1}, {1, -1}, {-1, 1}, {-1, -1}});
    assertClose(covariance(white), eye(2), 1e-15);
    DecorrelatedBatchNorm norm = float64(new DecorrelatedBatchNorm(2));
    GradientCheck.of(in -> norm.forward(in[0]).sin()).at(white).order(2).run().assertOk();
  }

  @Test
  void checksAndCheckpointsMoveRunningStatisticsAtMostOnce() {
    Tensor x = correlated(8, 2);
    IterNorm norm = float64(new IterNorm(2));
    assertGradients(norm, GradientCheck.of(in -> norm.forward(in[0])).at(x));
    assertThat(norm.runningMean().toDoubleArray()).containsExactly(0, 0);
    IterNorm once = Layer.copyOf(norm);
    once.forward(x);
    Tensor tracked = x.tracked();
    Autodiff.checkpoint(() -> norm.forward(tracked)).square().sum().backward();
    assertClose(norm.runningMean(), once.runningMean(), 0);
    assertClose(norm.runningWhitening(), once.runningWhitening(), 0);
  }

  // ---- what eval computes -----------------------------------------------------------------------

  @Test
  void evalIsAFixedAffineFunctionByTheRunningStatistics() {
    Tensor x = correlated(20, 3);
    DecorrelatedBatchNorm norm =
        scrambled(float64(new DecorrelatedBatchNorm(3).updateRate(1)), generator);
    Tensor trained = norm.forward(x);
    norm.eval();
    assertClose(norm.forward(x), trained, 1e-12);
    Tensor other = correlated(2, 3);
    Tensor w = norm.runningWhitening().select(0, 0);
    Tensor expected =
        other
            .minus(norm.runningMean())
            .matmul(w.transpose())
            .times(norm.weight("weight").value())
            .plus(norm.weight("bias").value());
    assertClose(norm.forward(other), expected, 1e-12);
    assertClose(norm.forward(other.slice(0, 0, 1)), expected.slice(0, 0, 1), 1e-12);
    assertClose(Layer.forInference(norm).forward(other), expected, 1e-12);
    assertThat(norm.forward(Tensors.zeros(Shape.of(0, 3), DType.FLOAT64)).size()).isZero();
  }

  @Test
  void runningStatisticsMoveByTheUpdateRate() {
    Tensor x = correlated(20, 3);
    IterNorm fast = float64(new IterNorm(3).updateRate(1));
    fast.forward(x);
    IterNorm norm = float64(new IterNorm(3));
    norm.forward(x);
    assertClose(norm.runningMean(), x.mean(0).times(0.1), 1e-12);
    assertClose(
        norm.runningWhitening(), fast.runningWhitening().times(0.1).plus(eye(3).times(0.9)), 1e-12);
    assertThat(norm.namedBuffers())
        .containsOnlyKeys("running_mean", "running_whitening", "num_batches_tracked");
    norm.freezeStatistics();
    assertClose(norm.forward(x), norm.inEval(() -> norm.forward(x)), 0);
  }

  // ---- edges ------------------------------------------------------------------------------------

  @Test
  void aBatchWithoutEnoughValuesIsRefusedInTrainingOnly() {
    IterNorm norm = new IterNorm(4);
    Tensor four = generator.normal(2, 4, 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> norm.forward(four))
        .withMessage(
            "IterNorm(4, groups 1): input of shape (2, 4, 2) has 4 values for each channel and"
                + " blocks of 4 channels, whose covariance has no inverse; expected more values"
                + " than channels in training, better many more, or eval()");
    norm.forward(generator.normal(5, 4));
    norm.eval();
    assertThat(norm.forward(four).shape()).isEqualTo(four.shape());
  }

  @Test
  void deadChannelsAndLargeValuesInFloat32AreNotBlownUp() {
    Tensor x = correlated(50, 4).to(DType.FLOAT32).times(1000);
    Tensor dead = Tensors.zeros(50, 2);
    for (WhiteningNorm<?> norm : List.of(new DecorrelatedBatchNorm(6), new IterNorm(6))) {
      Tensor input = Joining.concat(1, dead, x).tracked();
      Tensor y = norm.forward(input);
      assertThat(y.slice(1, 0, 2).abs().max().item()).isLessThan(1e-3);
      assertThat(y.abs().max().item()).isLessThan(8);
      assertThat(y.sin().sum().backward().of(input).isFinite().all().item()).isEqualTo(1);
    }
  }

  @Test
  void theLayerNamesChannelsThatFollowFromOneAnother() {
    Tensor twice = Tensor.of(new double[][] {{1, 1}, {2, 2}, {3, 3}, {5, 5}});
    DecorrelatedBatchNorm norm = float64(new DecorrelatedBatchNorm(1, 2)).epsilon(0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> norm.forward(twice))
        .withMessageStartingWith("DecorrelatedBatchNorm(2, epsilon 0.0, groups 1): ")
        .withMessageContaining("a covariance of channels that has no inverse root");
  }

  @Test
  void badSettingsAreNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new IterNorm(4, 6))
        .withMessage("IterNorm: 4 groups of 6 channels; expected groups of equal size");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new IterNorm(4).iterations(-1))
        .withMessage("IterNorm(4, groups 1): iterations -1; expected at least 0");
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> new IterNorm(4).epsilonOutsideRoot(1e-5))
        .withMessage(
            "IterNorm(4, groups 1): epsilonOutsideRoot; expected epsilon, which is added to the"
                + " covariance");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new IterNorm(4).forward(generator.normal(8, 3)))
        .withMessage(
            "IterNorm(4, groups 1): input of shape (8, 3); expected (N, 4) or (N, 4, ...)");
  }
}
