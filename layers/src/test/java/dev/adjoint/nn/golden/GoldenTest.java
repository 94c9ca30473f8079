package dev.adjoint.nn.golden;

import static dev.adjoint.nn.golden.Golden.Role.GRAD;
import static dev.adjoint.nn.golden.Golden.Role.INPUT;
import static dev.adjoint.nn.golden.Golden.Role.OUTPUT;
import static dev.adjoint.nn.golden.Golden.Role.SEED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class GoldenTest {

  private static final Golden SMALL =
      Golden.parse(
          "small",
          """
          option heads 2
          input x 2x3 : 1.0 -2.5 3.0E-7 4.0 5.0 6.0
          input mask 1 : 1.0
          index target 2 : 4 0
          output loss - : 0.1
          """);

  @Test
  void aLineIsATensorOfItsShapeInDoublePrecision() {
    Tensor x = SMALL.get(INPUT, "x");
    assertThat(x.dtype()).isEqualTo(DType.FLOAT64);
    assertThat(x.shape()).isEqualTo(Shape.of(2, 3));
    assertThat(x.toDoubleArray()).containsExactly(1, -2.5, 3e-7, 4, 5, 6);
    assertThat(SMALL.get(OUTPUT, "loss").shape()).isEqualTo(Shape.of());
    assertThat(SMALL.get(OUTPUT, "loss").item()).isEqualTo(.1);
  }

  @Test
  void indicesAreWholeAndOptionsAreWords() {
    assertThat(SMALL.index("target")).isEqualTo(IntTensor.of(4, 0));
    assertThat(SMALL.option("heads")).isEqualTo("2");
  }

  @Test
  void aRoleHasItsTensorsInTheOrderOfTheFile() {
    assertThat(SMALL.all(INPUT).keySet()).containsExactly("x", "mask");
    assertThat(SMALL.all(GRAD)).isEmpty();
  }

  @Test
  void whatIsNotThereIsSaidWithWhatIs() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SMALL.get(INPUT, "y"))
        .withMessage("golden/small.txt: no input y; expected one of [x, mask]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Golden.read("nothing"))
        .withMessage("Golden: no file golden/nothing.txt");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "inputs x 1 : 1.0",
        "input x 1 1.0",
        "input x 2 : 1.0",
        "input x 2x : 1.0 2.0",
        "input x 1 : one",
        "index i 1 : 1.0",
        "option heads",
        "input x 1 : 1.0\ninput x 1 : 1.0"
      })
  void aLineThatSaysNothingIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Golden.parse("bad", text));
  }

  @Test
  void filesAreFoundByTheBeginningOfTheirNames() {
    assertThat(Golden.names("layer-norm-"))
        .isSorted()
        .contains("layer-norm-last-axis", "layer-norm-without-bias")
        .allMatch(name -> name.startsWith("layer-norm-"));
  }

  static Stream<String> files() {
    return Golden.names("");
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyOutputHasASeedAndEveryGradientAValue(String name) {
    Golden golden = Golden.read(name);
    assertThat(golden.option("source")).startsWith("torch::");
    assertThat(golden.all(OUTPUT)).isNotEmpty();
    for (Golden.Role role : Golden.Role.values()) {
      assertThat(golden.all(role).values())
          .allSatisfy(
              t -> assertThat(DoubleStream.of(t.toDoubleArray())).allMatch(Double::isFinite));
    }
    golden
        .all(SEED)
        .forEach(
            (key, seed) -> assertThat(seed.shape()).isEqualTo(golden.get(OUTPUT, key).shape()));
    golden
        .all(GRAD)
        .forEach((key, grad) ->
            assertThat(grad.shape())
                .isEqualTo(
                    golden
                        .get(golden.all(INPUT).containsKey(key) ? INPUT : Golden.Role.STATE, key)
                        .shape()));
  }

  @Test
  void layerNormIsItsFormula() {
    Golden golden = Golden.read("layer-norm-without-affine");
    double[] x = golden.get(INPUT, "input").toDoubleArray();
    double mean = (x[0] + x[1] + x[2] + x[3]) / 4;
    double squares = 0;
    for (int i = 0; i < 4; i++) {
      squares += (x[i] - mean) * (x[i] - mean);
    }
    assertThat(golden.get(OUTPUT, "output").get(0, 0, 0, 0))
        .isCloseTo((x[0] - mean) / Math.sqrt(squares / 4 + 1e-5), within(1e-14));
  }
}
