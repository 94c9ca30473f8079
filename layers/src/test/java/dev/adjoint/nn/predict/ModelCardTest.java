package dev.adjoint.nn.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.io.Safetensors;
import dev.adjoint.io.SealedFile;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.Linear;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCardTest {

  @TempDir private Path directory;

  private final Predictor predictor = Predictor.of(new Linear(3, 2, Generator.seeded(1)));
  private final ModelCard card =
      new ModelCard()
          .data("2,000 customers, 400 held back: those of May")
          .metrics(Map.of("validation accuracy", 0.945))
          .metric("loss", 1e-7)
          .seed(7)
          .date(LocalDate.of(2026, 11, 28))
          .fact("license", "for this house only");

  private Path file() {
    return directory.resolve("model.safetensors");
  }

  @Test
  void aCardIsReadBackAndShown() throws IOException {
    predictor.card(card).save(file());
    ModelCard read = Predictor.load(file()).card();
    assertThat(read.toString())
        .startsWith(
            """
            data: 2,000 customers, 400 held back: those of May
            metric validation accuracy: 0.945
            metric loss: 1.0E-7
            seed: 7
            date: 2026-11-28
            license: for this house only
            library: Adjoint\
            """);
    assertThat(read.metrics()).isEqualTo(Map.of("validation accuracy", 0.945, "loss", 1e-7));
    assertThat(read.get("seed")).contains("7");
    assertThat(read.get("color")).isEmpty();
    assertThat(Safetensors.metadata(file())).containsEntry("model card", read.toString());
    // A card keeps the library that has made the model, and the same model is the same file.
    byte[] bytes = Files.readAllBytes(file());
    Predictor.load(file()).card(read.fact("seed", "7")).save(file());
    assertThat(Files.readAllBytes(file())).isEqualTo(bytes);
    assertThat(predictor.card(card.fact("library", "Adjoint 0.0.1")).card().get("library"))
        .contains("Adjoint 0.0.1");
  }

  @Test
  void aCardIsReadWithoutTheWeights() throws IOException {
    predictor.card(card).save(file());
    byte[] bytes = Files.readAllBytes(file());
    bytes[bytes.length - 1] ^= 1; // of a weight
    Files.write(file(), bytes);
    assertThat(ModelCard.of(file()).get("license")).contains("for this house only");
    assertThatExceptionOfType(TensorFormatException.class).isThrownBy(() -> Predictor.load(file()));
  }

  @Test
  void whatIsNoLineIsRefused() throws IOException {
    for (String wrong : new String[] {"", "two\nlines", " space", "\u001b[31mred"}) {
      assertThatIllegalArgumentException().isThrownBy(() -> card.fact("name", wrong));
      assertThatIllegalArgumentException().isThrownBy(() -> card.fact(wrong, "text"));
    }
    assertThatIllegalArgumentException().isThrownBy(() -> card.fact("a:b", "text"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.metadata("model card", "no card"))
        .withMessage("model card: 'no card'; expected lines of 'name: text', each name once");
    new SealedFile(Map.of("w", Tensor.of(1f)), Map.of("model card", "a: b\na: c")).save(file());
    assertThatExceptionOfType(TensorFormatException.class)
        .isThrownBy(() -> ModelCard.of(file()))
        .withMessageContaining("no model card: model card: 'a: c'");
  }

  /** The file was written by the version before there were cards, temperatures and inputs. */
  @Test
  void aFileOfTheFirstVersionIsLoadedAndSavedAsTheSameBytes() throws IOException {
    byte[] bytes;
    try (var in = ModelCardTest.class.getResourceAsStream("/predictor/first.safetensors")) {
      bytes = in.readAllBytes();
    }
    Files.write(file(), bytes);
    Predictor first = Predictor.load(file());
    assertThat(first.card().facts()).isEmpty();
    assertThat(ModelCard.of(file()).facts()).isEmpty();
    assertThat(first.temperature()).isEqualTo(1);
    double[] probabilities = first.probabilities(Map.of("months", 7, "contract", "yearly"));
    assertThat(Arrays.toString(probabilities))
        .isEqualTo("[0.35473576188087463, 0.645264208316803]");
    first.save(file());
    assertThat(Files.readAllBytes(file())).isEqualTo(bytes);
  }
}
