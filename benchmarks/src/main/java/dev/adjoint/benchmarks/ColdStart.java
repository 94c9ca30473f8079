package dev.adjoint.benchmarks;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.norm.Standardization;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.tensor.Generator;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures how long a service waits for its first prediction: in fresh virtual machines, one after
 * another, a small classifier is loaded and predicts.
 */
public final class ColdStart {

  private static final int FEATURES = 20;
  private static final int RUNS = 10;

  private ColdStart() {}

  /** Prints the median times; with the path of a predictor, those of one run in this machine. */
  public static void main(String[] args) throws IOException {
    if (args.length > 0) {
      System.out.println(measured(Path.of(args[0])));
      return;
    }
    Path file = Files.createTempFile("predictor", ".safetensors");
    try {
      Generator generator = Generator.seeded(1);
      Predictor.of(
              Standardization.fit(generator.normal(100, FEATURES)),
              new Linear(FEATURES, 64, generator),
              Activation.RELU,
              new Linear(64, 64, generator),
              Activation.RELU,
              new Linear(64, 3, generator))
          .labels("a", "b", "c")
          .save(file);
      double[] load = new double[RUNS];
      double[] first = new double[RUNS];
      double[] total = new double[RUNS];
      for (int run = 0; run < RUNS; run++) {
        String[] times = inFreshMachine(file).strip().split(" ", -1);
        load[run] = Double.parseDouble(times[0]);
        first[run] = Double.parseDouble(times[1]);
        total[run] = Double.parseDouble(times[2]);
      }
      System.out.printf("load                                %5.0f ms%n", median(load));
      System.out.printf("first prediction                    %5.0f ms%n", median(first));
      System.out.printf("from the machine's start until then %5.0f ms%n", median(total));
    } finally {
      Files.delete(file);
    }
  }

  /** Returns the milliseconds to load, to predict, and since the start of this machine. */
  private static String measured(Path file) throws IOException {
    double[] row = new double[FEATURES];
    long start = System.nanoTime();
    Predictor predictor = Predictor.load(file);
    long loaded = System.nanoTime();
    predictor.classify(row);
    long predicted = System.nanoTime();
    long age = System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
    return "%f %f %d".formatted((loaded - start) / 1e6, (predicted - loaded) / 1e6, age);
  }

  private static String inFreshMachine(Path file) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-classpath", System.getProperty("java.class.path")));
    command.addAll(List.of(ColdStart.class.getName(), file.toString()));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
