package dev.adjoint.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.adjoint.examples.text.Corpus;
import dev.adjoint.examples.text.Pieces;
import dev.adjoint.examples.text.Stretches;
import dev.adjoint.examples.text.TextModel;
import dev.adjoint.optim.AdamW;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextTest {

  @TempDir private Path directory;

  private final Program program = new Program("text");

  private Path file() throws IOException {
    return Files.writeString(directory.resolve("rhyme.txt"), "The rain in Spain. ".repeat(120));
  }

  @Test
  void aTextOfOnesOwnIsLearnedTheSameWayForTheSameSeed() throws IOException {
    String[] args = {"--data", file().toString(), "--steps", "4", "--length", "12", "--seed", "3"};
    assertThat(program.run(args)).isZero();
    assertThat(program.err()).isEmpty();
    assertThat(program.out())
        .contains(
            "2,052 characters to learn from, 228 to be judged by, 11 different ones; with frequent"
                + " words 16 pieces")
        .contains("counted after 0 before it", "transformer", "Written:");
    String first = program.out().substring(program.out().indexOf("transformer"));
    program.run(args);
    assertThat(program.out()).endsWith(first);
    args[7] = "4";
    program.run(args);
    assertThat(program.out()).doesNotEndWith(first);
  }

  @Test
  void theModelLearnsWhatComesNextAndWritesIt() {
    int[] codes = IntStream.range(0, 300).map(i -> i % 7).toArray();
    Batch<IntTensor, IntTensor> all = new Stretches(codes, 20, 40).all();
    Generator generator = Generator.seeded(2);
    TextModel model = new TextModel(7, generator);
    AdamW adam = new AdamW(model.namedParameters());
    adam.learningRate(5e-3);
    for (int step = 0; step < 40; step++) {
      adam.step(model.loss(all).backward());
    }
    assertThat(model.inEval(() -> model.loss(all)).item()).isLessThan(0.1);
    assertThat(model.continued(new int[] {3, 4, 5}, 8, generator))
        .containsExactly(3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6);
    assertThat(model.isTraining()).isTrue();
  }

  @Test
  void frequentWordsArePiecesAndOthersAreMadeOfCharacters() {
    String text = "a tensor, the tensor and no matrix";
    Pieces pieces = Pieces.of(text, 2);
    int[] codes = pieces.encode(text);
    assertThat(pieces.decode(codes)).isEqualTo(text);
    assertThat(pieces.encode(" tensor tensor")).hasSize(2);
    assertThat(pieces.encode(" matrix")).hasSize(7);
  }

  @Test
  void noPositionSeesWhatComesLater() {
    TextModel model = new TextModel(5, Generator.seeded(4));
    model.eval();
    IntTensor text = IntTensor.of(new int[] {0, 1, 2, 3, 4, 0}, 1, 6);
    IntTensor other = IntTensor.of(new int[] {0, 1, 2, 4, 1, 3}, 1, 6);
    Tensor scores = model.forward(text);
    Tensor otherScores = model.forward(other);
    assertThat(otherScores.slice(0, 0, 3).toFloatArray())
        .isEqualTo(scores.slice(0, 0, 3).toFloatArray());
    assertThat(otherScores.select(0, 3).toFloatArray())
        .isNotEqualTo(scores.select(0, 3).toFloatArray());
  }

  @Test
  void theTargetsAreTheNextCharacters() {
    Batch<IntTensor, IntTensor> batch = new Stretches(new int[] {5, 6, 7, 8, 9, 10}, 3, 2).all();
    assertThat(batch.inputs()).isEqualTo(IntTensor.of(new int[][] {{5, 6, 7}, {7, 8, 9}}));
    assertThat(batch.targets()).isEqualTo(IntTensor.of(6, 7, 8, 8, 9, 10));
    assertThat(batch.size()).isEqualTo(6);
  }

  @Test
  void theDocumentationIsFoundFromInsideTheProject() throws IOException {
    Corpus corpus = Corpus.ofDocumentation(Path.of(""));
    String all = corpus.training() + corpus.validation();
    assertThat(all).contains("Returns the title.\n").doesNotContain("@", "{", "\t");
    assertThat(all.lines()).hasSizeGreaterThan(1000).allMatch(line -> line.endsWith("."));
    assertThat(corpus.validation().length())
        .isBetween(corpus.training().length() / 10, corpus.training().length() / 8);
    assertThatExceptionOfType(Corpus.UnusableTextException.class)
        .isThrownBy(() -> Corpus.ofDocumentation(directory))
        .withMessage(
            directory
                + ": no ARCHITECTURE.md here or above; expected to be run inside the project, or"
                + " --data FILE");
  }

  @Test
  void aFileOfNoUseGivesOneLineAndExitCode2() throws IOException {
    Path file = directory.resolve("x.txt");
    assertThat(program.run("--data", file.toString())).isEqualTo(2);
    Files.writeString(file, "short");
    assertThat(program.run("--data", file.toString())).isEqualTo(2);
    Files.write(file, new byte[] {(byte) 0xff, 0});
    assertThat(program.run("--data", file.toString())).isEqualTo(2);
    assertThat(program.run("--data", directory.toString())).isEqualTo(2);
    assertThat(program.run("--steps", "0")).isEqualTo(2);
    assertThat(program.err().lines())
        .containsExactly(
            "text: " + file + ": no such file",
            "text: " + file + ": has 5 characters; expected at least 1000",
            "text: " + file + ": is not text in UTF-8",
            "text: " + directory + ": is not a file",
            "text: --steps 0: expected at least 1 and at most 1,000,000");
    assertThat(program.out()).isEmpty();
  }
}
