package dev.adjoint.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.norm.Standardization;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Measures what programs wait for: in fresh virtual machines, one after another, an operation, a
 * product, steps of training and a predictor from a file begin, and go on until they are fast.
 */
public final class ColdStart {

  private static final int FEATURES = 20;
  private static final int RUNS = 10;
  private static final long WATCHED_NANOS = 6_000_000_000L;
  private static final long WINDOW_NANOS = 50_000_000;
  private static final String[] CASES = {
    "times 256", "product 64x64x64", "step 2-16-16-2", "step 784-128-10", "prediction"
  };

  private ColdStart() {}

  /** Prints a table of medians; with the name of a case and a file, the times of this machine. */
  public static void main(String[] args) throws IOException {
    if (args.length > 0) {
      System.out.println(measured(args[0], Path.of(args[1])));
      return;
    }
    Path file = Files.createTempFile("predictor", ".safetensors");
    try {
      savePredictor(file);
      System.out.printf(
          "%-18s%8s%8s%8s%8s%9s   of %d machines, in ms%n",
          "", "ready", "first", "CPU", "tenth", "to 1.5x", RUNS);
      for (String name : CASES) {
        double[][] times = new double[RUNS][];
        for (int run = 0; run < RUNS; run++) {
          times[run] =
              Arrays.stream(inFreshMachine(name, file).strip().split(" ", -1))
                  .mapToDouble(Double::parseDouble)
                  .toArray();
        }
        System.out.printf("%-18s", name);
        System.out.printf(
            "%8.0f%8.0f%8.0f%8.0f%9.0f%n",
            median(times, 0),
            median(times, 1),
            median(times, 2),
            median(times, 3),
            median(times, 4));
      }
    } finally {
      Files.delete(file);
    }
  }

  /**
   * Returns milliseconds: from the machine's start until the case is made ready, from then until
   * the first result, the CPU time of the whole process until that, and from ready until the tenth
   * result and until results take at most 1.5 times as long as in the last second.
   */
  private static String measured(String name, Path file) throws IOException {
    Runnable work = work(name, file);
    long ready = System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
    long start = System.nanoTime();
    work.run();
    long first = System.nanoTime() - start;
    long cpu = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    long tenth = 0;
    List<Double> nanosOfWindows = new ArrayList<>();
    for (int runs = 1; System.nanoTime() - start < WATCHED_NANOS; ) {
      long window = System.nanoTime();
      int before = runs;
      while (System.nanoTime() - window < WINDOW_NANOS) {
        work.run();
        runs++;
        tenth = runs == 10 ? System.nanoTime() - start : tenth;
      }
      nanosOfWindows.add((System.nanoTime() - window) / (double) (runs - before));
    }
    int windows = nanosOfWindows.size();
    double steady = Collections.min(nanosOfWindows.subList(windows * 5 / 6, windows));
    int slow = windows; // what other programs take of the processors is no matter: so a minimum
    while (slow > 0
        && Collections.min(nanosOfWindows.subList(slow - 1, Math.min(slow + 3, windows)))
            <= 1.5 * steady) {
      slow--;
    }
    double fast = slow * (WATCHED_NANOS / 1e6) / windows;
    return "%d %f %f %f %f".formatted(ready, first / 1e6, cpu / 1e6, tenth / 1e6, fast);
  }

  private static Runnable work(String name, Path file) throws IOException {
    Generator generator = Generator.seeded(1);
    return switch (name) {
      case "times 256" -> {
        Tensor x = generator.normal(256);
        yield () -> x.times(x);
      }
      case "product 64x64x64" -> {
        Tensor x = generator.normal(64, 64);
        yield () -> x.matmul(x);
      }
      case "step 2-16-16-2" -> step(generator, 32, 2, 16, 16, 2);
      case "step 784-128-10" -> step(generator, 128, 784, 128, 10);
      default -> {
        Predictor predictor = Predictor.load(file);
        double[] row = new double[FEATURES];
        yield () -> predictor.classify(row);
      }
    };
  }

  /** Returns a step of training by SGD, with tanh between the layers and cross-entropy. */
  private static Runnable step(Generator generator, int batch, int... widths) {
    List<Parameter> parameters = new ArrayList<>();
    for (int i = 1; i < widths.length; i++) {
      Tensor weight =
          generator.normal(widths[i - 1], widths[i]).times(1 / Math.sqrt(widths[i - 1]));
      parameters.add(new Parameter("weight", weight));
      parameters.add(new Parameter("bias", generator.normal(widths[i])));
    }
    Tensor inputs = generator.normal(batch, widths[0]);
    IntTensor labels = generator.integers(widths[widths.length - 1], batch);
    SGD optimizer = new SGD(parameters).learningRate(0.01);
    return () -> {
      Tensor x = inputs;
      for (int i = 0; i < parameters.size(); i += 2) {
        x = (i == 0 ? x : x.tanh()).matmul(parameters.get(i).value());
        x = x.plus(parameters.get(i + 1).value());
      }
      optimizer.step(Losses.crossEntropy(x, labels).backward());
    };
  }

  private static void savePredictor(Path file) throws IOException {
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
  }

  private static String inFreshMachine(String name, Path file) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-classpath", System.getProperty("java.class.path")));
    command.addAll(List.of(ColdStart.class.getName(), name, file.toString()));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static double median(double[][] rows, int column) {
    double[] sorted = Arrays.stream(rows).mapToDouble(row -> row[column]).sorted().toArray();
    return sorted[sorted.length / 2];
  }
}
