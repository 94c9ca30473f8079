package dev.adjoint.nn;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Keeps the packages of layers in order: the layer knows none of the others. */
class ArchitectureTest {

  /** The packages that each package may know besides itself. */
  private static final Map<String, List<String>> MAY_KNOW =
      Map.of(
          "nn", List.of(),
          "nn.norm", List.of("nn"),
          "nn.reparam", List.of("nn"),
          "nn.sequence", List.of("nn", "nn.norm"),
          "nn.inspect", List.of("nn"),
          "nn.predict", List.of("nn", "nn.norm", "nn.reparam", "nn.sequence"));

  private static final List<String> PACKAGES = MAY_KNOW.keySet().stream().sorted().toList();

  private static final JavaClasses LAYERS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.adjoint.nn");

  @ParameterizedTest
  @FieldSource("PACKAGES")
  void aPackageKnowsOnlyWhatItMay(String name) {
    String[] forbidden =
        PACKAGES.stream()
            .filter(other -> !other.equals(name) && !MAY_KNOW.get(name).contains(other))
            .map(other -> "dev.adjoint." + other)
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage("dev.adjoint." + name)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            Stream.concat(Stream.of("none"), Stream.of(forbidden)).toArray(String[]::new))
        .check(LAYERS);
  }
}
