package dev.adjoint.benchmarks;

import com.sun.management.ThreadMXBean;
import dev.adjoint.tensor.DType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * The process of one library. It reads commands, a line each, and answers each by one line: so both
 * libraries are measured in turn, by the same loop.
 */
public final class Worker {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final CompilationMXBean COMPILER = ManagementFactory.getCompilationMXBean();

  private final Side side;
  private final List<Case.Row> rows;

  private Worker(Side side, List<Case.Row> rows) {
    this.side = side;
    this.rows = rows;
  }

  /**
   * Answers until the input ends.
   *
   * @param args the library (or "limits"), its threads, and the element type
   */
  public static void main(String[] args) throws IOException {
    PrintStream answers = System.out;
    System.setOut(System.err); // whatever a library prints is no answer
    int threads = Integer.parseInt(args[1]);
    if (args[0].equals("limits")) {
      answers.println(MachineLimits.measure(threads, Double.parseDouble(args[2])).line());
      return;
    }
    DType dtype = DType.valueOf(args[2]);
    Side side =
        args[0].equals("adjoint") ? new AdjointSide(dtype) : new LibtorchSide(dtype, threads);
    Worker worker = new Worker(side, Cases.rows());
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      answers.println(worker.answer(line.split(" ", -1)));
    }
    System.exit(0); // at once: libtorch's threads do not end by themselves
  }

  private String answer(String[] words) {
    return switch (words[0]) {
      case "describe" -> side instanceof LibtorchSide libtorch ? libtorch.description() : "";
      case "prepare" ->
          side.prepare(rows.get(Integer.parseInt(words[1]))).stream()
              .map(digest -> digest.sum() + " " + digest.absolute())
              .collect(Collectors.joining(" "));
      case "warm" -> Double.toString(warm(number(words[1]), number(words[2])));
      case "time" -> time(number(words[1]));
      case "least" -> withBytes(call -> least(number(words[1]), call));
      default -> throw new IllegalArgumentException("a command " + words[0]);
    };
  }

  private static double number(String word) {
    return Double.parseDouble(word);
  }

  /**
   * Runs for at least some seconds, and on until it gets no faster and nothing is compiled any
   * more, but not longer than some more. Returns the seconds.
   */
  private double warm(double least, double most) {
    long start = System.nanoTime();
    double best = Double.POSITIVE_INFINITY;
    int steady = 0;
    double seconds = 0;
    while (seconds < least || (steady < 2 && seconds < most)) {
      long compiled = COMPILER.getTotalCompilationTime();
      double nanos = nanos(0.4, side::run);
      boolean compiling = COMPILER.getTotalCompilationTime() - compiled > 20;
      steady = nanos > 0.97 * best && !compiling ? steady + 1 : 0;
      best = Math.min(best, nanos);
      seconds = (System.nanoTime() - start) / 1e9;
    }
    return seconds;
  }

  /** Returns the nanoseconds and the allocated bytes of a call, after a few calls to get going. */
  private String time(double seconds) {
    nanos(seconds / 10, side::run);
    return withBytes(call -> nanos(seconds, call));
  }

  /** Measures, and adds the bytes that were allocated meanwhile by each call. */
  private String withBytes(ToDoubleFunction<Runnable> measuring) {
    long[] calls = new long[1];
    long bytes = THREADS.getTotalThreadAllocatedBytes();
    double nanos =
        measuring.applyAsDouble(() -> {
          side.run();
          calls[0]++;
        });
    bytes = THREADS.getTotalThreadAllocatedBytes() - bytes;
    return nanos + " " + (double) bytes / calls[0];
  }

  /**
   * Returns the least nanoseconds that this thread computed for a call: for one thread, on a
   * machine that does much else.
   */
  static double least(double seconds, Runnable call) {
    long end = System.nanoTime() + (long) (seconds * 1e9);
    double least = Double.POSITIVE_INFINITY;
    int batch = 1;
    do {
      long start = THREADS.getCurrentThreadCpuTime();
      for (int i = 0; i < batch; i++) {
        call.run();
      }
      long elapsed = THREADS.getCurrentThreadCpuTime() - start;
      least = Math.min(least, (double) elapsed / batch);
      batch = elapsed < 200_000 ? 2 * batch : batch;
    } while (System.nanoTime() < end);
    return least;
  }

  /**
   * Returns the nanoseconds of one call, over all calls of some seconds: with everything that the
   * calls leave to be done, such as the collection of garbage.
   */
  static double nanos(double seconds, Runnable call) {
    long start = System.nanoTime();
    long calls = 0;
    long batch = 1;
    long elapsed;
    do {
      for (long i = 0; i < batch; i++) {
        call.run();
      }
      calls += batch;
      elapsed = System.nanoTime() - start;
      // The clock is read every 20 us or so.
      batch = Math.clamp(20_000 * calls / Math.max(elapsed, 1), 1, 1000);
    } while (elapsed < seconds * 1e9);
    return (double) elapsed / calls;
  }

  /** Something that waits. */
  @FunctionalInterface
  interface Waiting {
    void await() throws Exception;
  }

  static void uninterrupted(Waiting waiting) {
    try {
      waiting.await();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
