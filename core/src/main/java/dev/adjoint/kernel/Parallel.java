package dev.adjoint.kernel;

import com.google.common.base.Suppliers;
import com.google.common.primitives.Ints;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Splits work over the threads of one pool.
 *
 * <p>Work is a number of chunks, which callers choose from sizes only, so that results have the
 * same bits on any number of threads. The calling thread takes chunks as well and waits for chunks,
 * never for idle helpers. Helpers look for more work for a moment before they go to sleep, because
 * the next operation usually follows at once. A call from within a chunk, or while another thread
 * has the helpers, runs in the calling thread.
 *
 * <p>The number of threads is {@link Runtime#availableProcessors()}, or the system property {@code
 * adjoint.threads}.
 */
public final class Parallel {

  /** A range of units of work. */
  @FunctionalInterface
  public interface RangeBody {
    /** Computes the units {@code from <= i < to}; ranges run in any order, and at the same time. */
    void run(int from, int to);
  }

  /** Less work than this is not worth a hand-over to helpers that are awake. */
  private static final long INLINE_WHILE_AWAKE_NANOS = 20_000;

  /**
   * Less work than this is not worth waking helpers up, unless it follows other such work at once.
   */
  private static final long INLINE_WHILE_ASLEEP_NANOS = 100_000;

  /** How long a thread looks for work, or for the end of it, before it goes to sleep. */
  private static final long SPIN_NANOS = 50_000;

  private static final int MAX_THREADS = 1024;

  private static final ScopedValue<Team> SCOPED_TEAM = ScopedValue.newInstance();

  private static final Supplier<Team> SHARED_TEAM = Suppliers.memoize(Parallel::createSharedTeam);

  private Parallel() {}

  /**
   * Runs all chunks {@code 0 .. chunks - 1}, in any order and at the same time, and returns when
   * they are done. If a chunk throws, chunks that have not started are skipped, and the (first)
   * exception is thrown here.
   *
   * @param estimatedNanos how long one thread would take for all chunks, roughly
   */
  public static void run(int chunks, long estimatedNanos, IntConsumer body) {
    Budget.chargeWork(estimatedNanos);
    boolean tiny = estimatedNanos < INLINE_WHILE_AWAKE_NANOS && !SCOPED_TEAM.isBound();
    if (chunks <= 1 || tiny || Thread.currentThread() instanceof Helper) {
      runInline(chunks, body);
    } else {
      team().run(chunks, estimatedNanos, body);
    }
  }

  /**
   * Runs units of equal work, as many together as make up a chunk: at least one, and a number that
   * depends on sizes only.
   *
   * @param unitWork work of one unit, and {@code chunkWork} of a chunk, in the same measure
   * @param estimatedNanos how long one thread would take for all units, roughly
   */
  public static void runRanges(
      int units, long unitWork, long chunkWork, long estimatedNanos, RangeBody body) {
    int perChunk = (int) Math.clamp(chunkWork / Math.max(1, unitWork), 1, Integer.MAX_VALUE);
    run(
        Math.ceilDiv(units, perChunk),
        estimatedNanos,
        chunk -> {
          int from = chunk * perChunk;
          body.run(from, from + Math.min(perChunk, units - from));
        });
  }

  /** Returns the number of threads that work is split over, the calling thread included. */
  public static int threads() {
    return team().threads;
  }

  /**
   * Calls a function whose work is split over {@code n} threads, whatever its size and the number
   * of processors: for tests that compare thread counts.
   */
  public static <T> T withThreads(int n, Supplier<T> function) {
    Team team = new Team(checkThreads(Integer.toString(n), "the number of threads"), 0);
    try {
      return ScopedValue.where(SCOPED_TEAM, team).call(function::get);
    } finally {
      team.pool.shutdown();
    }
  }

  /** Runs an action, split over {@code n} threads, as {@link #withThreads(int, Supplier)}. */
  public static void withThreads(int n, Runnable action) {
    Supplier<Boolean> function =
        () -> {
          action.run();
          return true;
        };
    withThreads(n, function);
  }

  private static void runInline(int chunks, IntConsumer body) {
    for (int chunk = 0; chunk < chunks; chunk++) {
      body.accept(chunk);
    }
  }

  private static Team team() {
    return SCOPED_TEAM.isBound() ? SCOPED_TEAM.get() : SHARED_TEAM.get();
  }

  private static Team createSharedTeam() {
    String property = System.getProperty("adjoint.threads");
    int threads =
        property == null
            ? Math.min(Runtime.getRuntime().availableProcessors(), MAX_THREADS)
            : checkThreads(property, "the system property adjoint.threads");
    return new Team(threads, INLINE_WHILE_ASLEEP_NANOS);
  }

  static int checkThreads(String text, String what) {
    Integer threads = Ints.tryParse(text.strip());
    if (threads == null || threads < 1 || threads > MAX_THREADS) {
      throw new IllegalArgumentException(
          what + " must be a whole number from 1 to " + MAX_THREADS + ", not \"" + text + "\"");
    }
    return threads;
  }

  /** A helper thread, known by its class: what it calls runs inline. */
  private static final class Helper extends ForkJoinWorkerThread {
    Helper(ForkJoinPool pool) {
      super(pool);
    }

    @Override
    protected void onStart() {
      setName("adjoint-helper-" + getPoolIndex());
    }
  }

  /** Some threads that work on one job at a time. */
  private static final class Team {
    final int threads;
    final ForkJoinPool pool;
    private final long inlineWhileAsleepNanos;

