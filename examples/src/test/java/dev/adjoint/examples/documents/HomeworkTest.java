package dev.adjoint.examples.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hands in homework, and reads what the grader says of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HomeworkTest {

  private static final Path HOMEWORK = Path.of("../homework");
  private static final Path HANDOUT = HOMEWORK.resolve("src/main/java/homework");
  private static final Path SOLUTIONS = HOMEWORK.resolve("solutions/homework");

  /**
   * A mistake, made in a right solution.
   *
   * @param round mistakes of one round are made at the same time, in different exercises
   * @param grade what the line of the exercise begins with
   * @param said a part of what the grader says
   */
  private record Mistake(int round, String right, String wrong, String grade, String said) {}

  private static final List<Mistake> MISTAKES =
      List.of(
          new Mistake(
              1,
              "g.times(x).times(2)",
              "g.times(x)",
              "SQUARE,0,3,wrong",
              "every one is 0.5000 times the numeric slope). x stands twice in x * x"),
          new Mistake(
              1,
              "g.times(y.square().neg().plus(1))",
              "g.times(in.get(0).square().neg().plus(1))",
              "TANH,0,3,wrong",
              "This is 1 - x^2"),
          new Mistake(
              1,
              "g.times(a).sum(0)",
              "g.times(a)",
              "PRODUCT,0,3,wrong",
              "a cotangent of shape (3, 4) for 'b' of shape (4); expected equal shapes: the input"
                  + " was broadcast, so sum over axes [0]"),
          new Mistake(
              1,
              "g.unsqueeze(1).expand(x.shape()).div(x.size(1))",
              "g.unsqueeze(1).expand(x.shape())",
              "ROW_MEAN,0,3,wrong",
              "every one is 3.000 times the numeric slope: a sum where the function has a mean?"),
          new Mistake(
              1,
              "g.matmul(b.transpose())",
              "g.matmul(b)",
              "MAT_MUL,0,3,wrong",
              "matmul: shapes (2, 4) and (3, 4) do not fit"),
          new Mistake(
              1,
              ".div(largest.sum(Keep.AXES, 1))",
              "",
              "ROW_MAX,2,4,wrong",
              "They add up to 2.00 g: divide by how many are the largest"),
          new Mistake(
              1,
              "y.times(g.minus(g.times(y).sum(Keep.AXES, 1)))",
              "g.times(y).times(y.neg().plus(1))",
              "SOFTMAX,0,3,wrong",
              "every x of the row is in the sum that y is divided by"),
          new Mistake(
              1,
              "x.softmax(1).minus(target)",
              "x.exp().div(x.exp().sum(Keep.AXES, 1)).minus(target)",
              "CROSS_ENTROPY,2,4,wrong",
              "exp(1000) overflows"),
          new Mistake(
              1,
              "q.minus(q.mean(Keep.AXES, 1)).minus(along)",
              "q.minus(q.mean(Keep.AXES, 1))",
              "LAYER_NORM,0,6,wrong",
              "sigma was taken for a constant"),
          new Mistake(
              1,
              "x.biasedVariance(Keep.AXES, 0)",
              "x.unbiasedVariance(Keep.AXES, 0)",
              "BATCH_NORM,0,8,wrong",
              "divide by n, not by n - 1"),
          new Mistake(
              2,
              "g.times(x).times(2)",
              "x.times(2)",
              "SQUARE,0,3,wrong",
              "whatever comes after y, multiply by g"),
          new Mistake(
              2,
              "g.times(y.square().neg().plus(1))",
              "g.times(Tensor.of(y.square().neg().plus(1).toDoubleArray(), 3, 4))",
              "TANH,2,3,wrong",
              "its pullback reads out a tensor"),
          new Mistake(
              2,
              "List.of(g.times(b), g.times(a).sum(0))",
              "List.of(g.times(b.untracked()), g.times(a).sum(0))",
              "PRODUCT,2,3,wrong",
              "its own gradient by 'b' is wrong"),
          new Mistake(
              2,
              "g.unsqueeze(1).expand(x.shape()).div(x.size(1))",
              "g.expand(x.shape()).div(x.size(1))",
              "ROW_MEAN,0,3,wrong",
              "its transposed place). g has shape (3) and was broadcast as a row"),
          new Mistake(
              2,
              "x.softmax(1).minus(target)",
              "target.minus(x.softmax(1))",
              "CROSS_ENTROPY,0,4,wrong",
              "opposite sign"),
          new Mistake(
              2,
              "Tensor q = g.times(gain);",
              "Tensor q = g;",
              "BATCH_NORM,2,8,wrong",
              "multiply g by gain first"));

  private ClassLoader loader;

  /** Compiles all homework at once, each with a grader of its own, in a package of its own. */
  @BeforeAll
  void compile() throws IOException {
    Map<String, String> sources = new HashMap<>();
    add(sources, "solution", SOLUTIONS, 0);
    add(sources, "handout", HANDOUT, 0);
    add(sources, "round1", SOLUTIONS, 1);
    add(sources, "round2", SOLUTIONS, 2);
    loader = Program.loader(sources);
  }

  @Test
  void aSolutionHasAllPoints() throws Exception {
    assertThat(graded("solution")).hasSize(12).last().isEqualTo("all,40,40,,");
  }

  @Test
  void aHoleIsNotDoneYetAndNoError() throws Exception {
    List<String> lines = graded("handout");
    assertThat(lines).last().isEqualTo("all,0,40,,");
    assertThat(lines.subList(1, 11)).allMatch(line -> line.endsWith(",not done yet,\"\""));
    assertThat(Files.readString(HOMEWORK.resolve("README.md")))
        .contains(String.join("\n", lines.subList(0, 3)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aMistakeIsNamed(int round) throws Exception {
    List<String> lines = graded("round" + round);
    for (Mistake mistake : MISTAKES.stream().filter(m -> m.round == round).toList()) {
      assertThat(lines)
          .anySatisfy(line -> assertThat(line).startsWith(mistake.grade).contains(mistake.said));
    }
  }

  @Test
  void theReadmeShowsWhatTheGraderSays() throws Exception {
    String softmax =
        graded("round1").stream()
            .filter(line -> line.startsWith("SOFTMAX"))
            .findFirst()
            .orElseThrow();
    assertThat(Files.readString(HOMEWORK.resolve("README.md")))
        .contains("SOFTMAX: " + softmax.substring(softmax.indexOf('"') + 1, softmax.length() - 1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Pullbacks.java", "Norms.java"})
  void whatIsHandedOutIsTheSolutionWithHoles(String file) throws IOException {
    List<String> solution = Files.readAllLines(SOLUTIONS.resolve(file));
    int next = 0;
    for (String line : Files.readAllLines(HANDOUT.resolve(file))) {
      if (!line.equals("      throw new Hole();")) {
        int found = solution.subList(next, solution.size()).indexOf(line);
        assertThat(found).as(line).isNotNegative();
        next += found + 1;
      }
    }
  }

  @Test
  void thePomNamesTheVersionsOfThisBuild() throws IOException {
    String ours = Files.readString(Path.of("../pom.xml"));
    String pom = Files.readString(HOMEWORK.resolve("pom.xml"));
    for (String name : List.of("version", "junit.version")) {
      String version = ours.replaceAll("(?s).*?<" + name + ">([^<]*)<.*", "$1");
      assertThat(pom).contains(".version>" + version + "<");
    }
  }

  /**
   * Returns the lines of the grader's file.
   *
   * @param variant the package that this homework was compiled in
   */
  private List<String> graded(String variant) throws ReflectiveOperationException {
    Class<?> exercise = loader.loadClass(variant + ".Exercise");
    Method grade = loader.loadClass(variant + ".Grading").getDeclaredMethod("grade", exercise);
    Method csv = loader.loadClass(variant + ".Grade").getDeclaredMethod("csv", List.class);
    grade.setAccessible(true);
    csv.setAccessible(true);
    List<Object> grades = new ArrayList<>();
    for (Object each : exercise.getEnumConstants()) {
      grades.add(grade.invoke(null, each));
    }
    return ((String) csv.invoke(null, grades)).lines().toList();
  }

  private static void add(Map<String, String> sources, String variant, Path solutions, int round)
      throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> grader = Files.list(HOMEWORK.resolve("src/test/java/homework"))) {
      grader.forEach(files::add);
    }
    files.add(HANDOUT.resolve("Hole.java"));
    files.add(solutions.resolve("Pullbacks.java"));
    files.add(solutions.resolve("Norms.java"));
    for (Path file : files) {
      String source = Files.readString(file);
      for (Mistake mistake : MISTAKES) {
        if (mistake.round == round && file.startsWith(solutions)) {
          source = source.replace(mistake.right, mistake.wrong);
        }
      }
      sources.put(
          variant + "." + file.getFileName().toString().replace(".java", ""),
          source
              .replace("package homework;", "package %s;".formatted(variant))
              .replace("import homework.", "import %s.".formatted(variant)));
    }
  }
}
