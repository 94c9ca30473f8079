package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every elementwise function, reduction and loss at extreme values, their pairs and triples:
 * float32 gives what float64 gives, and functions of one value what a formula gives.
 */
class ExtremeSweepTest {

  private static final double INFINITY = Double.POSITIVE_INFINITY;
  private static final double[] VALUES =
      signed(0, Float.MIN_VALUE, 1e-40, 1e-30, 1e-10, 1, 20, 90, 1e10, 1e30, INFINITY);
  private static final double[] FEW = signed(0, 1e-40, 1e-10, 1, 90, 1e30, INFINITY);

  private static double[] signed(double... magnitudes) {
    List<Double> values = new ArrayList<>(List.of(Double.NaN));
    for (double magnitude : magnitudes) {
      values.add((double) (float) magnitude);
      values.add((double) (float) -magnitude);
    }
    return values.stream().mapToDouble(v -> v).toArray();
  }

  /**
   * A function of columns of values.
   *
   * @param domain the rows of which something is to be said
   * @param size what results of a row may be wrong by, in multiples of 1e-6, because sums that
   *     cancel round what they sum, or because small derivatives are differences of large ones
   * @param undefined the rows without NaN at which the value may be NaN
   */
  record Sweep(
      String name,
      int inputs,
      Function<Tensor[], Tensor> function,
      Predicate<double[]> domain,
      ToDoubleFunction<double[]> size,
      Predicate<double[]> undefined) {

    Sweep on(Predicate<double[]> rows) {
      return new Sweep(name, inputs, function, domain.and(rows), size, undefined);
    }

    Sweep size(ToDoubleFunction<double[]> newSize) {
      return new Sweep(name, inputs, function, domain, newSize, undefined);
    }

    Sweep undefined(Predicate<double[]> rows) {
      return new Sweep(name, inputs, function, domain, size, rows);
    }

    @Override
    public String toString() {
      return name + " of " + inputs;
    }
  }

  private static Sweep sweep(String name, int inputs, Function<Tensor[], Tensor> function) {
    return new Sweep(name, inputs, function, row -> true, row -> 0, row -> false);
  }

  private static Sweep pair(String name, BinaryOperator<Tensor> function) {
    return sweep(name, 2, x -> function.apply(x[0], x[1]));
  }

  private static double largest(double... row) {
    return Arrays.stream(row).map(Math::abs).filter(Double::isFinite).max().orElse(0);
  }

  private static boolean anyInfinite(double... row) {
    return Arrays.stream(row).anyMatch(Double::isInfinite);
  }

  /** Infinities of both signs have no sum. */
  private static boolean opposed(double... row) {
    return Arrays.stream(row).anyMatch(v -> v == INFINITY)
        && Arrays.stream(row).anyMatch(v -> v == -INFINITY);
  }

  private static boolean isTiny(double x) {
    return x != 0 && Math.abs(x) < Float.MIN_NORMAL;
  }

  static Stream<Sweep> sweeps() {
    List<Sweep> sweeps = new ArrayList<>();
    functions(sweeps);
    for (int n = 2; n <= 3; n++) {
      reductions(sweeps, n);
    }
    losses(sweeps);
    return sweeps.stream();
  }

  private static void functions(List<Sweep> sweeps) {
    for (Unary unary : Unary.values()) {
      Sweep sweep =
          sweep(unary.name(), 1, x -> unary.apply(x[0])).undefined(x -> true); // see below
      // By the output: the table in package-info.
      sweeps.add(unary == Unary.SIGMOID || unary == Unary.TANH ? sweep.size(x -> 1) : sweep);
    }
    for (Binary binary : Binary.values()) {
      Sweep sweep =
          pair(binary.name(), binary::apply)
              .undefined(x -> {
                boolean infiniteZero = anyInfinite(x) && (x[0] == 0 || x[1] == 0);
                return switch (binary) {
                  case PLUS -> opposed(x);
                  case MINUS -> opposed(x[0], -x[1]);
                  case TIMES, LEAKY_RELU -> infiniteZero;
                  case ELU -> anyInfinite(x[1]); // times what vanishes
                  case DIV -> x[0] == 0 && x[1] == 0 || anyInfinite(x[0]) && anyInfinite(x[1]);
                  case POW -> x[0] < 0 || anyInfinite(x[1]);
                  case TANH_PULLBACK, ATAN2, HYPOT -> anyInfinite(x);
                  case FMOD, REMAINDER -> anyInfinite(x) || x[1] == 0;
                  case XLOGY -> !(x[1] > 0) || anyInfinite(x);
                  default -> false;
                };
              });
      sweeps.add(
          switch (binary) {
            // The output of tanh and sigmoid is no larger.
            case TANH_PULLBACK -> sweep.on(x -> !(Math.abs(x[1]) > 1));
            // A tiny length has few digits.
            case HYPOT -> sweep.on(x -> !isTiny(largest(x)));
            // b a^(b - 1) is infinite in between for a tiny a. A negative a has powers of whole
            // numbers only, of which b - 1 is b in float32 from 2^24 on, with its parity.
            case POW ->
                sweep.on(x ->
                    !(isTiny(x[0]) && x[1] != 0)
                        && !(Math.copySign(1, x[0]) < 0
                            && (x[1] % 1 != 0 || Math.abs(x[1]) > 0x1p24)));
            default -> sweep;
          });
    }
    sweeps.add(sweep("clamp", 1, x -> x[0].clamp(-1, 20)));
    sweeps.add(sweep("hardtanh", 1, x -> Activations.hardtanh(x[0], -1, 20)));
    sweeps.add(sweep("logSigmoid", 1, x -> Activations.logSigmoid(x[0])));
    sweeps.add(sweep("mish", 1, x -> Activations.mish(x[0])));
    sweeps.add(
        pair("lerp", (a, b) -> a.lerp(b, 0.25))
            .size(ExtremeSweepTest::largest)
            .undefined(ExtremeSweepTest::anyInfinite));
  }

