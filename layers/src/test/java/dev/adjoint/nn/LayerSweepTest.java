package dev.adjoint.nn;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.nn.LayerRows.Row;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gives every layer inputs of every rank, of no examples and of one, of other channels, of other
 * types: it takes them, or refuses them by its name and their shape.
 */
class LayerSweepTest {

  /** Of 4 channels and 4 features, of others, and of nothing. */
  private static final List<Shape> SHAPES =
      Stream.of(
              new int[] {},
              new int[] {4},
              new int[] {5},
              new int[] {0},
              new int[] {3, 4},
              new int[] {1, 4},
              new int[] {0, 4},
              new int[] {3, 5},
              new int[] {3, 0},
              new int[] {3, 4, 4},
              new int[] {1, 4, 4},
              new int[] {0, 4, 4},
              new int[] {3, 0, 4},
              new int[] {3, 4, 0},
              new int[] {3, 5, 5},
              new int[] {3, 4, 5, 4},
              new int[] {1, 4, 1, 4},
              new int[] {0, 4, 5, 4},
              new int[] {3, 4, 0, 4},
              new int[] {3, 5, 4, 5},
              new int[] {2, 4, 2, 4, 4},
              new int[] {1, 4, 2, 1, 4},
              new int[] {0, 4, 2, 4, 4},
              new int[] {2, 5, 2, 4, 5})
          .map(Shape::of)
          .toList();

  private final Generator generator = Generator.seeded(11);

  static List<Row> rows() {
    return LayerRows.all();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void inputsAreTakenOrRefusedByNameAndShape(Row row) {
    for (Shape shape : SHAPES) {
      Tensor x = generator.normal(shape.toArray());
      Tensor inTraining = check(row, x, true);
      if (inTraining != null) {
        requireGradients(row, x);
      }
      check(row, withNaN(x), true);
    }
  }

  private void requireGradients(Row row, Tensor x) {
    Tensor input = x.tracked();
    Tensor loss = row.forward(input).square().sum();
    if (loss.isTracked()) {
      Gradients gradients = loss.backward();
      row.layer()
          .namedParameters()
          .forEach((name, parameter) -> {
            if (gradients.contains(parameter)) {
              assertFinite(gradients.of(parameter), row, x, "gradient of " + name);
            }
          });
      if (gradients.contains(input)) {
        assertFinite(gradients.of(input), row, x, "gradient of the input");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void copiesGiveTheSameBits(Row row) {
    row.layer().eval();
    Row frozen = row.with(Layer.copyOf(row.layer()));
    frozen.layer().freeze();
    Row constant = row.with(Layer.forInference(row.layer()));
    Row exact = row.with(Layer.copyOf(row.layer()));
    exact.layer().to(DType.FLOAT64);
    for (Shape shape : SHAPES) {
      Tensor x = generator.normal(shape.toArray());
      Tensor y = check(row, x, false);
      Tensor exactly = check(exact, x.to(DType.FLOAT64), false);
      Tensor constantly = check(constant, x, false);
      if (y == null || exactly == null || constantly == null) {
        continue; // refused by all of them, as the rule says
      }
      for (Tensor other : List.of(frozen.forward(x), constantly)) {
        assertThat(other.toFloatArray()).as(message(row, x)).isEqualTo(y.toFloatArray());
        assertThat(other.isTracked()).as(message(row, x)).isFalse();
      }
      Tensor distance = exactly.minus(y.to(DType.FLOAT64)).div(exactly.abs().plus(1)).abs();
      assertThat(Arrays.stream(distance.toDoubleArray()))
          .as(message(row, x))
          .allMatch(d -> d < 1e-5);
    }
  }

  /** Returns the output, or null if the input was refused as it should be. */
  private static @Nullable Tensor check(Row row, Tensor x, boolean training) {
    Optional<Shape> expected = row.rule().output(x.shape(), training);
    boolean isFinite = Arrays.stream(x.toDoubleArray()).allMatch(Double::isFinite);
    if (expected.isEmpty() || (!isFinite && row.refusesNaN())) {
      Throwable thrown = catchThrowable(() -> row.forward(x));
      assertThat(thrown)
          .as(message(row, x))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(x.shape().toString());
      assertThat(names(row))
          .as("names in '%s'", thrown.getMessage())
          .anyMatch(name ->
              thrown
                  .getMessage()
                  .toLowerCase(Locale.ROOT)
                  .startsWith(name.toLowerCase(Locale.ROOT)));
      return null;
    }
    Tensor y = row.forward(x);
    assertThat(y.shape()).as(message(row, x)).isEqualTo(expected.get());
    assertThat(y.dtype()).as(message(row, x)).isEqualTo(x.dtype());
    if (isFinite) {
      assertFinite(y, row, x, "output");
    }
    return y;
  }

  private static void assertFinite(Tensor y, Row row, Tensor x, String what) {
    assertThat(Arrays.stream(y.toDoubleArray()))
        .as(message(row, x) + ": " + what)
        .allMatch(Double::isFinite);
  }

  private static String message(Row row, Tensor x) {
    return row + " of " + x.shape();
  }

  private static Tensor withNaN(Tensor x) {
    double[] elements = x.toDoubleArray();
    if (elements.length > 0) {
      elements[0] = Double.NaN;
    }
    return Tensor.of(elements, x.shape().toArray()).to(x.dtype());
  }

  /** Returns the names of the layers of a row; messages may name one inside. */
  private static Set<String> names(Row row) {
    Stream<String> inside =
        row.layer().namedLayers().values().stream().map(l -> l.getClass().getSimpleName());
    return Stream.concat(Stream.of(row.name()), inside).collect(toSet());
  }

  @Test
  void noLayerIsForgotten() {
    Set<String> swept = rows().stream().flatMap(row -> names(row).stream()).collect(toSet());
    assertThat(swept).containsAll(LayerNames.all());
  }
}
