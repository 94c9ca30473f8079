package dev.adjoint.training;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts a JVM of its own for a program that a test kills, or gives little memory. */
public final class ForkedJvm {

  private ForkedJvm() {}

  /** Starts the main method of a class; what it writes to its error stream is lost. */
  public static Process start(List<String> options, Class<?> program, List<String> arguments)
      throws IOException {
    String modules = System.getProperty("jdk.module.path"); // where the tests run in a module
    String classPath =
        String.join(
            File.pathSeparator,
            System.getProperty("java.class.path"),
            modules == null ? "" : modules,
            Path.of("target", "test-classes").toString());
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")); // it ends soon
    command.addAll(options);
    command.addAll(List.of("-cp", classPath, program.getName()));
    command.addAll(arguments);
    return new ProcessBuilder(command).redirectError(Redirect.DISCARD).start();
  }
}
