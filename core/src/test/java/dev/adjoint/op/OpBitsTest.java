package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import dev.adjoint.kernel.KernelProvider;
import dev.adjoint.tensor.Tensor;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that results have the same bits whichever kernels compute them, compiled or not. */
class OpBitsTest {

  /**
   * Has C2 compile what is called a few hundred times, not thousands, and has calls wait for it.
   * Nothing is replaced while it runs, so that each loop is compiled once.
   */
  private static final List<String> EARLY_C2 =
      List.of(
          "-XX:-UseOnStackReplacement",
          "-XX:CompileCommand=quiet",
          "-XX:CompileCommand=BackgroundCompilation,dev.adjoint.*::*,false",
          "-XX:CompileCommand=CompileThresholdScaling,dev.adjoint.*::*,0.05");

  private static final Pattern COMPILED_VECTOR_LOOP =
      Pattern.compile(" 4 +(dev\\.adjoint\\.kernel\\.vector\\.Loop/\\S+::run) ");

  @TempDir private Path temporary;

  @Test
  @Tag("thorough")
  void theFiveHundredthCallGivesTheSameBitsAsTheFirst() throws Exception {
    Path log = temporary.resolve("compiled.log");
    List<String> options = new ArrayList<>(EARLY_C2);
    options.add("-Xlog:jit+compilation=debug:file=%s:none".formatted(log));
    assertThat(linesOf(fork(options, "repeat", "500")))
        .containsExactly(OpTable.oneRowEach().size() + " rows");
    if (KernelProvider.isVectorAvailable()) {
      Matcher compiled = COMPILED_VECTOR_LOOP.matcher(Files.readString(log));
      assertThat(compiled.results().map(loop -> loop.group(1)).distinct())
          .as("loops over vectors that C2 has compiled, of about 106")
          .hasSizeGreaterThan(80);
    }
  }

  @Test
  @Tag("vector")
  void portableKernelsGiveTheSameBitsAsVectorKernels() throws Exception {
    // At the same time, and without C2: what it makes of vectors is compared above.
    Process first = fork(List.of("-Dadjoint.kernels=vector", "-XX:TieredStopAtLevel=1"), "hashes");
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