  private static void reductions(List<Sweep> sweeps, int n) {
    sweeps.add(
        rows(n, "sum", x -> x.sum(1))
            .size(ExtremeSweepTest::largest)
            .undefined(ExtremeSweepTest::opposed));
    sweeps.add(
        rows(n, "mean", x -> x.mean(1))
            .size(ExtremeSweepTest::largest)
            .undefined(ExtremeSweepTest::opposed));
    sweeps.add(
        rows(n, "cumsum", x -> x.cumsum(1))
            .size(ExtremeSweepTest::largest)
            .undefined(ExtremeSweepTest::opposed));
    sweeps.add(rows(n, "max", x -> x.max(1)));
    sweeps.add(rows(n, "sort", x -> x.sort(1).values().select(1, n - 2)));
    sweeps.add(rows(n, "topK", x -> x.topK(1, 1).values()));
    sweeps.add(rows(n, "median", x -> x.median(1).values()));
    sweeps.add(
        rows(n, "quantile", x -> x.quantile(0.3, 1))
            .size(ExtremeSweepTest::largest)
            .undefined(ExtremeSweepTest::opposed));
    sweeps.add(rows(n, "min", x -> x.min(1)));
    sweeps.add(
        rows(n, "prod", x -> x.prod(1))
            .on(ExtremeSweepTest::productsFit)
            .undefined(x -> anyInfinite(x) && Arrays.stream(x).anyMatch(v -> v == 0)));
    sweeps.add(
        rows(n, "cumprod", x -> x.cumprod(1))
            .on(ExtremeSweepTest::productsFit)
            .undefined(ExtremeSweepTest::anyInfinite));
    sweeps.add(rows(n, "cummax", x -> x.cummax(1).values()));
    sweeps.add(rows(n, "cummin", x -> x.cummin(1).values()));
    sweeps.add(rows(n, "norm 0", x -> x.norm(0, 1)));
    for (double p : new double[] {0.5, 1.5, 3}) {
      sweeps.add(
          rows(n, "norm " + p, x -> x.norm(p, 1))
              .on(x -> !anyInfinite(x) && (largest(x) == 0 || largest(x) > 1e-30))
              .size(x -> 1));
    }
    sweeps.add(rows(n, "norm of -infinity", x -> x.norm(-INFINITY, 1)));
    sweeps.add(rows(n, "norm 1", x -> x.norm(1, 1)));
    // The length of subnormal vectors has few bits.
    sweeps.add(
        rows(n, "norm 2", x -> x.norm(2, 1))
            .on(x -> largest(x) == 0 || largest(x) > 1e-40)
            .undefined(ExtremeSweepTest::anyInfinite)); // has no direction
    sweeps.add(rows(n, "norm of infinity", x -> x.norm(INFINITY, 1)));
    sweeps.add(
        rows(n, "variance", x -> x.biasedVariance(1))
            .size(ExtremeSweepTest::largest)
            .undefined(ExtremeSweepTest::anyInfinite));
    sweeps.add(
        rows(n, "std", x -> x.biasedStd(1))
            .on(x -> !isTiny(largest(x)))
            .size(x -> 1 + largest(x))
            .undefined(ExtremeSweepTest::anyInfinite));
    Predicate<double[]> isImpossible = x -> Arrays.stream(x).allMatch(v -> v == -INFINITY);
    ToDoubleFunction<double[]> size = x -> 1 + largest(x);
    sweeps.add(rows(n, "logsumexp", x -> x.logsumexp(1)).size(size));
    sweeps.add(rows(n, "logcumsumexp", x -> x.logcumsumexp(1)).size(size));
    sweeps.add(rows(n, "softmax", x -> x.softmax(1)).size(x -> 1).undefined(isImpossible));
    sweeps.add(rows(n, "logSoftmax", x -> x.logSoftmax(1)).size(size).undefined(isImpossible));
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
    Reduction none = Reduction.NONE;
    sweeps.add(
        rows(n, "crossEntropy", x -> Losses.crossEntropy(x, first(x), options, none))
            .size(size)
            .undefined(isImpossible));
    sweeps.add(rows(n, "nll", x -> Losses.nll(x, first(x), options, none)));
    sweeps.add(
        rows(n, "multiMargin", x -> Losses.multiMargin(x, first(x), 1, none))
            .size(ExtremeSweepTest::largest)
            .on(x -> largest(x) > 90 || Arrays.stream(x).noneMatch(v -> Math.abs(v) == 1)) // kinks
            .undefined(
                x -> anyInfinite(x[0]) && Arrays.stream(x).skip(1).anyMatch(v -> v == x[0])));
  }

