package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import dev.adjoint.kernel.KernelProvider;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Checks that results have the same bits whoever computes them, with how many threads, and when.
 */
class OpBitsTest {

  /** Enough for several chunks of parallel work. */
  private static final int LARGE = 36_000;

  @ParameterizedTest
  @MethodSource("dev.adjoint.op.OpTable#rowsForAllSizes")
  void fourThreadsGiveTheSameBitsAsOne(OpCase row) {
    Tensor[] x = OpCase.tensors(row.numbers(row.atLeast(LARGE)), DType.FLOAT32);
    List<Tensor> one = Parallel.withThreads(1, () -> OpResults.of(row, x));
    List<Tensor> four = Parallel.withThreads(4, () -> OpResults.of(row, x));
    assertThat(OpResults.hash(four)).as(row.name()).isEqualTo(OpResults.hash(one));
  }

  @Test
  void theTwentyThousandthCallGivesTheSameBitsAsTheFirst() throws Exception {
    assertThat(linesOf(fork(List.of(), "repeat", "20000")))
        .containsExactly(OpTable.oneRowEach().size() + " rows");
  }

  @Test
  @Tag("vector")
  void portableKernelsGiveTheSameBitsAsVectorKernels() throws Exception {
    Process first = fork(List.of("-Dadjoint.kernels=vector"), "hashes");
    // At the same time. C1 is enough for portable loops, which C2 runs in the profile portable.
    Process second =
        fork(List.of("-Dadjoint.kernels=portable", "-XX:TieredStopAtLevel=1"), "hashes");
    Map<String, String> vector = hashes(first);
    Map<String, String> portable = hashes(second);
    assertThat(portable.keySet()).isEqualTo(vector.keySet());
    List<String> different =
        vector.keySet().stream()
            .filter(label -> !vector.get(label).equals(portable.get(label)))
            .toList();
    assertThat(different).as("results that differ between vector and portable kernels").isEmpty();
  }

  private static Map<String, String> hashes(Process process)
      throws IOException, InterruptedException {
    Map<String, String> hashes = new TreeMap<>();
    for (String line : linesOf(process)) {
      List<String> parts = Splitter.on('\t').splitToList(line);
      hashes.put(parts.get(0), parts.get(1));
    }
    return hashes;
  }

  /** Runs {@link OpProbe} in a new JVM. */
  private static Process fork(List<String> options, String... arguments)
      throws IOException, URISyntaxException {
    List<String> command =
        new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString()));
    if (KernelProvider.isVectorAvailable()) {
      command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    }
    command.addAll(List.of("-Xmx1g", "-XX:+UseSerialGC", "-cp", classPath()));
    command.addAll(options);
    command.add(OpProbe.class.getName());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  /** Returns the lines that a process prints, when it has ended well. */
  private static List<String> linesOf(Process process) throws IOException, InterruptedException {
    List<String> lines;
    try (var output = process.inputReader()) {
      lines = output.lines().toList();
    }
    assertThat(process.waitFor()).as("exit code of %s after %s", process.info(), lines).isZero();
    return lines;
  }

  private static String classPath() throws URISyntaxException {
    Set<String> places = new LinkedHashSet<>();
    for (Class<?> type :
        List.of(Tensor.class, OpProbe.class, ImmutableList.class, NullMarked.class)) {
      places.add(
          Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
    }
    // Where tests join a module, their location is the module's.
    places.add(Path.of("target/test-classes").toAbsolutePath().toString());
    return String.join(File.pathSeparator, places);
  }
}
