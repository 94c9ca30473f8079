package dev.adjoint.examples;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.Callable;

/** An example as a command, which prints what it finds and returns an exit code. */
abstract class Example implements Callable<Integer> {
  final PrintStream out;

  /** Whether somebody sees what is printed, and a line can be written over. */
  final boolean terminal;

  Example(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  @SuppressWarnings("AnnotateFormatMethod") // that annotation is Error Prone's own
  final void print(String format, Object... arguments) {
    out.printf(Locale.ROOT, format, arguments);
  }
}
