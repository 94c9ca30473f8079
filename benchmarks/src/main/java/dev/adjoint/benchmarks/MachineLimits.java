package dev.adjoint.benchmarks;

import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Measures what one core of this machine can do at best: multiply-adds in registers, and copying
 * memory.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 7, time = 200, timeUnit = TimeUnit.MILLISECONDS)
public class MachineLimits {

  private static final int ROUNDS = 10_000;
  private static final int CHAINS = 10;

  /** Bytes of one array that is copied: far more than a cache holds. */
  private static final int COPIED = 1 << 28;

  private final float[] floats = new float[64];
  private final double[] doubles = new double[64];
  private float[] source = new float[0];
  private float[] target = new float[0];

  /** Constructs the state. */
  public MachineLimits() {}

  /** Returns the operations of one call of {@link #fmaFloat} (or fmaDouble), two a multiply-add. */
  static double fmaOperations(int lanes) {
    return 2.0 * ROUNDS * CHAINS * lanes;
  }

  /** Returns the bytes that one call of {@link #copy} reads and writes. */
  static double copiedBytes() {
    return 2.0 * COPIED;
  }

  /** Runs ten independent chains of float multiply-adds that never leave the registers. */
  @Benchmark
  public float fmaFloat() {
    var species = FloatVector.SPECIES_PREFERRED;
    FloatVector x = FloatVector.fromArray(species, floats, 0);
    FloatVector a = x;
    FloatVector b = x;
    FloatVector c = x;
    FloatVector d = x;
    FloatVector e = x;
    FloatVector f = x;
    FloatVector g = x;
    FloatVector h = x;
    FloatVector i = x;
    FloatVector j = x;
    for (int round = 0; round < ROUNDS; round++) {
      a = a.fma(x, x);
      b = b.fma(x, x);
      c = c.fma(x, x);
      d = d.fma(x, x);
      e = e.fma(x, x);
      f = f.fma(x, x);
      g = g.fma(x, x);
      h = h.fma(x, x);
      i = i.fma(x, x);
      j = j.fma(x, x);
    }
    return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).lane(0);
  }

  /** Runs ten independent chains of double multiply-adds that never leave the registers. */
  @Benchmark
  public double fmaDouble() {
    var species = DoubleVector.SPECIES_PREFERRED;
    DoubleVector x = DoubleVector.fromArray(species, doubles, 0);
    DoubleVector a = x;
    DoubleVector b = x;
    DoubleVector c = x;
    DoubleVector d = x;
    DoubleVector e = x;
    DoubleVector f = x;
    DoubleVector g = x;
    DoubleVector h = x;
    DoubleVector i = x;
    DoubleVector j = x;
    for (int round = 0; round < ROUNDS; round++) {
      a = a.fma(x, x);
      b = b.fma(x, x);
      c = c.fma(x, x);
      d = d.fma(x, x);
      e = e.fma(x, x);
      f = f.fma(x, x);
      g = g.fma(x, x);
      h = h.fma(x, x);
      i = i.fma(x, x);
      j = j.fma(x, x);
    }
    return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).lane(0);
  }

  /** Copies an array that no cache holds. */
  @Benchmark
  public float[] copy() {
    if (source.length == 0) {
      source = new float[COPIED / Float.BYTES];
      target = new float[COPIED / Float.BYTES];
    }
    System.arraycopy(source, 0, target, 0, source.length);
    return target;
  }
}
