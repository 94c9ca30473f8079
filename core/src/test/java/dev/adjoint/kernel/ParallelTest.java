package dev.adjoint.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Splitting work over threads: all of it, once, whatever else goes on. */
@Timeout(60)
class ParallelTest {

  private static final long MUCH = 1_000_000_000;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void everyChunkRunsOnce(int threads) {
    Parallel.withThreads(
        threads,
        () -> {
          for (int chunks : new int[] {0, 1, 2, 7, 1000}) {
            AtomicIntegerArray runs = new AtomicIntegerArray(chunks);
            Parallel.run(chunks, MUCH, runs::incrementAndGet);
            for (int chunk = 0; chunk < chunks; chunk++) {
              assertThat(runs.get(chunk)).isEqualTo(1);
            }
          }
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 3, 4096, 1L << 31, 1L << 40})
  void rangesOfUnitsAreWholeUpToTheLargestNumber(long unitWork) {
    for (int units : new int[] {0, 1, 100, Integer.MAX_VALUE - 8, Integer.MAX_VALUE}) {
      int chunkWork = 1 << 30;
      if (units > 100 && unitWork > 3) {
        continue; // too many chunks for a test
      }
      long[] next = {0};
      Parallel.runRanges(
          units,
          unitWork,
          chunkWork,
          0,
          (from, to) -> {
            assertThat(from).isEqualTo((int) next[0]).isLessThan(to);
            assertThat(to - from)
                .isLessThanOrEqualTo((int) Math.max(1, chunkWork / Math.max(1, unitWork)));
            next[0] = to;
          });
      assertThat(next[0]).isEqualTo(units);
    }
  }

  @Test
  void helpersHelp() throws InterruptedException {
    // Each chunk waits for the other, so that both can only end on two threads.
    CountDownLatch both = new CountDownLatch(2);
    Set<String> names = ConcurrentHashMap.newKeySet();
    Parallel.withThreads(
        2,
        () ->
            Parallel.run(
                2,
                MUCH,
                chunk -> {
                  names.add(Thread.currentThread().getName());
                  both.countDown();
                  await(both);
                }));
    assertThat(names)
        .hasSize(2)
        .contains(Thread.currentThread().getName())
        .anyMatch(name -> name.startsWith("adjoint-helper-"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 5, 9})
  void whatAThreadIsTooBusyForIsDoneByOthers(int slow) {
    CountDownLatch others = new CountDownLatch(9);
    Parallel.withThreads(
        2,
        () ->
            Parallel.run(
                10,
                MUCH,
                chunk -> {
                  if (chunk == slow) {
                    await(others);
                  } else {
                    others.countDown();
                  }
                }));
  }

  @Test
  void helpersComeBackAfterTheyWentToSleep() {
    Parallel.withThreads(
        2,
        () -> {
          for (int round = 0; round < 200; round++) {
            CountDownLatch both = new CountDownLatch(2);
            Parallel.run(
                2,
                MUCH,
                chunk -> {
                  both.countDown();
                  await(both);
                });
            if (round % 20 == 0) {
              sleep(2);
            } else {
              LockSupport.parkNanos(45_000 + 500 * (round % 20)); // about when a helper gives up
            }
          }
        });
  }

  @Test
  void littleWorkStaysInTheCallingThread() {
    Thread caller = Thread.currentThread();
    Parallel.run(100, 10, chunk -> assertThat(Thread.currentThread()).isSameAs(caller));
  }

  @Test
  void workThatIsNotWorthWakingAHelperIsSharedOnceMoreFollowsAtOnce() {
    assumeThat(Parallel.threads()).isGreaterThan(1);
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    for (int i = 0; i < 20; i++) {
      sleep(2); // each comes alone
      workForFiftyMicroseconds(threads);
    }
    assertThat(threads).containsExactly(Thread.currentThread());
    long end = System.nanoTime() + 20_000_000_000L;
    while (threads.size() == 1 && System.nanoTime() < end) {
      workForFiftyMicroseconds(threads);
    }
    assertThat(threads).hasSizeGreaterThan(1);
  }

  @Test
  void littleWorkOfThreadsInTurnsIsDoneByEachAlone() throws InterruptedException {
    sleep(2); // until helpers sleep
    Set<Thread> callers = ConcurrentHashMap.newKeySet();
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    List<Semaphore> turns = List.of(new Semaphore(1), new Semaphore(0));
    List<Thread> both = new ArrayList<>();
    for (int caller = 0; caller < 2; caller++) {
      Semaphore mine = turns.get(caller);
      Semaphore other = turns.get(1 - caller);
      both.add(
          Thread.ofPlatform()
              .start(() -> {
                callers.add(Thread.currentThread());
                for (int i = 0; i < 500; i++) {
                  mine.acquireUninterruptibly();
                  workForFiftyMicroseconds(threads);
                  other.release();
                }
              }));
    }
    for (Thread caller : both) {
      caller.join();
    }
    assertThat(threads).isEqualTo(callers);
  }

  /** Tells which threads did work that is worth a helper that is awake, but not waking one. */
  private static void workForFiftyMicroseconds(Set<Thread> threads) {
    Parallel.run(
        20,
        50_000,
        chunk -> {
          threads.add(Thread.currentThread());
          for (long end = System.nanoTime() + 2_500; System.nanoTime() < end; ) {
            Thread.onSpinWait();
          }
        });
  }

  @Test
  void workWithinAChunkRunsInTheThreadOfTheChunk() {
    LongAdder sum = new LongAdder();
    Parallel.withThreads(
        4,
        () ->
            Parallel.run(
                50,
                MUCH,
                chunk -> {
                  Thread outer = Thread.currentThread();
                  Parallel.run(
                      20,
                      MUCH,
                      inner -> {
                        assertThat(Thread.currentThread()).isSameAs(outer);
                        sum.add(inner);
                      });
                }));
    assertThat(sum.sum()).isEqualTo(50 * 190);
  }

  @Test
  void manyCallersAtTheSameTimeAllGetTheirWorkDone() throws InterruptedException {
    LongAdder sum = new LongAdder();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    List<Thread> callers = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      Thread caller =
          new Thread(() -> {
            for (int round = 0; round < 2000; round++) {
              Parallel.run(13, MUCH, sum::add);
            }
          });
      caller.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
      callers.add(caller);
      caller.start();
    }
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(failure).hasValue(null);
    assertThat(sum.sum()).isEqualTo(8L * 2000 * 78);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void theExceptionOfAChunkReachesTheCaller(int threads) {
    Parallel.withThreads(
        threads,
        () -> {
          for (int round = 0; round < 200; round++) {
            assertThatThrownBy(() ->
                    Parallel.run(
                        40,
                        MUCH,
                        chunk -> {
                          if (chunk >= 17) {
                            throw new ArithmeticException("in a chunk");
                          }
                        }))
                .isInstanceOf(ArithmeticException.class)
                .hasMessage("in a chunk");
            LongAdder sum = new LongAdder();
            Parallel.run(10, MUCH, sum::add);
            assertThat(sum.sum()).as("work after a failure").isEqualTo(45);
          }
        });
  }

  @Test
  void theErrorOfAChunkReachesTheCaller() {
    Parallel.withThreads(
        3,
        () ->
            assertThatThrownBy(() ->
                    Parallel.run(
                        10,
                        MUCH,
                        chunk -> {
                          throw new OutOfMemoryError("pretended");
                        }))
                .isInstanceOf(OutOfMemoryError.class));
  }

  @Test
  void anInterruptedCallerFinishesItsWorkAndStaysInterrupted() {
    LongAdder sum = new LongAdder();
    Thread.currentThread().interrupt();
    Parallel.withThreads(2, () -> Parallel.run(100, MUCH, sum::add));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(sum.sum()).isEqualTo(4950);
  }

  @Test
  void theNumberOfThreadsHoldsWithinTheScopeOnly() {
    int before = Parallel.threads();
    assertThat(Parallel.<Integer>withThreads(7, Parallel::threads)).isEqualTo(7);
    assertThat(Parallel.threads()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "two", "", "1.5", "1025", "99999999999"})
  void aBadNumberOfThreadsIsAClearError(String text) {
    assertThatThrownBy(() -> Parallel.checkThreads(text, "the system property adjoint.threads"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the system property adjoint.threads must be a whole number from 1 to 1024, not \"%s\"",
            text);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).as("the other chunks came").isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void sleep(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
