package dev.adjoint.nn.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.io.Safetensors;
import dev.adjoint.io.SealedFile;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Weight;
import dev.adjoint.nn.norm.Imputation;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.CharBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Asks predictors about examples by name, as a service does. */
class ColumnsTest {

  private static final Columns CUSTOMER =
      new Columns()
          .numeric("tenure")
          .category("region", "north", "south")
          .ignoreUnknown()
          .missing(Double.NaN)
          .numeric("charges")
          .category("payment", "card", "bank")
          .missing(0, "", "?")
          .category("contract", "monthly", "one year", "two years");

  @TempDir private Path directory;

  private Path file() {
    return directory.resolve("new").resolve("directories").resolve("model.safetensors");
  }

  /** Returns a model whose outputs are {@code tenure} and {@code 10 * "one year"}. */
  private static Predictor predictor() {
    Tensor weight =
        Tensor.of(new float[][] {{1, 0, 0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 10, 0}});
    Tensor train = Tensor.of(new float[][] {{4, 0, 0, 0, 0, 0, 0, 0, 0}});
    return Predictor.of(
            new Sequential(Imputation.fit(train), new Linear(Weight.constant(weight), null)))
        .columns(CUSTOMER)
        .labels("leaves", "stays");
  }

  private static Map<String, Object> customer() {
    Map<String, Object> example = new HashMap<>();
    example.put("tenure", 7);
    example.put("charges", "12.5");
    example.put("contract", "one year");
    example.put("region", "south");
    return example;
  }

  @Test
  void anExampleByNameBecomesARow() {
    assertThat(CUSTOMER.features())
        .containsExactly(
            "tenure",
            "region=north",
            "region=south",
            "charges",
            "payment=card",
            "payment=bank",
            "contract=monthly",
            "contract=one year",
            "contract=two years");
    assertThat(CUSTOMER.row(customer())).containsExactly(7, 0, 1, 12.5, 0, 0, 0, 1, 0);
    Map<String, Object> other = customer();
    other.put("tenure", null);
    other.put("charges", "?");
    other.put("payment", CharBuffer.wrap("bank"));
    other.put("region", "Mars");
    assertThat(CUSTOMER.row(other)).containsExactly(Double.NaN, 0, 0, 0, 0, 1, 0, 1, 0);
    other.put("tenure", new BigDecimal("1.5"));
    other.put("charges", Double.NaN);
    assertThat(CUSTOMER.row(other)).startsWith(1.5, 0, 0, 0);
  }

