package dev.adjoint.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** What the kernel tests share: the kernels that this JVM runs, and arrays of either type. */
final class TestKernels {

  static final List<String> UNARY =
      List.of(
          "neg",
          "abs",
          "sign",
          "exp",
          "expm1",
          "log",
          "log1p",
          "sqrt",
          "rsqrt",
          "square",
          "reciprocal",
          "sin",
          "cos",
          "tanh",
          "sigmoid",
          "softplus",
          "erf",
          "relu",
          "gelu",
          "geluTanh",
          "silu",
          "geluSlope",
          "geluTanhSlope",
          "siluSlope",
          "floor",
          "ceil",
          "round",
          "trunc",
          "softsign",
          "isNan",
          "isFinite");

  static final List<String> BINARY =
      List.of(
          "plus",
          "minus",
          "times",
          "div",
          "pow",
          "max",
          "min",
          "equal",
          "notEqual",
          "less",
          "lessEqual",
          "greater",
          "greaterEqual",
          "leakyRelu",
          "elu",
          "logaddexp",
          "xlogy",
          "belowOne",
          "tanhPullback",
          "sigmoidPullback");

  static final List<String> TERNARY = List.of("where", "fma");

  /** Around the width of a vector, of a register block and of a chunk. */
  static final int[] SIZES = {
    0, 1, 2, 4, 6, 8, 13, 16, 25, 31, 32, 33, 64, 100, 255, 1000, 4096, 4098
  };

  private static final Map<String, double[]> DRAWN = new ConcurrentHashMap<>();

  private TestKernels() {}

  static Stream<Kernels> all() {
    return KernelProvider.isVectorAvailable() ? Stream.concat(portable(), vector()) : portable();
  }

  static Stream<Kernels> portable() {
    return Stream.of(KernelProvider.float32("portable"), KernelProvider.float64("portable"));
  }

  static Stream<Kernels> vector() {
    return Stream.of(KernelProvider.float32("vector"), KernelProvider.float64("vector"));
  }

  /** Returns the portable kernels of the same type. */
  static Kernels portableTwin(Kernels kernels) {
    return isFloat32(kernels)
        ? KernelProvider.float32("portable")
        : KernelProvider.float64("portable");
  }

  static boolean isFloat32(Kernels kernels) {
    return kernels.name().endsWith("float32");
  }

  /** Returns an array of the kernels' type. */
  static Object array(Kernels kernels, double... values) {
    Object array = filled(kernels, values.length, 0);
    for (int i = 0; i < values.length; i++) {
      set(array, i, values[i]);
    }
    return array;
  }

  static Object filled(Kernels kernels, int n, double value) {
    if (isFloat32(kernels)) {
      float[] floats = new float[n];
      Arrays.fill(floats, (float) value);
      return floats;
    }
    double[] doubles = new double[n];
    Arrays.fill(doubles, value);
    return doubles;
  }

  /** Returns values around zero, the same for the same seed: drawn once, since that takes long. */
  static Object random(Kernels kernels, int n, long seed) {
    double[] drawn =
        DRAWN.computeIfAbsent(
            seed + " of " + n,
            key -> {
              SplittableRandom random = new SplittableRandom(seed);
              double[] numbers = new double[n];
              Arrays.setAll(numbers, i -> random.nextGaussian() * Math.exp(random.nextGaussian()));
              return numbers;
            });
    if (!isFloat32(kernels)) {
      return drawn.clone();
    }
    float[] rounded = new float[n];
    for (int i = 0; i < n; i++) {
      rounded[i] = (float) drawn[i];
    }
    return rounded;
  }

  /** Returns such values, with zeros, NaNs and infinities among them. */
  static Object randomWithSpecials(Kernels kernels, int n, long seed) {
    double[] specials = {
      0.0, -0.0, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e-40, -1e30
    };
    Object array = random(kernels, n, seed);
    for (int i = 3; i < n; i += 11) {
      set(array, i, specials[i % specials.length]);
    }
    return array;
  }

  static double get(Object array, int i) {
    return array instanceof float[] floats ? floats[i] : ((double[]) array)[i];
  }

  static void set(Object array, int i, double value) {
    if (array instanceof float[] floats) {
      floats[i] = (float) value;
    } else {
      ((double[]) array)[i] = value;
    }
  }

  /** Compares elements of large arrays, of which most are right: an assertion takes its time. */
  static void assertClose(double actual, double expected, double tolerance) {
    if (!(Math.abs(actual - expected) <= tolerance)) {
      assertThat(actual).isCloseTo(expected, within(tolerance));
    }
  }

  /** Asserts that all bits are equal; any NaN equals any other. */
  static void assertSameBits(Object actual, Object expected, String what) {
    if (actual instanceof float[] floats) {
      if (!Arrays.equals(floats, (float[]) expected)) { // AssertJ takes long over long arrays
        assertThat(floats).as(what).containsExactly((float[]) expected);
      }
    } else if (!Arrays.equals((double[]) actual, (double[]) expected)) {
      assertThat((double[]) actual).as(what).containsExactly((double[]) expected);
    }
  }

  /** Runs a unary function over a whole array. */
  static Object apply(Kernels kernels, String function, Object x) {
    int n = Array.getLength(x);
    Object out = filled(kernels, n, Double.NaN);
    kernels.loop(function, 1).run(x, 0, out, 0, n);
    return out;
  }
}
