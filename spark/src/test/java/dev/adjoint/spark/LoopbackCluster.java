package dev.adjoint.spark;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;

/**
 * A standalone cluster on the loopback address, of jars that Maven has: a master, a worker, and
 * executors of one thread that the worker starts for whoever asks.
 */
final class LoopbackCluster implements AutoCloseable {

  static final String HOST = "127.0.0.1";

  private final int executors;
  private final int port;
  private final Path home;
  private final List<Process> processes = new ArrayList<>();

  LoopbackCluster(int executors) throws IOException, InterruptedException {
    this.executors = executors;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    home = Files.createTempDirectory("spark");
    Files.createDirectories(home.resolve("jars")); // none: the class path has them
    start("org.apache.spark.deploy.master.Master", "--port", String.valueOf(port));
    awaitMaster();
    start(
        "org.apache.spark.deploy.worker.Worker",
        "--cores",
        String.valueOf(executors),
        "--memory",
        executors + "g",
        "--work-dir",
        home.resolve("work").toString(),
        url());
  }

  private void start(String main, String... arguments) throws IOException {
    List<String> command = java();
    command.addAll(List.of("-Xmx256m", main, "--host", HOST, "--webui-port", "0"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(home.resolve(processes.size() + ".log").toFile());
    builder.environment().put("SPARK_HOME", home.toString());
    builder.environment().put("SPARK_SCALA_VERSION", "2.13");
    builder.environment().put("SPARK_LOCAL_IP", HOST);
    processes.add(builder.start());
  }

  /** Returns how a JVM with the class path of this one is started. */
  static List<String> java() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--"))
        .forEach(command::add);
    command.addAll(List.of("-XX:+UseSerialGC", "-cp", absoluteClassPath()));
    return command;
  }

  private static String absoluteClassPath() {
    return String.join(
        File.pathSeparator,
        List.of(System.getProperty("java.class.path").split(File.pathSeparator)).stream()
            .map(entry -> Path.of(entry).toAbsolutePath().toString())
            .toList());
  }

  private void awaitMaster() throws IOException, InterruptedException {
    for (int attempt = 0; ; attempt++) {
      try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (IOException e) {
        if (attempt == 600) {
          close();
          throw e;
        }
        Thread.sleep(100);
      }
    }
  }

  private String url() {
    return "spark://%s:%d".formatted(HOST, port);
  }

  /** Returns what a driver asks for: all executors, each of one thread. */
  SparkConf configuration() {
    return local(url())
        .set("spark.cores.max", String.valueOf(executors))
        .set("spark.executor.cores", "1")
        .set("spark.executor.memory", "800m")
        .set("spark.executor.extraClassPath", absoluteClassPath())
        .set("spark.executor.extraJavaOptions", "-Dadjoint.threads=1 -XX:+UseSerialGC -Xmn400m")
        .set("spark.broadcast.compress", "false") // weights do not get smaller
        .set("spark.broadcast.checksum", "false") // TCP has one
        .set("spark.task.maxDirectResultSize", "16m") // a gradient comes with its task's end
        .set("spark.scheduler.minRegisteredResourcesRatio", "1")
        .set("spark.scheduler.maxRegisteredResourcesWaitingTime", "120s");
  }

  /** Returns the configuration of a driver on the loopback address. */
  static SparkConf local(String master) {
    return new SparkConf()
        .setMaster(master)
        .setAppName("adjoint")
        .set("spark.ui.enabled", "false")
        .set("spark.driver.host", HOST)
        .set("spark.driver.bindAddress", HOST);
  }

  /** Returns the executors that live. */
  List<ProcessHandle> executors() {
    return processes.getLast().descendants().toList();
  }

  /** Ends all processes, and deletes what they have written. */
  @Override
  public void close() throws IOException {
    for (Process process : processes.reversed()) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    try (var files = Files.walk(home)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
