package dev.adjoint.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.tensor.DType;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.annotations.Param;

class CasesTest {

  static Stream<Case.Row> smallestRows() {
    return Cases.of(Options.parse("--all")).stream().map(c -> c.rows().getFirst());
  }

  @ParameterizedTest
  @MethodSource("smallestRows")
  void everyCaseComputesFiniteNumbers(Case.Row row) {
    AdjointSide side = new AdjointSide(DType.FLOAT32);
    List<Side.Digest> digests = side.prepare(row);
    side.run();
    assertThat(digests)
        .isNotEmpty()
        .allSatisfy(digest -> assertThat(digest.absolute()).isFinite().isPositive());
  }

  @Test
  void bothTypesComputeNearlyTheSame() {
    Case.Row row = Cases.row("layer norm 32x128");
    List<Side.Digest> wide = new AdjointSide(DType.FLOAT64).prepare(row);
    List<Side.Digest> narrow = new AdjointSide(DType.FLOAT32).prepare(row);
    for (int i = 0; i < wide.size(); i++) {
      assertThat(narrow.get(i).near(wide.get(i), 1e-2)).as("result %d", i).isTrue();
    }
  }

  @Test
  void namesAreUnique() {
    assertThat(Cases.rows()).extracting(Case.Row::name).doesNotHaveDuplicates();
  }

  @Test
  void theNumbersOfATextAreTheSizes() {
    assertThat(Cases.row("conv 3x3 32x1x28x28 to 32").sizes()).containsExactly(32, 1, 28, 28, 32);
  }

  @Test
  void theLimitIsThatOfTheSlowerResource() {
    MachineLimits.Measured limits =
        MachineLimits.Measured.parsed("100 50" + " 80".repeat(10) + " 20".repeat(5));
    assertThat(Work.passes(5, 256, 1024).nanos(limits, 4)).isEqualTo(5 * 256 * 1024 * 4 / 80.0);
    assertThat(Work.passes(5, 4096, 1024).nanos(limits, 4)).isEqualTo(5 * 4096 * 1024 * 4 / 20.0);
    assertThat(Cases.row("product, forward 512x512").work().nanos(limits, 8))
        .isEqualTo(2 * 512.0 * 512 * 512 / 50);
  }

  @Test
  void everyRowThatJmhMeasuresComputesInAndOutsideOfAMemoryStep() throws NoSuchFieldException {
    String[] rows = CaseBenchmarks.class.getField("row").getAnnotation(Param.class).value();
    assertThat(rows)
        .isNotEmpty()
        .allSatisfy(row -> {
          CaseBenchmarks benchmarks = new CaseBenchmarks();
          benchmarks.row = row;
          benchmarks.prepare();
          assertThat(benchmarks.call()).isNotNull();
          assertThat(benchmarks.callInMemoryStep()).isNotNull();
        });
  }

  @Test
  void aRowThatDoesNotExistIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cases.row("layer norm"))
        .withMessage("benchmarks: 'layer norm'; expected a row's name and size, as in the table");
  }
}
