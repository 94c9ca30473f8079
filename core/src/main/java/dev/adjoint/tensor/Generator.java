package dev.adjoint.tensor;

import static com.google.common.base.Preconditions.checkArgument;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.kernel.Storage;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongToDoubleFunction;

/**
 * A random number generator: the same seed gives the same numbers on every machine and on any
 * number of threads.
 *
 * <p>Element i of a draw is a hash of the seed and a counter, so that elements can be computed in
 * any order (SplitMix64; Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
 * OOPSLA 2014). Not for cryptography. Thread-safe, but if threads share a generator, the order of
 * their draws decides which numbers each gets; {@link #split} gives each its own.
 */
public final class Generator {

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;
  private static final int CHUNK = 1 << 12;

  private static final String SEED = "seed";
  private static final String POSITION = "position";

  private long seed;
  private final AtomicLong counter;

  private Generator(long seed, long start) {
    this.seed = seed;
    this.counter = new AtomicLong(start);
  }

  /** Returns a generator; equal seeds give equal streams. */
  public static Generator seeded(long seed) {
    return new Generator(mix(seed), 0);
  }

  /** Returns a new generator with a stream of its own, and advances this one. */
  public Generator split() {
    return new Generator(mix(bits(take(1)) ^ GOLDEN), 0);
  }

  /** Returns a new generator that draws the same numbers as this one from here on. */
  public Generator copy() {
    return new Generator(seed, counter.get());
  }

  /**
   * Returns the position in the stream, to be saved: two entries, each the upper and the lower 32
   * bits of a number, which are exact in float64.
   */
  public Map<String, Tensor> state() {
    return Map.of(SEED, halves(seed), POSITION, halves(counter.get()));
  }

  /**
   * Restores a position, not while other threads draw.
   *
   * @param state what {@link #state} has returned
   * @throws IllegalArgumentException if it is not that; then nothing has changed
   */
  public void load(Map<String, Tensor> state) {
    if (!state.keySet().equals(Set.of(SEED, POSITION))) {
      throw new IllegalArgumentException(
          "load: a generator's state with entries %s; expected '%s' and '%s'"
              .formatted(new TreeSet<>(state.keySet()), SEED, POSITION));
    }
    long newSeed = whole(state, SEED);
    counter.set(whole(state, POSITION));
    seed = newSeed;
  }

  /** Returns how many numbers have been drawn. */
  @Override
  public String toString() {
    return "Generator, %s numbers drawn".formatted(counter.get());
  }

  private static Tensor halves(long bits) {
    return Tensor.of((double) (bits >>> 32), (double) (bits & 0xFFFFFFFFL));
  }

  private static long whole(Map<String, Tensor> state, String name) {
    double[] halves = Objects.requireNonNull(state.get(name)).toDoubleArray();
    if (halves.length != 2 || !Arrays.stream(halves).allMatch(Generator::isHalf)) {
      throw new IllegalArgumentException(
          "load: a generator's '%s' is %s; expected two whole numbers from 0 to 2^32 - 1"
              .formatted(name, Arrays.toString(halves)));
    }
    return (long) halves[0] << 32 | (long) halves[1];
  }

  private static boolean isHalf(double value) {
    return value >= 0 && value <= 0xFFFFFFFFL && value == Math.rint(value);
  }

  /** Returns numbers uniform in [0, 1): float32. */
  public Tensor uniform(int... sizes) {
    return uniform(0, 1, Shape.of(sizes), DType.FLOAT32);
  }

  /** Returns numbers uniform in [low, high). */
  public Tensor uniform(double low, double high, Shape shape, DType dtype) {
    requireOrder("uniform", low, high);
    // 24 or 53 random bits: in [0, 1) no value rounds up to 1. Elsewhere one may round up to high.
    int drop = dtype == DType.FLOAT32 ? 40 : 11;
    double unit = dtype == DType.FLOAT32 ? 0x1p-24 : 0x1p-53;
    double last = below(high, dtype);
    return draw(
        shape, dtype, 1, at -> Math.min(low + (high - low) * ((bits(at) >>> drop) * unit), last));
  }

  /** Returns numbers of the standard normal distribution: float32. */
  public Tensor normal(int... sizes) {
    return normal(0, 1, Shape.of(sizes), DType.FLOAT32);
  }

  /** Returns numbers of the normal distribution with a mean and a standard deviation. */
  public Tensor normal(double mean, double deviation, Shape shape, DType dtype) {
    checkArgument(deviation >= 0, "normal: deviation %s; expected at least 0", deviation);
    return draw(shape, dtype, 2, at -> mean + deviation * gaussian(at));
  }

