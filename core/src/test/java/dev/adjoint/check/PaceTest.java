package dev.adjoint.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/** How long checks take, by a clock on which each evaluation takes 10 ms. */
class PaceTest {

  private final AtomicLong evaluations = new AtomicLong();
  private final Tensor x = Generator.seeded(1).normal(0, 1, Shape.of(600), DType.FLOAT64);
  private final GradientCheck slow =
      GradientCheck.of(
              t -> {
                evaluations.incrementAndGet();
                return t[0].sin();
              })
          .clock(() -> evaluations.get() * 10_000_000)
          .at(x);

  @Test
  void aLongCheckIsRefusedAfterASecondWithTheFastWay() {
    assertThatThrownBy(() -> slow.within(Duration.ofSeconds(20)).run())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "gradient check: every element, 600 elements in all, takes about 24 s; expected at most"
                + " 20 s; directional(2) takes about 1 s, and misses errors below 1e-06 of an"
                + " input's whole gradient");
    assertThat(evaluations.get()).isBetween(100L, 120L);
    slow.within(Duration.ofSeconds(30)).sampled(50).run().assertOk();
    slow.within(Duration.ofSeconds(3)).directional(2).run().assertOk();
    assertThatThrownBy(() -> slow.within(Duration.ofSeconds(20)).order(2).sampled(300).run())
        .hasMessageStartingWith(
            "gradient check: at most 300 elements an input, 600 elements in all, takes about");
    assertThatThrownBy(() -> slow.within(Duration.ZERO))
        .hasMessageContaining("expected more than 0");
  }

  @Test
  void aLongCheckIsLoggedAtOnceAndReportedAfterwards() {
    StringBuilder logged = new StringBuilder();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            logged.append(evaluations).append(": ").append(line.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger(GradientCheck.class.getName());
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    try {
      GradientReport report = slow.run();
      assertThat(logged.toString())
          .matches(
              "10\\d: gradient check: every element, 600 elements in all, takes about 24 s; .*");
      assertThat(report.spent())
          .startsWith("took 24 s; directional(2) takes about 1 s, and misses");
      assertThat(report.toString().lines().findFirst().orElse("")).endsWith(report.spent());
      logged.setLength(0);
      assertThat(slow.directional(2).run().spent()).isEmpty();
      assertThat(logged).isEmpty();
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(true);
    }
  }

  @Test
  void theWrongElementsOfALargeInputAreFoundByHalves() {
    int size = 10_000;
    Tensor large = Generator.seeded(2).normal(0, 1, Shape.of(size), DType.FLOAT64);
    Tensor spoiled =
        Tensors.oneHot(IntTensor.of(1234), size, DType.FLOAT64)
            .plus(Tensors.oneHot(IntTensor.of(7777), size, DType.FLOAT64))
            .reshape(size);
    CustomFunction f =
        new CustomFunction() {
          @Override
          public Tensor forward(List<Tensor> in) {
            evaluations.incrementAndGet();
            return in.getFirst().sin();
          }

          @Override
          public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
            return List.of(g.times(in.getFirst().cos().plus(spoiled)));
          }
        };
    InputReport report =
        GradientCheck.of(t -> Autodiff.apply(f, t[0]).sum())
            .at(large)
            .named("x")
            .directional(2)
            .run()
            .of("x", 1);
    assertThat(report.offenders())
        .filteredOn(c -> c.direction() < 0)
        .extracting(Comparison::index)
        .containsExactlyInAnyOrder(List.of(1234), List.of(7777));
    assertThat(evaluations.get()).isLessThan(4000);
  }
}
