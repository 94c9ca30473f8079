package dev.adjoint.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/**
 * Measures what this machine can do at best: multiply-adds in registers, and copying memory, of
 * arrays of every size, which lie in the caches or outside.
 */
final class MachineLimits {

  private static final int ROUNDS = 1000;
  private static final int CHAINS = 10;

  /** Seconds after which the loops are compiled. */
  private static final double COMPILED = 1;

  /** The bytes that a copy reads and writes, by their logarithm: from 16 KB to 256 MB. */
  private static final int LEAST = 14;

  private static final int MOST = 28;

  private MachineLimits() {}

  /**
   * Holds limits of some threads together, in operations and bytes a nanosecond.
   *
   * @param copies rates, of 16 KB, 32 KB and so on, read and written
   */
  record Measured(double flops32, double flops64, double[] copies) {

    double flops(int elementBytes) {
      return elementBytes == Float.BYTES ? flops32 : flops64;
    }

    /** Returns the rate of copying arrays of so many bytes together. */
    double bandwidth(double bytes) {
      int logarithm = (int) Math.round(Math.log(Math.max(bytes, 1)) / Math.log(2));
      return copies[Math.clamp(logarithm, LEAST, MOST) - LEAST];
    }

    @Override
    public String toString() {
      return "%.0f GFLOP/s float32, %.0f float64; copies %.0f GB/s of 1 MB, %.0f of 256 MB (read and write)"
          .formatted(flops32, flops64, bandwidth(1 << 20), bandwidth(1 << MOST));
    }

    /** Returns what {@link #parsed} reads. */
    String line() {
      return DoubleStream.concat(DoubleStream.of(flops32, flops64), DoubleStream.of(copies))
          .mapToObj(String::valueOf)
          .collect(Collectors.joining(" "));
    }

    static Measured parsed(String line) {
      String[] words = line.split(" ", -1);
      double[] copies = new double[MOST - LEAST + 1];
      for (int i = 0; i < copies.length; i++) {
        copies[i] = Double.parseDouble(words[2 + i]);
      }
      return new Measured(Double.parseDouble(words[0]), Double.parseDouble(words[1]), copies);
    }
  }

  /** Measures the limits of some threads, each quantity for so many seconds. */
  static Measured measure(int threads, double seconds) {
    double flops = 2.0 * ROUNDS * CHAINS;
    double flops32 =
        flops
            * FloatVector.SPECIES_PREFERRED.length()
            * rate(threads, COMPILED, seconds, MachineLimits::floats);
    double flops64 =
        flops
            * DoubleVector.SPECIES_PREFERRED.length()
            * rate(threads, COMPILED, seconds, MachineLimits::doubles);
    double[] copies = new double[MOST - LEAST + 1];
    for (int i = 0; i < copies.length; i++) {
      int bytes = (1 << (LEAST + i)) / threads;
      copies[i] = bytes * rate(threads, 0, seconds / 2, () -> copy(bytes));
    }
    return new Measured(flops32, flops64, copies);
  }

  /** Returns how often all threads together call in a nanosecond, at best. */
  private static double rate(int threads, double warm, double seconds, Supplier<Runnable> work) {
    CyclicBarrier start = new CyclicBarrier(threads);
    double[] rates = new double[threads];
    List<Thread> running = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int thread = i;
      Runnable call = work.get();
      running.add(
          Thread.ofPlatform()
              .start(() -> {
                Worker.nanos(warm, call);
                Worker.uninterrupted(start::await);
                rates[thread] = 1 / Worker.least(seconds, call);
              }));
    }
    double sum = 0;
    for (int i = 0; i < threads; i++) {
      Worker.uninterrupted(running.get(i)::join);
      sum += rates[i];
    }
    return sum;
  }

  private static Runnable floats() {
    float[] floats = new float[64];
    return () -> floats[0] = fmaFloat(floats);
  }

  private static Runnable doubles() {
    double[] doubles = new double[64];
    return () -> doubles[0] = fmaDouble(doubles);
  }

  private static Runnable copy(int bytes) {
    float[] source = new float[bytes / 2 / Float.BYTES];
    float[] target = new float[source.length];
    return () -> System.arraycopy(source, 0, target, 0, source.length);
  }

  /** Runs ten independent chains of float multiply-adds that never leave the registers. */
  private static float fmaFloat(float[] floats) {
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
  private static double fmaDouble(double[] doubles) {
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
}
