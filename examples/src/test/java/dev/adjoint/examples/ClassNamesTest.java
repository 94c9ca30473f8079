package dev.adjoint.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.examples.names.Alphabet;
import dev.adjoint.examples.names.CharacterModel;
import dev.adjoint.examples.names.HiddenNorm;
import dev.adjoint.examples.names.Names;
import dev.adjoint.examples.names.Windows;
import dev.adjoint.optim.AdamW;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.training.data.Batch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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

  private Program program;

  @BeforeEach
  void setUp() throws IOException {
    program = new Program("class-names", "--report", directory.resolve("report.html").toString());
    Files.write(directory.resolve("fruit.txt"), FRUIT);
  }

  @ParameterizedTest
  @EnumSource
  void everyNormLearns(HiddenNorm norm) {
    Alphabet alphabet = Alphabet.of(new Names("fruit", FRUIT, FRUIT));
    Batch<IntTensor, IntTensor> all = new Windows(FRUIT, alphabet, CharacterModel.CONTEXT).all();
    CharacterModel model = new CharacterModel(alphabet.size(), norm, Generator.seeded(1));
    AdamW adam = new AdamW(model.namedParameters());
    adam.learningRate(0.02);
    double before = model.loss(all).item();
    for (int step = 0; step < 40; step++) {
      adam.step(model.loss(all).backward());
    }
    assertThat(before).isGreaterThan(2);
    assertThat(model.inEval(() -> model.loss(all)).item()).isLessThan(0.5);
  }

  @Test
  void theNormIsChosenByName() {
    String file = directory.resolve("fruit.txt").toString();
    assertThat(program.run("--data", file, "--epochs", "2", "--norm", "layer")).isZero();
    assertThat(program.out()).contains("epoch 2/2  loss ");
    assertThat(program.run("--data", file, "--norm", "what")).isEqualTo(2);
    assertThat(program.err()).contains("--norm", "'what'", "COSINE");
  }

  @Test
  void twoNamesAndOneStepAreEnough() throws IOException {
    Path two = Files.write(directory.resolve("two.txt"), List.of("anna", "bob"));
    assertThat(program.run("--data", two.toString(), "--epochs", "1")).isZero();
    assertThat(program.err()).isEmpty();
    assertThat(program.out()).contains("1 to learn from, 1 to be judged by", ", 1 steps of");
  }

  @Test
  void aFileOfOnesOwnIsLearned() {
    int exit = program.run("--data", directory.resolve("fruit.txt").toString(), "--epochs", "10");
    assertThat(program.err()).isEmpty();
    assertThat(exit).isZero();
    assertThat(program.out())
        .contains("9 to learn from, 1 to be judged by")
        .contains("unigram", "bigram", "trigram", "model");
    assertThat(program.out().substring(program.out().indexOf("Invented:")).lines()).hasSize(22);
    assertThat(program.out().lines().map(String::strip)).doesNotContainAnyElementsOf(FRUIT);
  }

  @Test
  void theSameSeedInventsTheSameNames() {
    String[] args = {
      "--data", directory.resolve("fruit.txt").toString(), "--epochs", "5", "--seed"
    };
    program.run(args[0], args[1], args[2], args[3], args[4], "3");
    String first = program.out().substring(program.out().indexOf("Invented:"));
    program.run(args[0], args[1], args[2], args[3], args[4], "3");
    assertThat(program.out()).endsWith(first);
    program.run(args[0], args[1], args[2], args[3], args[4], "4");
    assertThat(program.out()).doesNotEndWith(first);
  }

  @Test
  void aFileOfNoUseGivesOneLineAndExitCode2() {
    Path missing = directory.resolve("missing.txt");
    assertThat(program.run("--data", missing.toString())).isEqualTo(2);
    assertThat(program.err()).isEqualTo("class-names: %s: no such file%n", missing);
    assertThat(program.out()).isEmpty();
  }

  @Test
  void anArgumentOfNoUseGivesExitCode2() {
    assertThat(program.run("--epochs", "0")).isEqualTo(2);
    assertThat(program.run("--seed", "x")).isEqualTo(2);
    assertThat(program.run("--what")).isEqualTo(2);
    assertThat(program.err())
        .contains("class-names: --epochs 0: expected at least 1", "--seed", "--what");
  }
}
