package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.optim.StrongWolfe.Point;
import dev.adjoint.tensor.Tensor;
import java.util.function.DoubleFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StrongWolfeTest {

  /** Functions that are hard on line searches; the first two are of Moré and Thuente 1994. */
  enum Line {
    RATIONAL(x -> x.div(x.square().plus(2)).neg()),
    FIFTH_POWER(x -> x.plus(0.004).pow(5).minus(x.plus(0.004).pow(4).times(2))),
    WAVES(x -> x.times(6).sin().times(-0.3).minus(x).plus(x.square().times(0.02))),
    VALLEY(x -> x.square().plus(1e-2).sqrt().minus(x.times(0.5))),
    HILL(x -> x.sin().neg()),
    WALL(x -> x.minus(1).times(10).exp().minus(x)),
    KINK(x -> x.minus(1).square().plus(1e-4).sqrt().times(500.5).plus(x.times(499.5))),
    PARABOLA(x -> x.minus(2).square());

    private final UnaryOperator<Tensor> loss;

    Line(UnaryOperator<Tensor> loss) {
      this.loss = loss;
    }

    Point at(double t) {
      Tensor x = Tensor.of(t).tracked();
      Tensor value = loss.apply(x).sum();
      Tensor slope = value.backward().of(x);
      return new Point(t, value.item(), slope, slope.item());
    }
  }

  private int evaluations;

  private Point search(DoubleFunction<Point> line, double first) {
    Point start = line.apply(0);
    evaluations = 0;
    return StrongWolfe.search(
        t -> {
          evaluations++;
          return line.apply(t);
        },
        start,
        first,
        1);
  }

  @ParameterizedTest
  @EnumSource
  void theSearchFindsAPointThatIsLowerAndFlatterFromAnyTrial(Line line) {
    Point start = line.at(0);
    for (double first : new double[] {1e-3, 1e-2, 1e-1, 1, 3, 4.7, 10, 30}) {
      Point found = search(line::at, first);
      assertThat(found.loss())
          .as("loss from %s", first)
          .isEqualTo(line.at(found.t()).loss())
          .isLessThanOrEqualTo(start.loss() + 1e-4 * found.t() * start.slope());
      assertThat(Math.abs(found.slope()))
          .as("slope from %s", first)
          .isLessThanOrEqualTo(-0.9 * start.slope());
      assertThat(evaluations).isLessThan(20);
    }
  }

  @Test
  void aGoodTrialIsTakenAtOnce() {
    assertThat(search(Line.PARABOLA::at, 1.5).t()).isEqualTo(1.5);
    assertThat(evaluations).isEqualTo(1);
  }

  @Test
  void aTrialBeyondTheMinimumOfAParabolaLeadsStraightToIt() {
    assertThat(search(Line.PARABOLA::at, 5).t()).isEqualTo(2);
    assertThat(evaluations).isEqualTo(2);
  }

  @Test
  void aLossThatNeverRisesEndsTheSearchAtItsLimit() {
    assertThat(search(t -> new Point(t, -t, Tensor.of(-1.0), -1), 1).t()).isGreaterThan(1);
    assertThat(evaluations).isEqualTo(26);
  }
}