  /**
   * Returns numbers of the normal distribution limited to [low, high].
   *
   * @param low the smallest value, not in deviations
   * @param high the largest value, not in deviations
   */
  public Tensor truncatedNormal(
      double mean, double deviation, double low, double high, Shape shape, DType dtype) {
    requireOrder("truncatedNormal", low, high);
    boolean near = low <= mean + 5 * deviation && high >= mean - 5 * deviation;
    if (!(deviation > 0 && deviation < Double.POSITIVE_INFINITY && near)) {
      throw new IllegalArgumentException(
          "truncatedNormal: [%s, %s] is too far from the mean %s for the deviation %s; expected it within 5 deviations"
              .formatted(low, high, mean, deviation));
    }
    // Candidates are uniform between the limits (but within 9 deviations) and kept as often as the
    // density at them is to its largest there: one in twenty at worst, however narrow or far out.
    double from = Math.max((low - mean) / deviation, -9);
    double to = Math.min((high - mean) / deviation, 9);
    double peak = Math.clamp(0.0, from, to);
    return draw(
        shape,
        dtype,
        2,
        at -> {
          // Further attempts hash the position again, so that each element still depends on its
          // position only.
          for (long attempt = at; ; attempt = mix(attempt + GOLDEN)) {
            double z = from + (to - from) * unit(attempt);
            if (unit(attempt + 1) < StrictMath.exp((peak * peak - z * z) / 2)) {
              return Math.clamp(mean + deviation * z, low, high);
            }
          }
        });
  }

  /** Returns a mask: 1 with the given probability, else 0. */
  public Tensor bernoulli(double probability, Shape shape, DType dtype) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException(
          "bernoulli: probability %s; expected 0 to 1".formatted(probability));
    }
    return draw(shape, dtype, 1, at -> unit(at) < probability ? 1 : 0);
  }

  /** Returns the whole numbers from 0 to n - 1 in random order. */
  public IntTensor permutation(int n) {
    Shape _ = Shape.of("permutation", n); // which refuses what is no size
    int[] order = IntTensor.range(n).toArray();
    long start = take(n);
    for (int i = n - 1; i > 0; i--) {
      int j = bounded(bits(start + i), i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return IntTensor.of(order);
  }

  /** Returns whole numbers uniform in [0, bound). */
  public IntTensor integers(int bound, int... sizes) {
    checkArgument(bound >= 1, "integers: bound %s; expected at least 1", bound);
    int[] values = new int[Shape.of(sizes).size()];
    long start = take(values.length);
    Arrays.setAll(values, i -> bounded(bits(start + i), bound));
    return IntTensor.of(values, sizes);
  }

  /** Computes each element from its position in the stream. */
  private Tensor draw(Shape shape, DType dtype, int positionsEach, LongToDoubleFunction draw) {
    int n = shape.size();
    long start = take((long) n * positionsEach);
    Object array = dtype.elements().uninitialized(n);
    Parallel.runRanges(
        n,
        1,
        CHUNK,
        n * 40L,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            dtype.elements().set(array, i, draw.applyAsDouble(start + (long) i * positionsEach));
          }
        });
    return Tensor.contiguous(Storage.ofResult(array), dtype, shape);
  }

  /** Advances the stream; where a computation is run again it finds the same numbers. */
  private long take(long count) {
    Recorder.checkUnmapped(
        "draws random numbers, which would be the same for all examples; expected them drawn"
            + " outside, as one more tensor of all examples");
    return Replay.value(() -> counter.getAndAdd(count));
  }

  /** Returns the largest number of a type below a limit. */
  private static double below(double limit, DType dtype) {
    if (dtype == DType.FLOAT64) {
      return Math.nextDown(limit);
    }
    float rounded = (float) limit;
    return rounded < limit ? rounded : Math.nextDown(rounded);
  }

  /** Returns a number uniform in [0, 1). */
  private double unit(long position) {
    return (bits(position) >>> 11) * 0x1p-53;
  }

  private long bits(long position) {
    return mix(seed + position * GOLDEN);
  }

  /** Box and Muller's transform of two uniform numbers; StrictMath for the same bits everywhere. */
  private double gaussian(long position) {
    double u = ((bits(position) >>> 11) + 1) * 0x1p-53; // (0, 1]
    double v = unit(position + 1);
    return StrictMath.sqrt(-2 * StrictMath.log(u)) * StrictMath.cos(2 * Math.PI * v);
  }

  /** Maps 64 random bits to [0, bound) by a multiplication; the bias is below bound / 2^32. */
  private static int bounded(long bits, int bound) {
    return (int) (((bits >>> 32) * bound) >>> 32);
  }

  /** The finalizer of SplitMix64: a bijection in which every bit affects every other. */
  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  private static void requireOrder(String operation, double low, double high) {
    if (!(low < high) || (operation.equals("uniform") && Double.isInfinite(high - low))) {
      throw new IllegalArgumentException(
          "%s: from low %s to high %s; expected low below high%s"
              .formatted(operation, low, high, operation.equals("uniform") ? ", both finite" : ""));
    }
  }
}
