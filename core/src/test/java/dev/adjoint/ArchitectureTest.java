package dev.adjoint;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Keeps the packages of core in order: who may know whom, and who may allocate. */
class ArchitectureTest {

  /**
   * What each package may know besides itself, sub-packages included.
   *
   * <p>Tensor, op and autodiff know one another by nature: a tensor's methods call operations,
   * operations record how gradients flow, and gradients are tensors. No other cycle is permitted.
   */
  private static final Map<String, List<String>> MAY_KNOW =
      Map.ofEntries(
          entry("kernel", List.of()),
          entry("tensor", List.of("kernel", "op", "autodiff")),
          entry("op", List.of("kernel", "tensor", "autodiff")),
          entry("autodiff", List.of("kernel", "tensor", "op")),
          entry("check", List.of("tensor", "op", "autodiff", "kernel")),
          entry("io", List.of("tensor", "kernel")));

  private static final List<String> PACKAGES = MAY_KNOW.keySet().stream().sorted().toList();

  private static final JavaClasses CORE = new ClassFileImporter().importPath("target/classes");

  @ParameterizedTest
  @FieldSource("PACKAGES")
  void aPackageKnowsOnlyWhatItMay(String name) {
    Stream<String> ours = Stream.concat(Stream.of(name), MAY_KNOW.get(name).stream());
    Stream<String> others =
        Stream.of("java..", "jdk.incubator.vector..", "com.google.common..", "org.jspecify..");
    classes()
        .that()
        .resideInAPackage("dev.adjoint." + name + "..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            Stream.concat(ours.map(p -> "dev.adjoint." + p + ".."), others).toArray(String[]::new))
        .allowEmptyShould(true)
        .check(CORE);
  }

  @Test
  void everyPackageHasItsRow() {
    assertThat(CORE.stream().filter(c -> !c.getName().equals("module-info")))
        .allSatisfy(c ->
            assertThat(PACKAGES)
                .as("the row for %s", c.getName())
                .anyMatch(p -> (c.getPackageName() + ".").startsWith("dev.adjoint." + p + ".")));
  }

  @Test
  void onlyVectorKernelsKnowTheVectorModule() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.adjoint.kernel.vector..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator..")
        .because("without --add-modules their classes would fail to load")
        .check(CORE);
  }

  @Test
  void onlyBuffersAllocatesElements() throws IOException {
    // An array of rows still to come, new float[n][], holds no elements.
    Pattern allocation = Pattern.compile("\\bnew\\s+(float|double)\\s*\\[(?!\\w+\\]\\[\\])");
    Path sources = Path.of("src/main/java");
    List<String> culprits = new ArrayList<>();
    List<Path> files;
    try (Stream<Path> walk = Files.walk(sources)) {
      files = walk.filter(f -> f.toString().endsWith(".java")).sorted().toList();
    }
    for (Path file : files) {
      String code = withoutComments(Files.readString(file));
      Matcher found = allocation.matcher(code);
      while (found.find() && !file.endsWith("dev/adjoint/kernel/Buffers.java")) {
        long line = code.substring(0, found.start()).lines().count();
        culprits.add("%s:%d: %s]".formatted(sources.relativize(file), line, found.group()));
      }
    }
    assertThat(files).isNotEmpty();
    assertThat(culprits).as("allocations of elements outside Buffers").isEmpty();
  }

  @Test
  void onlyBuffersCopiesElementsToNewArrays() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("dev.adjoint.kernel.Buffers")
        .should()
        .callMethodWhere(
            describe(
                "it is Arrays.copyOf or copyOfRange of elements", ArchitectureTest::copiesElements))
        .check(CORE);
  }

  private static boolean copiesElements(JavaCall<?> call) {
    List<JavaClass> parameters = call.getTarget().getRawParameterTypes();
    return call.getTargetOwner().isEquivalentTo(Arrays.class)
        && call.getName().startsWith("copyOf")
        && (parameters.get(0).isEquivalentTo(float[].class)
            || parameters.get(0).isEquivalentTo(double[].class));
  }

  /** Blanks comments, so that an example in one is not code, and keeps the lines where they are. */
  private static String withoutComments(String source) {
    return Pattern.compile("/\\*.*?\\*/|//[^\\n]*|\"(?:\\\\.|[^\"\\\\\\n])*\"", Pattern.DOTALL)
        .matcher(source)
        .replaceAll(m -> "\n".repeat((int) m.group().chars().filter(c -> c == '\n').count()));
  }
}