  @Test
  void allThatIsNotKnownIsNamed() {
    Predictor predictor = predictor();
    Map<String, Object> example = customer();
    example.put("contract", "one yer");
    example.put("tenure", "7 months");
    example.put("charges", 1 / 0.0);
    example.put("kontract", "one year");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.classify(example))
        .withMessage(
            "classify: 'tenure' is '7 months'; expected a finite number; 'charges' is 'Infinity';"
                + " expected a finite number; 'contract' is 'one yer'; expected one of ['monthly',"
                + " 'one year', 'two years']; unknown columns ['kontract']; expected"
                + " some of ['tenure', 'region', 'charges', 'payment', 'contract']");
    example.remove("contract");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.classify(example))
        .withMessageContaining("; there is no 'contract'; unknown columns ['kontract'];");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.predict(Map.of("contract", "\u001b[1m" + "a".repeat(999))))
        .withMessageStartingWith(
            "predict: 'contract' is '\\u001b[1m%s...'; expected".formatted("a".repeat(96)));
    for (String text : new String[] {"NaN", "Infinity", "1f", "0x1p3", "1,5", ".", "1e", "--1"}) {
      assertThatIllegalArgumentException()
          .as(text)
          .isThrownBy(() -> new Columns().numeric("a").row(Map.of("a", text)));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Columns().numeric("a").row(Map.of("a", Double.NaN)))
        .withMessage("columns: 'a' is 'NaN'; expected a finite number");
    assertThatIllegalStateException()
        .isThrownBy(() ->
            Predictor.of(new Linear(Weight.constant(Tensor.of(1f).reshape(1, 1)), null))
                .predict(Map.of("a", 1)))
        .withMessage(
            "predict: this predictor has no columns; expected columns(...) or features(...) before"
                + " it was saved");
  }

  @Test
  void columnsAndMetadataAreInTheFile() throws IOException {
    Predictor saved = predictor().metadata("version", "3").metadata("accuracy", "0.93\n(held)");
    saved.save(file());
    byte[] bytes = Files.readAllBytes(file());
    Predictor loaded = Predictor.load(file());
    assertThat(loaded.columns().list()).isEqualTo(CUSTOMER.list());
    assertThat(loaded.features()).isEqualTo(CUSTOMER.features());
    assertThat(loaded.metadata())
        .containsExactly(Map.entry("version", "3"), Map.entry("accuracy", "0.93\n(held)"));
    assertThat(loaded.classify(customer())).isEqualTo("stays");
    assertThat(loaded.predict(customer())).containsExactly(7, 10);
    Map<String, Object> unknown = customer();
    unknown.remove("tenure"); // the median of the training data is 4
    assertThat(loaded.predict(unknown)).containsExactly(4, 10);
    assertThat(loaded.probabilities(unknown)[1]).isCloseTo(1 / (1 + Math.exp(-6)), within(1e-6));
    assertThat(Safetensors.metadata(file()))
        .containsEntry("version", "3")
        .containsEntry(
            "adjoint.columns",
            """
            numeric tenure
              missing NaN
              marker\040
            category region
              value north
              value south
              unknown ignored
              missing NaN
              marker\040
            numeric charges
              missing 0.0
              marker\040
              marker ?
            category payment
              value card
              value bank
              missing 0.0
              marker\040
              marker ?
            category contract
              value monthly
              value one year
              value two years
            """);
    loaded.save(file());
    assertThat(Files.readAllBytes(file())).isEqualTo(bytes);
  }

  @Test
  void namedFeaturesAreColumnsOfNumbers() {
    Linear sum = new Linear(Weight.constant(Tensor.of(new float[][] {{1, 10}})), null);
    Predictor predictor = Predictor.of(sum).features("a", "b");
    assertThat(predictor.predict(Map.of("b", 2, "a", 3))).containsExactly(23);
    assertThat(predictor.predict(3, 2)).containsExactly(23);
  }

  @Test
  void noLabelIsGivenForWhatIsNoNumber() throws IOException {
    Predictor plain =
        Predictor.of(new Linear(Weight.constant(Tensor.of(new double[][] {{1, 1}, {1, -1}})), null))
            .labels("no", "yes");
    assertThat(plain.classify(1, -1)).isEqualTo("yes");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> plain.classify(Double.NaN, 1))
        .withMessage("classify: example 0 has the outputs [NaN, NaN]; expected finite numbers");
    Predictor named = plain.features("age", "income");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> named.classify(Tensor.of(new double[][] {{1, 1}, {2, 1 / 0.0}})))
        .withMessage(
            "classify: example 1 has the outputs [Infinity, -Infinity] where income is Infinity;"
                + " expected finite numbers");
    // Numbers tell by themselves.
    assertThat(named.predict(Double.NaN, 1)).containsExactly(Double.NaN, Double.NaN);
    assertThat(named.probabilities(Double.NaN, 1)).containsExactly(Double.NaN, Double.NaN);
  }

  @Test
  void whatCannotBeToldApartOrWrittenIsRefused() {
    Predictor predictor = predictor();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.labels("a", "b", "a"))
        .withMessage("labels: 'a' is there twice; expected each once");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.features("a", "a"))
        .withMessage("columns: 'a' is there twice; expected each once");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Columns().category("a", "x", "x"))
        .withMessage("category: column 'a': 'x' is there twice; expected each once");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Columns().category("a", "x\ny"))
        .withMessageContaining("expected a text on one line");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.columns(new Columns().category("color")))
        .withMessage(
            "columns: 'color' has no categories yet; expected the columns of the schema of a table"
                + " that was read");
    for (String name : List.of("", "sha256", "adjoint.labels")) {
      assertThatIllegalArgumentException().isThrownBy(() -> predictor.metadata(name, "x"));
    }
  }

  @Test
  void textsOfColumnsThatNobodyHasWrittenSoAreRefused() throws IOException {
    predictor().save(file());
    SealedFile whole = SealedFile.load(file());
    String good = whole.metadata().get("adjoint.columns");
    for (String text :
        List.of(
            "numeric a\n",
            good.replace("tenure", "time"),
            good.replace("numeric", "number"),
            good.replace("missing NaN", "missing 1e"),
            good.replace("missing 0.0", "missing 0"),
            good.replace("value card", "value"),
            good.replace("value card", "value bank"),
            good.replace("unknown ignored", "unknown refused"),
            good.replaceFirst("numeric ", "  "),
            good + good,
            good.replaceFirst("\n$", ""))) {
      Map<String, String> texts = new LinkedHashMap<>(whole.metadata());
      texts.put("adjoint.columns", text);
      new SealedFile(whole.tensors(), texts).save(file());
      assertThatExceptionOfType(TensorFormatException.class)
          .as(text)
          .isThrownBy(() -> Predictor.load(file()))
          .withMessageContaining("no predictor: ");
    }
    Map<String, String> texts = new LinkedHashMap<>(whole.metadata());
    texts.put("adjoint.clipping", "1");
    new SealedFile(whole.tensors(), texts).save(file());
    assertThatExceptionOfType(TensorFormatException.class)
        .isThrownBy(() -> Predictor.load(file()))
        .withMessageEndingWith("the text 'adjoint.clipping', of a later version; expected none");
  }

  @Test
  void aFileOfTheFirstVersionHasFeaturesOnly() throws IOException {
    predictor().features("a", "b", "c", "d", "e", "f", "g", "h", "i").save(file());
    SealedFile whole = SealedFile.load(file());
    Map<String, String> texts = new LinkedHashMap<>(whole.metadata());
    texts.remove("adjoint.columns");
    new SealedFile(whole.tensors(), texts).save(file());
    Predictor loaded = Predictor.load(file());
    assertThat(loaded.features()).hasSize(9).startsWith("a", "b");
    assertThat(loaded.columns().list())
        .first()
        .isEqualTo(new Column.Numeric("a", Column.Missing.NEVER));
  }
}
