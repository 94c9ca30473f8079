package dev.adjoint.benchmarks;

import dev.adjoint.benchmarks.Side.Digest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Starts a {@link Worker}, and asks it. */
final class WorkerProcess implements AutoCloseable {

  /** Lets malloc keep what it has: else libtorch asks the system for every large tensor. */
  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          "MALLOC_ARENA_MAX", "1",
          "MALLOC_TRIM_THRESHOLD_", "4000000000",
          "MALLOC_MMAP_THRESHOLD_", "1000000000");

  private final String name;
  private final Path log;
  private final Process process;
  private final PrintStream commands;
  private final BufferedReader answers;

  private WorkerProcess(String name, List<String> options, Path log, String... arguments)
      throws IOException {
    this.name = name;
    this.log = log;
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-classpath", System.getProperty("java.class.path")));
    command.add(Worker.class.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    if (name.equals("libtorch")) {
      builder.environment().putAll(ENVIRONMENT);
    }
    process = builder.start();
    commands = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /**
   * Starts Adjoint as its users do, but for memory: like libtorch, which keeps what it has used, it
   * does not ask the system for new pages while it is measured.
   */
  static WorkerProcess adjoint(Options options, int threads) throws IOException {
    return new WorkerProcess(
        "Adjoint",
        List.of(
            "--add-modules=jdk.incubator.vector",
            "-Xms512m",
            "-XX:+AlwaysPreTouch",
            "-Dadjoint.threads=" + threads),
        options.log(),
        "adjoint",
        Integer.toString(threads),
        options.dtype().name());
  }

  /** Starts libtorch, whose libraries lie in a directory. */
  static WorkerProcess libtorch(Options options, Path libraries, int threads) throws IOException {
    return new WorkerProcess(
        "libtorch",
        List.of(
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            // Not those that JavaCPP would unpack.
            "-Dorg.bytedeco.javacpp.pathsFirst=true",
            "-Djava.library.path=" + libraries,
            // Each call frees its tensors itself, and nothing else watches them.
            "-Dorg.bytedeco.javacpp.nopointergc=true",
            "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
            "-Dorg.bytedeco.javacpp.maxBytes=0"),
        options.log(),
        "libtorch",
        Integer.toString(threads),
        options.dtype().name());
  }

  /** Measures the machine, in a process of its own. */
  static MachineLimits.Measured limits(Options options, int threads) throws IOException {
    try (WorkerProcess worker =
        new WorkerProcess(
            "limits",
            List.of("--add-modules=jdk.incubator.vector"),
            options.log(),
            "limits",
            Integer.toString(threads),
            options.quick() ? "0.1" : "0.5")) {
      return MachineLimits.Measured.parsed(worker.answer());
    }
  }

  String describe() {
    return ask("describe");
  }

  List<Digest> prepare(int row) {
    String[] words = ask("prepare " + row).split(" ", -1);
    List<Digest> digests = new ArrayList<>();
    for (int i = 0; i < words.length; i += 2) {
      digests.add(new Digest(Double.parseDouble(words[i]), Double.parseDouble(words[i + 1])));
    }
    return digests;
  }

  void warm(double least, double most) {
    ask("warm %s %s".formatted(least, most));
  }

  /** Returns the nanoseconds and the allocated bytes of a call. */
  double[] time(boolean least, double seconds) {
    String[] words = ask((least ? "least " : "time ") + seconds).split(" ", -1);
    return new double[] {Double.parseDouble(words[0]), Double.parseDouble(words[1])};
  }

  private String ask(String command) {
    commands.println(command);
    return answer();
  }

  private String answer() {
    try {
      String answer = answers.readLine();
      if (answer == null) {
        throw new IllegalStateException(
            "the process of %s ended with %d; see %s".formatted(name, process.waitFor(), log));
      }
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Ends the process. */
  @Override
  public void close() {
    commands.close();
    Worker.uninterrupted(process::waitFor);
  }
}