  private static Sweep rows(int n, String name, UnaryOperator<Tensor> function) {
    return sweep(name, n, x -> function.apply(Joining.stack(1, x)));
  }

  private static IntTensor first(Tensor x) {
    return IntTensor.of(new int[x.size(0)]);
  }

  /** Whether partial products in any order are in range, so that it does not depend on that. */
  private static boolean productsFit(double... x) {
    for (int i = 0; i < x.length; i++) {
      double product = Math.abs(x[i] * x[(i + 1) % x.length]);
      if (Double.isFinite(product) && product != 0 && !(product > 1e-38 && product < 1e38)) {
        return false;
      }
    }
    return true;
  }

  private static void losses(List<Sweep> sweeps) {
    Reduction none = Reduction.NONE;
    Predicate<double[]> same = x -> anyInfinite(x) && x[0] == x[1];
    sweeps.add(pair("mse", (a, b) -> Losses.mse(a, b, none)).undefined(same));
    sweeps.add(pair("l1", (a, b) -> Losses.l1(a, b, none)).undefined(same));
    sweeps.add(pair("huber", (a, b) -> Losses.huber(a, b, 1, none)).undefined(same));
    sweeps.add(
        pair("hingeEmbedding", (a, b) -> Losses.hingeEmbedding(a, b, 1, none).plus(b.times(0)))
            .on(x -> Double.isFinite(x[1])));
    Predicate<double[]> probable = x -> x[1] >= 0 && x[1] <= 1;
    sweeps.add(
        pair(
                "bce",
                (a, b) ->
                    Losses.binaryCrossEntropyWithLogits(a, b, Tensor.scalar(1, a.dtype()), none))
            .on(probable)
            .size(x -> 1));
    sweeps.add(
        pair("bce of probabilities", (a, b) -> Losses.binaryCrossEntropy(a, b, one(a), none))
            .on(probable.and(x -> x[0] >= 0 && x[0] <= 1)));
    sweeps.add(
        pair("crossEntropy with probabilities", ExtremeSweepTest::softCrossEntropy)
            .on(probable)
            .size(x -> 1 + largest(x)));
    sweeps.add(pair("smoothL1", (a, b) -> Losses.smoothL1(a, b, 0.5, none)).undefined(same));
    sweeps.add(
        pair("klDiv", (a, b) -> Losses.klDiv(a.unsqueeze(-1), b.unsqueeze(-1), false, none))
            .on(probable.and(x -> x[0] <= 0))
            .size(x -> 1));
    sweeps.add(
        pair("klDiv of logs", (a, b) -> Losses.klDiv(a.unsqueeze(-1), b.unsqueeze(-1), true, none))
            .on(x -> x[0] <= 0 && x[1] <= 0)
            .size(x -> 1));
    sweeps.add(
        pair(
                "cosine",
                (a, b) ->
                    Losses.cosineSimilarity(Joining.stack(1, a, b), Joining.stack(1, b, a), 1))
            // A derivative is in units of 1 / length, which is infinite for a tiny one.
            .on(x -> !isTiny(largest(x)) || x[0] == 0 || x[1] == 0)
            .size(x -> 1 + 1 / Math.max(Float.MIN_NORMAL, largest(x)))
            .undefined(ExtremeSweepTest::anyInfinite));
  }

