package dev.adjoint.training;

import java.io.Console;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Shows how a training goes: a line for each epoch, and on a terminal a bar while it lasts.
 *
 * <p>Elsewhere, as in a log, an epoch that takes long gets a plain line now and then.
 */
public final class Progress implements TrainingListener {

  private static final int WIDTH = 79;
  private static final long PLAIN_LINE_NANOS = 10_000_000_000L;
  private static final double SMOOTHING = 0.95;

  private final PrintStream out;
  private final boolean terminal;
  private @Nullable ProgressBar bar;
  private double loss = Double.NaN;
  private long lastLine = System.nanoTime();

  private Progress(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Prints to a stream, with bars if the process has a terminal. */
  @SuppressWarnings("SystemConsoleNull") // it is null where a jlinked runtime has no console module
  public static Progress to(PrintStream out) {
    Console console = System.console();
    return to(out, console != null && console.isTerminal());
  }

  /**
   * Prints to a stream.
   *
   * @param terminal whether a line can be written over there
   */
  public static Progress to(PrintStream out, boolean terminal) {
    return new Progress(out, terminal);
  }

  @Override
  public void started(Training training) {
    loss = Double.NaN;
    Position position = training.position();
    String file = training.checkpoint().map(Object::toString).orElse("");
    if (position.epoch() >= training.epochs()) {
      print("all %d epochs were done before, as %s says", training.epochs(), file);
    } else if (position.step() > 0) {
      print("goes on at %s from %s", position.in(training.batches()), file);
    }
  }

  @Override
  public void stepped(Training training, Step step) {
    loss = Double.isNaN(loss) ? step.loss() : SMOOTHING * loss + (1 - SMOOTHING) * step.loss();
    int done = step.position().batch() + step.batches();
    if (terminal) {
      if (bar == null) {
        bar = bar(training, step.position());
      }
      bar.setExtraMessage(String.format(Locale.ROOT, " loss %.4f", loss));
      bar.stepTo(done);
    } else if (System.nanoTime() - lastLine > PLAIN_LINE_NANOS) {
      lastLine = System.nanoTime();
      print(
          "%s  batch %,d of %,d  loss %.4f",
          epoch(training, step.position().epoch()), done, training.batches(), loss);
    }
  }

  @Override
  public void epochEnded(Training training, Epoch epoch) {
    closeBar();
    StringBuilder line = new StringBuilder(epoch(training, epoch.number()));
    epoch
        .metrics()
        .forEach(
            (name, value) -> line.append(String.format(Locale.ROOT, "  %s %.4f", name, value)));
    print("%s  %,.0f examples/s", line, epoch.examplesPerSecond());
    lastLine = System.nanoTime();
  }

  @Override
  public void ended(Training training) {
    closeBar();
    training.stopReason().ifPresent(reason -> print("stopped: %s", reason));
  }

  @Override
  public void failed(Training training, Throwable failure) {
    closeBar();
  }

  @Override
  public void interrupted(Training training) {
    if (terminal) {
      out.println();
    }
    print("interrupted; %s", training.resumption());
    out.flush();
  }

  private ProgressBar bar(Training training, Position position) {
    return new ProgressBarBuilder()
        .setTaskName(epoch(training, position.epoch()))
        .setInitialMax(training.batches())
        .startsFrom(position.batch(), Duration.ZERO)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(200)
        .setMaxRenderedLength(WIDTH)
        .setConsumer(new DelegatingProgressBarConsumer(this::overwrite, WIDTH))
        .build();
  }

  private void overwrite(String line) {
    out.print("\r" + line);
    out.flush();
  }

  /** Ends the bar and wipes it out: its epoch's line takes its place. */
  private void closeBar() {
    if (bar != null) {
      bar.close();
      bar = null;
      overwrite(" ".repeat(WIDTH) + "\r");
    }
  }

  private static String epoch(Training training, int number) {
    int digits = Integer.toString(training.epochs()).length();
    return "epoch %%%ss/%%s".formatted(digits).formatted(number + 1, training.epochs());
  }

  @SuppressWarnings("AnnotateFormatMethod") // that annotation is Error Prone's own
  private void print(String format, Object... arguments) {
    out.println(String.format(Locale.ROOT, format, arguments));
  }

  /** Returns whether it draws bars. */
  @Override
  public String toString() {
    return "Progress " + (terminal ? "with bars" : "in plain lines");
  }
}