    /** The job in progress, if any; who sets it has the helpers. */
    private final AtomicReference<@Nullable Job> current = new AtomicReference<>();

    /** How many helpers are awake: working, or looking for work. */
    private final AtomicInteger awake = new AtomicInteger();

    /** Which thread did work last that was not worth waking helpers up, and when it had done it. */
    private volatile long inlineBy;

    private volatile long inlineUntil;

    Team(int threads, long inlineWhileAsleepNanos) {
      this.threads = threads;
      this.inlineWhileAsleepNanos = inlineWhileAsleepNanos;
      this.pool = new ForkJoinPool(Math.max(1, threads - 1), Helper::new, null, true);
    }

    void run(int chunks, long estimatedNanos, IntConsumer body) {
      if (threads == 1) {
        runInline(chunks, body);
        return;
      }
      if (estimatedNanos < inlineWhileAsleepNanos && awake.get() == 0 && !isOneOfMany()) {
        runInline(chunks, body);
        inlineUntil = System.nanoTime();
        inlineBy = Thread.currentThread().threadId();
        return;
      }
      Job job = new Job(chunks, Math.min(threads, chunks), body);
      if (!current.compareAndSet(null, job)) { // nested, or another thread has the helpers
        runInline(chunks, body);
        return;
      }
      try {
        wakeHelpers(Math.min(threads, chunks) - 1);
        job.work(0);
        job.awaitDone();
      } finally {
        current.set(null);
      }
      job.rethrowFailure();
    }

    /**
     * Tells whether helpers that this thread had woken up for the work before would still be awake.
     * Where many threads compute, each does its own work.
     */
    private boolean isOneOfMany() {
      return inlineBy == Thread.currentThread().threadId()
          && System.nanoTime() - inlineUntil < SPIN_NANOS;
    }

    private void wakeHelpers(int wanted) {
      for (int n = awake.get(); n < wanted; n = awake.get()) {
        if (awake.compareAndSet(n, n + 1)) {
          pool.execute(this::help);
        }
      }
    }

    /** Works on jobs until none has come for a while. */
    private void help() {
      int part = 1 + ((Helper) Thread.currentThread()).getPoolIndex();
      do {
        long idleSince = System.nanoTime();
        do {
          Job job = current.get();
          if (job != null && job.work(part)) {
            idleSince = System.nanoTime();
          } else {
            Thread.onSpinWait();
          }
        } while (System.nanoTime() - idleSince < SPIN_NANOS);
        awake.decrementAndGet();
      } while (isNeededAfterAll());
    }

    /**
     * Looks for work once more after saying good-bye: a caller that came in between saw this helper
     * awake and did not wake another.
     */
    private boolean isNeededAfterAll() {
      Job job = current.get();
      if (job == null || !job.hasChunks()) {
        return false;
      }
      awake.incrementAndGet();
      return true;
    }
  }

  /**
   * The chunks of one call, in as many parts as there are threads: each thread takes those of its
   * part from the first on, and then what others have left, from the last on. So a thread meets the
   * elements again that it computed in the operation before.
   */
  private static final class Job {
    private final int chunks;
    private final IntConsumer body;

    /** Which chunks of each part are left: the first in the upper half, the end in the lower. */
    private final AtomicLongArray left;

    private final AtomicInteger done = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile @Nullable Thread sleeper;

    Job(int chunks, int parts, IntConsumer body) {
      this.chunks = chunks;
      this.body = body;
      left = new AtomicLongArray(parts);
      for (int i = 0; i < parts; i++) {
        left.set(i, (long) chunks * i / parts << 32 | (long) chunks * (i + 1) / parts);
      }
    }

    boolean hasChunks() {
      for (int i = 0; i < left.length(); i++) {
        if (hasChunks(left.get(i))) {
          return true;
        }
      }
      return false;
    }

    private static boolean hasChunks(long range) {
      return range >>> 32 < (int) range;
    }

    /** Takes chunks until none is left; returns whether there was one. */
    boolean work(int part) {
      int mine = 0;
      for (int chunk = take(part); chunk >= 0; chunk = take(part)) {
        mine++;
        if (failure.get() == null) {
          try {
            body.accept(chunk);
          } catch (Throwable t) {
            failure.compareAndSet(null, t);
          }
        }
      }
      if (mine > 0 && done.addAndGet(mine) == chunks) {
        LockSupport.unpark(sleeper); // does nothing for null
      }
      return mine > 0;
    }

    /** Takes the first chunk that is left of a part, or else the last of another; -1 if none is. */
    private int take(int part) {
      for (int i = 0; i < left.length(); i++) {
        int from = (part + i) % left.length();
        for (long range = left.get(from); hasChunks(range); range = left.get(from)) {
          if (left.compareAndSet(from, range, i == 0 ? range + (1L << 32) : range - 1)) {
            return i == 0 ? (int) (range >>> 32) : (int) range - 1;
          }
        }
      }
      return -1;
    }

    void awaitDone() {
      long start = System.nanoTime();
      while (done.get() < chunks) {
        if (System.nanoTime() - start < SPIN_NANOS) {
          Thread.onSpinWait();
        } else {
          sleeper = Thread.currentThread();
          if (done.get() < chunks) {
            LockSupport.park(this);
          }
        }
      }
    }

    void rethrowFailure() {
      switch (failure.get()) {
        case null -> {}
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable t -> throw new IllegalStateException("a chunk threw a checked exception", t);
      }
    }
  }
}
