package dev.adjoint.training;

import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Delays the end of the process, as after Ctrl-C, until the loop has saved where it is, for ten
 * seconds at most.
 */
final class Interruption implements AutoCloseable {

  private static final long PATIENCE_SECONDS = 10;

  private final CountDownLatch requested = new CountDownLatch(1);
  private final CountDownLatch granted = new CountDownLatch(1);
  private final Thread loop = Thread.currentThread();
  private final Thread hook;

  private Interruption(Runnable last) {
    hook = new Thread(() -> waitForLoop(last), "training-interruption");
  }

  /**
   * Begins to watch, on the thread of the loop.
   *
   * @param last is run just before the process ends, if it ends meanwhile
   */
  static Interruption watch(Runnable last) {
    Interruption interruption = new Interruption(last);
    Runtime.getRuntime().addShutdownHook(interruption.hook);
    return interruption;
  }

  private void waitForLoop(Runnable last) {
    requested.countDown();
    try {
      if (!loopHasExited() && !granted.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        Thread.currentThread().interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    last.run();
  }

  /** Tells whether the loop itself, in a listener or the loss, called what ends the process. */
  private boolean loopHasExited() {
    return Arrays.stream(loop.getStackTrace())
        .anyMatch(frame ->
            frame.getClassName().equals("java.lang.Runtime")
                && frame.getMethodName().equals("exit"));
  }

  boolean isRequested() {
    return requested.getCount() == 0;
  }

  /** Lets the process end, and does not return: what follows must not run half-way into the end. */
  void granted() {
    granted.countDown();
    while (true) {
      try {
        Thread.sleep(TimeUnit.HOURS.toMillis(1));
      } catch (InterruptedException e) {
        // The process is about to end.
      }
    }
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      granted.countDown(); // The process ends already; the loop has nothing more to save.
    }
  }
}
