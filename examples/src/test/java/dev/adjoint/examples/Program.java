package dev.adjoint.examples;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

/** Runs an example as its command line does, and keeps what it prints. */
final class Program {

  private final String[] always;
  private final StringWriter err = new StringWriter();
  private ByteArrayOutputStream out = new ByteArrayOutputStream();

  /**
   * Prepares to run a command.
   *
   * @param always its name, and what follows it in every run
   */
  Program(String... always) {
    this.always = always;
  }

  /** Runs it and returns the exit code. */
  int run(String... args) {
    out = new ByteArrayOutputStream();
    return Examples.commandLine(new PrintStream(out, true, StandardCharsets.UTF_8), false)
        .setErr(new PrintWriter(err, true))
        .execute(Stream.concat(Stream.of(always), Stream.of(args)).toArray(String[]::new));
  }

  /** Returns what the last run has printed. */
  String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  /** Returns what all runs have said of errors. */
  String err() {
    return err.toString();
  }
}
