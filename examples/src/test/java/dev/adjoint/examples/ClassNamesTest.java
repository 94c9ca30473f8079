package dev.adjoint.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.examples.names.Alphabet;
import dev.adjoint.examples.names.CharacterModel;
import dev.adjoint.examples.names.Names;
import dev.adjoint.examples.names.Training;
import dev.adjoint.examples.names.Windows;
import dev.adjoint.tensor.Generator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassNamesTest {

  private static final List<String> FRUIT =
      List.of(
          "apple",
          "apricot",
          "cherry",
          "grape",
          "grapefruit",
          "lemon",
          "lime",
          "mango",
          "melon",
          "plum");

  @TempDir private Path directory;

  private final StringWriter err = new StringWriter();
  private ByteArrayOutputStream out = new ByteArrayOutputStream();

  @BeforeEach
  void setUp() throws IOException {
    Files.write(directory.resolve("fruit.txt"), FRUIT);
  }

  private int run(String... args) {
    out = new ByteArrayOutputStream();
    PrintStream printed = new PrintStream(out, true, StandardCharsets.UTF_8);
    return Examples.commandLine(printed, false)
        .setErr(new PrintWriter(err, true))
        .execute(Stream.concat(Stream.of("class-names"), Stream.of(args)).toArray(String[]::new));
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void trainingLowersTheLoss() {
    Names names = new Names("fruit", FRUIT, FRUIT);
    Alphabet alphabet = Alphabet.of(names);
    Windows windows = new Windows(FRUIT, alphabet, CharacterModel.CONTEXT);
    CharacterModel model = new CharacterModel(alphabet.size(), Generator.seeded(1));
    double before = model.crossEntropy(windows);
    Training training = new Training(model, windows, Generator.seeded(2));
    for (int step = 0; step < 60; step++) {
      training.step(step / 60.0);
    }
    assertThat(before).isGreaterThan(2);
    assertThat(model.crossEntropy(windows)).isLessThan(0.5);
  }

  @Test
  void aFileOfOnesOwnIsLearned() {
    int exit = run("--data", directory.resolve("fruit.txt").toString(), "--steps", "10");
    assertThat(err.toString()).isEmpty();
    assertThat(exit).isZero();
    assertThat(out())
        .contains("9 to learn from, 1 to be judged by")
        .contains("unigram", "bigram", "trigram", "model");
    assertThat(out().substring(out().indexOf("Invented:")).lines()).hasSize(21);
    assertThat(out().lines().map(String::strip)).doesNotContainAnyElementsOf(FRUIT);
  }

  @Test
  void theSameSeedInventsTheSameNames() {
    String[] args = {"--data", directory.resolve("fruit.txt").toString(), "--steps", "5", "--seed"};
    run(args[0], args[1], args[2], args[3], args[4], "3");
    String first = out().substring(out().indexOf("Invented:"));
    run(args[0], args[1], args[2], args[3], args[4], "3");
    assertThat(out()).endsWith(first);
    run(args[0], args[1], args[2], args[3], args[4], "4");
    assertThat(out()).doesNotEndWith(first);
  }

  @Test
  void aFileOfNoUseGivesOneLineAndExitCode2() {
    Path missing = directory.resolve("missing.txt");
    assertThat(run("--data", missing.toString())).isEqualTo(2);
    assertThat(err.toString()).isEqualTo("class-names: %s: no such file%n", missing);
    assertThat(out()).isEmpty();
  }

  @Test
  void anArgumentOfNoUseGivesExitCode2() {
    assertThat(run("--steps", "0")).isEqualTo(2);
    assertThat(run("--seed", "x")).isEqualTo(2);
    assertThat(run("--what")).isEqualTo(2);
    assertThat(err.toString())
        .contains("class-names: --steps 0: expected at least 1", "--seed", "--what");
  }
}