  private static Tensor one(Tensor x) {
    return Tensor.scalar(1, x.dtype());
  }

  /** Of the logits 0 and x, where x has a probability. */
  private static Tensor softCrossEntropy(Tensor x, Tensor probability) {
    return Losses.crossEntropy(
        Joining.stack(1, Tensors.zeros(x.shape(), x.dtype()), x),
        Joining.stack(1, probability.neg().plus(1), probability),
        CrossEntropyOptions.DEFAULT,
        Reduction.NONE);
  }

  @ParameterizedTest
  @MethodSource("sweeps")
  void float32GivesWhatFloat64Gives(Sweep sweep) {
    double[][] rows = grid(sweep.inputs < 3 ? VALUES : FEW, sweep.inputs);
    List<double[]> floats = results(sweep, rows, DType.FLOAT32);
    List<double[]> doubles = results(sweep, rows, DType.FLOAT64);
    List<String> wrong = new ArrayList<>();
    for (int k = 0; k < floats.size(); k++) {
      double[] f = floats.get(k);
      double[] d = doubles.get(k);
      for (int i = 0; i < f.length; i++) {
        double[] row = rows[i / (f.length / rows.length)];
        boolean isLegal =
            !Double.isNaN(d[i])
                || Arrays.stream(row).anyMatch(Double::isNaN)
                || sweep.undefined.test(row);
        if (sweep.domain.test(row)
            && !(isLegal && agree(f[i], d[i], 1e-6 * sweep.size.applyAsDouble(row)))) {
          String what = k == 0 ? "value" : "gradient of input " + (k - 1);
          wrong.add("%s at %s: %s, float64 %s".formatted(what, Arrays.toString(row), f[i], d[i]));
        }
      }
    }
    assertThat(wrong).as("%s at %d rows", sweep, rows.length).isEmpty();
  }

  private static double[][] grid(double[] values, int inputs) {
    double[][] rows = new double[(int) Math.pow(values.length, inputs)][inputs];
    for (int row = 0; row < rows.length; row++) {
      int rest = row;
      for (int i = 0; i < inputs; i++, rest /= values.length) {
        rows[row][i] = values[rest % values.length];
      }
    }
    return rows;
  }

  /** Returns the value and the gradients of the sum of its elements. */
  private static List<double[]> results(Sweep sweep, double[][] rows, DType dtype) {
    Tensor[] x = new Tensor[sweep.inputs];
    for (int i = 0; i < x.length; i++) {
      int column = i;
      x[i] =
          Tensor.of(Arrays.stream(rows).mapToDouble(row -> row[column]).toArray())
              .to(dtype)
              .tracked();
    }
    Tensor y = sweep.function.apply(x);
    List<double[]> results = new ArrayList<>(List.of(y.toDoubleArray()));
    if (y.isTracked()) {
      Gradients gradients = y.sum().backward();
      for (Tensor input : x) {
        results.add(gradients.of(input).toDoubleArray());
      }
    }
    return results;
  }

  /** Whether f is d as far as a float32 can be, but for the underflow of an intermediate value. */
  private static boolean agree(double f, double d, double slack) {
    if (Double.isNaN(f) || Double.isNaN(d)) {
      return Double.isNaN(f) && Double.isNaN(d);
    }
    if (Double.isInfinite(f)) {
      return f == d || f * d > 0 && Math.abs(d) > 0.999 * Float.MAX_VALUE;
    }
    return f == (float) d || Math.abs(f - d) <= 1e-5 * Math.abs(d) + 1e-37 + slack;
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.op.UnaryRow#all")
  void functionsOfOneValueHaveTheirLimits(UnaryRow row) {
    for (DType dtype : DType.values()) {
      double[][] rows = grid(VALUES, 1);
      Sweep sweep = sweep(row.unary().name(), 1, x -> row.unary().apply(x[0]));
      List<double[]> results = results(sweep, rows, dtype);
      boolean byOutput = row.unary() == Unary.TANH || row.unary() == Unary.SIGMOID;
      for (int i = 0; i < VALUES.length; i++) {
        for (int k = 0; k < results.size(); k++) {
          double right = (k == 0 ? row.value() : row.derivative()).applyAsDouble(VALUES[i]);
          double actual = results.get(k)[i];
          assertThat(agree(actual, right, k == 1 && byOutput ? 1e-7 : 0))
              .as("derivative %d of %s at %s: %s, right %s", k, row, VALUES[i], actual, right)
              .isTrue();
        }
      }
    }
  }
}
