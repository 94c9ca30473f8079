package dev.adjoint.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

class KernelProviderTest {

  private static final String MODULE = "jdk.incubator.vector";

  @TempDir private Path temporary;

  /** Prints the name of the kernels that are chosen, for the tests that need a JVM of their own. */
  public static void main(String[] args) {
    System.out.println("chosen: " + KernelProvider.float32().name());
  }

  @Test
  void aProviderIsHadByName() {
    assertThat(KernelProvider.float32("portable").name()).isEqualTo("portable float32");
    assertThat(KernelProvider.float64("portable").name()).isEqualTo("portable float64");
  }

  @Test
  void anUnknownNameIsRefusedWithTheOnesThereAre() {
    assertThatThrownBy(() -> KernelProvider.choose("gpu"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("vector, portable or auto, not 'gpu'");
  }

  @Test
  void vectorKernelsAreChosenInSilenceWhereTheModuleIsThere() throws Exception {
    assertThat(run("--add-modules", MODULE))
        .contains("chosen: vector float32")
        .doesNotContain("INFO");
  }

  @Test
  void withoutTheModuleOneLineSaysWhichFlagToAdd() throws Exception {
    String output = run();
    assertThat(output).contains("chosen: portable float32").contains("--add-modules " + MODULE);
    assertThat(output.lines().filter(line -> line.contains("INFO"))).hasSize(1);
  }

  @Test
  void portableKernelsMayBeForcedWithoutAWord() throws Exception {
    assertThat(run("--add-modules", MODULE, "-Dadjoint.kernels=portable"))
        .contains("chosen: portable float32")
        .doesNotContain("INFO");
  }

  @Test
  void aForcedChoiceThatCannotBeMetIsAnError() throws Exception {
    assertThat(run("-Dadjoint.kernels=vector"))
        .contains("IllegalStateException")
        .contains("--add-modules " + MODULE)
        .doesNotContain("chosen");
  }

  @Test
  void withoutTheOptimizingCompilerKernelsArePortable() throws Exception {
    assertThat(run("--add-modules", MODULE, "-XX:TieredStopAtLevel=1"))
        .contains("chosen: portable float32")
        .contains("C2");
    assertThat(run("--add-modules", MODULE, "-Xint")).contains("chosen: portable float32");
  }

  @Test
  void withoutFusedMultiplyAddsKernelsArePortableAndOneLineSaysSo() throws Exception {
    for (String[] flags :
        new String[][] {{"--add-modules", MODULE, "-XX:-UseFMA"}, {"-XX:-UseFMA"}}) {
      String output = run(flags);
      assertThat(output).contains("chosen: portable float32");
      assertThat(output.lines().filter(line -> line.matches("(INFO|WARNING): (?!Using).*")))
          .singleElement()
          .asString()
          .contains("no instruction for fused multiply-adds");
    }
  }

  @Test
  void aJVMThatIsNotKnownToCompileVectorsGetsPortableKernels() {
    assertThat(VectorObstacle.toSpeed("OpenJDK 64-Bit Server VM", "mixed mode, sharing")).isEmpty();
    assertThat(VectorObstacle.toSpeed("Java HotSpot(TM) 64-Bit Server VM", "mixed mode")).isEmpty();
    assertThat(VectorObstacle.toSpeed("Eclipse OpenJ9 VM", "JRE 25 Linux amd64"))
        .get(STRING)
        .contains("Eclipse OpenJ9 VM", "-Dadjoint.kernels=vector");
    assertThat(VectorObstacle.toSpeed("Substrate VM", "static mode")).isPresent();
    assertThat(VectorObstacle.toSpeed("OpenJDK 64-Bit Zero VM", "interpreted mode"))
        .get(STRING)
        .contains("without the C2 compiler");
  }

  @Test
  @EnabledIf("dev.adjoint.kernel.KernelProvider#isVectorAvailable")
  void aLaterJavaIsTriedBeforeItsVectorsAreTrusted() {
    KernelProvider.Pair pair = KernelProvider.patientKernels();
    Kernels portable = KernelProvider.float32("portable");
    assertThat(VectorObstacle.toTrust(26, pair.float32(), portable)).isEmpty();
    assertThat(VectorObstacle.toTrust(26, pair.float64(), KernelProvider.float64("portable")))
        .isEmpty();
    Kernels changed = failing(pair.float32(), "tile", new NoSuchMethodError("FloatVector.fma"));
    assertThat(VectorObstacle.toTrust(26, changed, portable))
        .get(STRING)
        .contains("NoSuchMethodError: FloatVector.fma", "that they were written for");
    Kernels wrong = failing(pair.float32(), "tile", null);
    assertThat(VectorObstacle.toTrust(26, wrong, portable))
        .get(STRING)
        .contains("other numbers than portable kernels");
    assertThat(VectorObstacle.toTrust(25, wrong, portable)).isEmpty();
  }

  /** Returns kernels of which one method throws, or does nothing. */
  private static Kernels failing(Kernels kernels, String name, @Nullable Error error) {
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (_, method, arguments) -> {
              if (!method.getName().equals(name)) {
                return method.invoke(kernels, arguments);
              }
              if (error != null) {
                throw error;
              }
              return null;
            });
  }

  @Test
  @Tag("vector")
  void aJarWithoutTheVectorKernelsComputesWithPortableOnes() throws Exception {
    String separator = System.getProperty("path.separator");
    String classes =
        Splitter.on(separator)
            .splitToStream(classPath())
            .filter(place -> Files.exists(Path.of(place, "dev/adjoint/kernel/vector")))
            .findFirst()
            .orElseThrow();
    Path hollow = temporary.resolve("classes");
    try (var files = Files.walk(Path.of(classes))) {
      for (Path file : files.filter(f -> !f.toString().contains("vector")).toList()) {
        Files.copy(file, hollow.resolve(Path.of(classes).relativize(file)));
      }
    }
    String output =
        start(
            KernelProviderTest.class,
            classPath().replace(classes, hollow.toString()),
            "--add-modules",
            MODULE);
    assertThat(output).contains("chosen: portable float32").contains("they cannot be loaded");
    assertThat(output.lines().filter(line -> line.contains("INFO"))).hasSize(1);
  }

  private static String run(String... flags) throws IOException, InterruptedException {
    return run(KernelProviderTest.class, flags);
  }

  /** Runs a class in a JVM of its own, and returns what it prints. */
  static String run(Class<?> main, String... flags) throws IOException, InterruptedException {
    return start(main, classPath(), flags);
  }

  private static String start(Class<?> main, String classPath, String... flags)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flags));
    command.addAll(List.of("-cp", classPath, main.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    process.waitFor();
    return output;
  }

  private static String classPath() {
    String path = System.getProperty("java.class.path");
    String modules = System.getProperty("jdk.module.path"); // where the tests run in a module
    return modules == null ? path : path + System.getProperty("path.separator") + modules;
  }
}
