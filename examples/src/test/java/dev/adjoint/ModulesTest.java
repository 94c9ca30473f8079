package dev.adjoint;

import static com.tngtech.archunit.lang.conditions.ArchConditions.be;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Keeps the modules in order, and native code, sockets and serialization out of all of them. */
class ModulesTest {

  private static final List<String> CORE =
      List.of("kernel", "tensor", "op", "autodiff", "check", "io");

  /** The packages of each module of the library. */
  private static final Map<String, List<String>> PACKAGES =
      Map.ofEntries(
          entry("core", CORE),
          entry("layers", List.of("nn")),
          entry("testing", List.of("testing")),
          entry("optim", List.of("optim")),
          entry("training", List.of("training")),
          entry("explain", List.of("explain")),
          entry("onnx", List.of("onnx")),
          entry("spark", List.of("spark")));

  /** The modules that each module may know. */
  private static final Map<String, List<String>> MAY_KNOW =
      Map.ofEntries(
          entry("core", List.of()),
          entry("layers", List.of("core")),
          entry("testing", List.of("core", "layers")),
          entry("optim", List.of("core")),
          entry("training", List.of("core", "layers", "optim")),
          entry("explain", List.of("core", "layers", "training")),
          entry("onnx", List.of("core", "layers")),
          entry("spark", List.of("core", "layers", "optim", "training")));

  /** What a module may know besides the JDK, Guava and JSpecify. */
  private static final Map<String, List<String>> MAY_USE =
      Map.ofEntries(
          entry("explain", List.of("org.eclipse.elk..", "org.eclipse.emf..")),
          entry("onnx", List.of("com.google.protobuf..")),
          entry(
              "spark",
              List.of(
                  "org.apache.spark..",
                  "org.apache.hadoop.fs..",
                  "org.apache.hadoop.conf..",
                  "scala..")),
          entry("testing", List.of("org.assertj..", "org.junit..")),
          entry(
              "training",
              List.of(
                  "javax.imageio..",
                  "de.siegmar.fastcsv..",
                  "dev.hardwood..",
                  "me.tongfei.progressbar..")));

  private static final List<String> MODULES = PACKAGES.keySet().stream().sorted().toList();

  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.adjoint");

  @ParameterizedTest
  @FieldSource("MODULES")
  void aModuleKnowsOnlyWhatItMay(String module) {
    Stream<String> ours =
        Stream.concat(Stream.of(module), MAY_KNOW.get(module).stream())
            .flatMap(m -> Stream.of(packagesOf(m)));
    Stream<String> others =
        Stream.concat(
            Stream.of("java..", "jdk.incubator.vector..", "com.google.common..", "org.jspecify.."),
            MAY_USE.getOrDefault(module, List.of()).stream());
    classes()
        .that()
        .resideInAnyPackage(packagesOf(module))
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(Stream.concat(ours, others).toArray(String[]::new))
        .allowEmptyShould(true)
        .check(ALL);
  }

  @Test
  void thePackagesOfTrainingKnowOneAnotherInOneDirection() {
    List<String> order = List.of("report", "data", "metric", "");
    for (int i = 0; i < order.size(); i++) {
      noClasses()
          .that()
          .resideInAPackage(trainingPackage(order.get(i)))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              order.stream().skip(i + 1L).map(ModulesTest::trainingPackage).toArray(String[]::new))
          .check(ALL);
    }
  }

  private static String trainingPackage(String name) {
    return name.isEmpty() ? "dev.adjoint.training" : "dev.adjoint.training." + name;
  }

  @Test
  void everyPackageBelongsToAModule() {
    List<String> known =
        Stream.concat(Stream.of("examples"), PACKAGES.values().stream().flatMap(List::stream))
            .toList();
    assertThat(ALL)
        .allSatisfy(c ->
            assertThat(known)
                .as("the module of %s", c.getName())
                .anyMatch(p -> (c.getPackageName() + ".").startsWith("dev.adjoint." + p + ".")));
  }

  @Test
  void nothingIsNative() {
    noMethods().should().haveModifier(JavaModifier.NATIVE).check(ALL);
    for (Class<?> loader : List.of(System.class, Runtime.class)) {
      noClasses().should().callMethod(loader, "load", String.class).check(ALL);
      noClasses().should().callMethod(loader, "loadLibrary", String.class).check(ALL);
    }
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.lang\\.foreign\\.(Linker|SymbolLookup)(\\$.*)?")
        .check(ALL);
  }

  @Test
  void nothingReachesIntoTheJdk() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("sun..", "jdk.internal..")
        .check(ALL);
  }

  @Test
  void nothingTalksToTheNetwork() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveNameMatching(
            "java\\.net\\.(?!URI$|URISyntaxException$).*|javax\\.net\\..*"
                + "|java\\.nio\\.channels\\..*(Socket|Datagram|Network|Multicast).*")
        .check(ALL);
  }

  @Test
  void nothingIsSerialized() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.io\\.(Object(In|Out)put.*|Externalizable)")
        .check(ALL);
    // Spark sends tasks by Java's serialization, between JVMs of one cluster: files are ours there,
    // too.
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.adjoint.spark..")
        .should(be(serializableByItself()))
        .check(ALL);
  }

  @Test
  void guavaStaysInside() {
    assertThat(ALL)
        .flatExtracting(JavaClass::getMembers)
        .filteredOn(ModulesTest::isPublic)
        .allSatisfy(member ->
            assertThat(signatureOf(member))
                .as("the signature of %s", member.getFullName())
                .noneMatch(c -> c.getPackageName().startsWith("com.google")));
    assertThat(ALL)
        .filteredOn(c -> c.getModifiers().contains(JavaModifier.PUBLIC))
        .allSatisfy(c ->
            assertThat(Stream.concat(c.getSuperclass().stream(), c.getInterfaces().stream()))
                .as("the ancestors of %s", c.getName())
                .flatExtracting(JavaType::getAllInvolvedRawTypes)
                .noneMatch(t -> t.getPackageName().startsWith("com.google")));
  }

  private static String[] packagesOf(String module) {
    return PACKAGES.get(module).stream().map(p -> "dev.adjoint." + p + "..").toArray(String[]::new);
  }

  private static DescribedPredicate<JavaClass> serializableByItself() {
    return DescribedPredicate.describe(
        "declared Serializable",
        c -> c.getRawInterfaces().stream().anyMatch(i -> i.isEquivalentTo(Serializable.class)));
  }

  private static boolean isPublic(JavaMember member) {
    Set<JavaModifier> modifiers = member.getModifiers();
    return member.getOwner().getModifiers().contains(JavaModifier.PUBLIC)
        && (modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED));
  }

  private static List<JavaClass> signatureOf(JavaMember member) {
    Stream<JavaType> types =
        switch (member) {
          case JavaField field -> Stream.of(field.getType());
          case JavaCodeUnit unit ->
              Stream.of(
                      unit.getParameterTypes(),
                      List.of(unit.getReturnType()),
                      List.<JavaType>copyOf(unit.getExceptionTypes()),
                      unit.getTypeParameters())
                  .flatMap(List::stream)
                  .map(JavaType.class::cast);
          default -> throw new IllegalStateException(member.getDescription());
        };
    return types.flatMap(t -> t.getAllInvolvedRawTypes().stream()).toList();
  }
}
