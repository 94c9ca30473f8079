package dev.adjoint.testing;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder.request;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs tests inside of tests: what JUnit gives to their parameters, and what it says on failure.
 */
class JUnitTest {

  // ---- @RandomTensor -------------------------------------------------------------------------

  @Test
  void aTensorHasTheShapeTypeAndSeedAskedFor(
      @RandomTensor(
              shape = {2, 3},
              dtype = DType.FLOAT32,
              seed = 7)
          Tensor x,
      @RandomTensor(shape = {}) Tensor scalar) {
    assertThat(x).hasSameBitsAs(Generator.seeded(7).normal(0, 1, Shape.of(2, 3), DType.FLOAT32));
    assertThat(scalar).hasShape().hasDtype(DType.FLOAT64);
  }

  @Test
  void everyParameterHasATensorOfItsOwn(
      @RandomTensor(shape = {9}) Tensor x, @RandomTensor(shape = {9}) Tensor y) {
    assertThat(x.equal(y).sum()).isCloseTo(0);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 5})
  void aTensorGoesWithOtherParameters(int size, @RandomTensor(shape = {10}) Tensor x) {
    assertThat(x.slice(0, 0, size)).hasShape(size).isFinite();
  }

  static final class Failing {
    Failing(@RandomTensor(shape = {2}) Tensor x) {
      assertThat(x).hasShape(2);
    }

    @BeforeEach
    void prepare(
        @RandomTensor(
                shape = {1},
                seed = 1L << 31)
            Tensor x) {
      assertThat(x).hasShape(1);
    }

    @Test
    void passes(@RandomTensor(shape = {5}) Tensor x) {
      assertThat(x).hasShape(5);
    }

    @RepeatedTest(2)
    void fails(@RandomTensor(shape = {3, 4}) Tensor x, @RandomTensor(shape = {3, 4}) Tensor y) {
      throw new IllegalStateException(x.get(0, 0) + " " + y.get(0, 0));
    }
  }

  @Test
  void aFailureShowsTheSeedsThatDrawTheSameTensorsAgain() {
    List<Throwable> failures = failures();
    assertThat(failures).hasSize(2);
    failures.forEach(failure -> {
      List<String> notes = Stream.of(failure.getSuppressed()).map(Throwable::getMessage).toList();
      assertThat(notes).hasSize(4);
      assertThat(notes.get(0)).contains("shape = {1}", "seed = 2147483648L)");
      assertThat(failure)
          .hasMessage(again(notes.get(1)).get(0, 0) + " " + again(notes.get(2)).get(0, 0));
      assertThat(notes.get(3)).contains("shape = {2}");
    });
    assertThat(failures.stream().map(Throwable::getMessage)).doesNotHaveDuplicates();
    assertThat(failures().stream().map(Throwable::getMessage))
        .containsExactlyElementsOf(failures.stream().map(Throwable::getMessage).toList());
  }

  private static List<Throwable> failures() {
    return run(Failing.class).values().stream().filter(Objects::nonNull).toList();
  }

  private static Tensor again(String note) {
    Matcher seed =
        Pattern.compile(
                "parameter [01] is @RandomTensor\\(shape = \\{3, 4}, dtype = DType.FLOAT64, seed = (-?\\d+)\\)")
            .matcher(note);
    assertThat(seed.matches()).as(note).isTrue();
    return Generator.seeded(Long.parseLong(seed.group(1)))
        .normal(0, 1, Shape.of(3, 4), DType.FLOAT64);
  }

  static final class Misplaced {
    @Test
    void test(@RandomTensor(shape = {3}) double[] x) {
      assertThat(x).isEmpty();
    }
  }

  @Test
  void aParameterOfAnotherTypeIsRefused() {
    assertThat(run(Misplaced.class).values())
        .singleElement()
        .satisfies(failure ->
            assertThat(failure)
                .hasMessageContaining("@RandomTensor on double[] ")
                .hasMessageContaining("expected a parameter of type Tensor"));
  }

  // ---- @TensorSource -------------------------------------------------------------------------

  static final class Layouts {
    static final Map<String, Tensor> SEEN = new LinkedHashMap<>();

    @ParameterizedTest
    @TensorSource(shape = {3, 4})
    void matrices(Tensor x, TestInfo info) {
      SEEN.put(info.getDisplayName().replaceFirst("^\\[\\d+] ", ""), x);
    }
  }

  @Test
  void thereIsATensorForEachTypeAndLayout() {
    assertThat(run(Layouts.class).values()).containsOnlyNulls();
    assertThat(Layouts.SEEN.keySet())
        .containsExactlyElementsOf(
            Stream.of("float32", "float64")
                .flatMap(type ->
                    Stream.of(
                            "(3, 4) contiguous",
                            "(3, 4) transposed",
                            "(3, 4) stepped",
                            "(3, 4) flipped",
                            "(3, 4) expanded",
                            "(0, 4) empty",
                            "(1, 4) single")
                        .map(layout -> type + " " + layout))
                .toList());
    Layouts.SEEN.forEach((name, x) -> {
      assertThat(name).startsWith(x.dtype() + " " + x.shape());
      int[] strides =
          switch (name.substring(name.lastIndexOf(' ') + 1)) {
            case "transposed" -> new int[] {1, 3};
            case "stepped" -> new int[] {8, 2};
            case "flipped" -> new int[] {4, -1};
            case "expanded" -> new int[] {1, 0};
            default -> new int[] {4, 1};
          };
      assertThat(x.strides()).as(name).isEqualTo(strides);
    });
  }

  static final class Few {
    @ParameterizedTest
    @TensorSource(
        shape = {},
        dtypes = DType.FLOAT64)
    void scalars(Tensor x) {
      assertThat(x).hasShape().hasDtype(DType.FLOAT64);
    }

    @ParameterizedTest
    @TensorSource(
        shape = {5},
        dtypes = DType.FLOAT32,
        edges = false,
        seed = 9)
    void vectors(Tensor x) {
      assertThat(x).hasShape(5).isFinite();
      assertThat(x.get(0)).isNotZero();
    }
  }

  @Test
  void typesAndEdgesCanBeLeftOut() {
    Map<String, Throwable> results = run(Few.class);
    assertThat(results.values()).containsOnlyNulls();
    assertThat(results.keySet())
        .containsExactlyInAnyOrder(
            "[1] float64 () contiguous",
            "[1] float32 (5) contiguous",
            "[2] float32 (5) stepped",
            "[3] float32 (5) flipped",
            "[4] float32 (5) expanded");
  }

  // ---- how -----------------------------------------------------------------------------------

  /** Runs the tests of a class; returns their display names with their failures, or null. */
  private static Map<String, Throwable> run(Class<?> tests) {
    Map<String, Throwable> results = new LinkedHashMap<>();
    TestExecutionListener listener =
        new TestExecutionListener() {
          @Override
          public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            if (test.isTest()) {
              results.put(test.getDisplayName(), result.getThrowable().orElse(null));
            }
          }
        };
    LauncherFactory.create().execute(request().selectors(selectClass(tests)).build(), listener);
    return results;
  }
}
