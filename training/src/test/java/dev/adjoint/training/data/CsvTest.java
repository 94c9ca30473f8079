package dev.adjoint.training.data;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.nn.predict.Columns;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvTest {

  private static final String FRUIT =
      """
      name,weight,color,size,kind
      Boskoop,180,red,5.5,apple
      Williams,2.1e2,green,.5,pear
      "Granny ""Smith"", large", 190 ,green,-6.,apple
      """;

  private static final Schema<IntTensor> KIND =
      Schema.label("kind").numeric("size", "weight").category("color");

  @TempDir private Path directory;

  private Path file(String text, Charset charset) throws IOException {
    return Files.write(directory.resolve("fruit.csv"), text.getBytes(charset));
  }

  private <Y> Table<Y> read(String text, Schema<Y> schema) throws IOException {
    return Csv.read(file(text, UTF_8), schema);
  }

  private void assertRefused(String text, Schema<?> schema, String message) throws IOException {
    Path file = file(text, UTF_8);
    assertThatThrownBy(() -> Csv.read(file, schema))
        .isInstanceOf(DataFormatException.class)
        .hasMessage(file + message);
  }

  @Test
  void aSchemaTurnsColumnsIntoFeaturesAndClasses() throws IOException {
    Table<IntTensor> fruit = read(FRUIT, KIND);
    assertThat(fruit.features()).containsExactly("size", "weight", "color=green", "color=red");
    assertThat(fruit.labels()).containsExactly("apple", "pear");
    Batch<Tensor, IntTensor> all = fruit.dataset().all();
    assertThat(all.inputs())
        .hasSameBitsAs(
            Tensor.of(new float[][] {{5.5f, 180, 0, 1}, {0.5f, 210, 1, 0}, {-6, 190, 1, 0}}));
    assertThat(all.targets()).isEqualTo(IntTensor.of(0, 1, 0));
  }

  @Test
  void numbersCanBeTargets() throws IOException {
    Table<Tensor> fruit = read(FRUIT, Schema.target("weight", "size").category("color"));
    assertThat(fruit.labels()).containsExactly("weight", "size");
    assertThat(fruit.dataset().all().targets())
        .hasSameBitsAs(Tensor.of(new float[][] {{180, 5.5f}, {210, 0.5f}, {190, -6}}));
    assertThat(fruit.dataset().all().inputs()).hasShape(3, 2);
  }

  @Test
  void categoriesThatAreGivenKeepTheirOrder() throws IOException {
    Table<IntTensor> fruit =
        read(
            FRUIT, Schema.label("kind", "pear", "plum", "apple").category("color", "red", "green"));
    assertThat(fruit.labels()).containsExactly("pear", "plum", "apple");
    assertThat(fruit.features()).containsExactly("color=red", "color=green");
    assertThat(fruit.dataset().all().targets()).isEqualTo(IntTensor.of(2, 0, 2));
    assertThat(fruit.dataset().all().inputs())
        .isCloseTo(Tensor.of(new float[][] {{1, 0}, {0, 1}, {0, 1}}));
  }

  @Test
  void theSchemaOfATableReadsAnotherFileTheSameWay() throws IOException {
    Schema<IntTensor> seen = read(FRUIT, KIND).schema();
    Table<IntTensor> other = read("kind,color,weight,size\npear,red,1,2\n", seen);
    assertThat(other.labels()).containsExactly("apple", "pear");
    assertThat(other.dataset().all().targets()).isEqualTo(IntTensor.of(1));
    assertThat(other.dataset().all().inputs()).isCloseTo(Tensor.of(new float[][] {{2, 1, 0, 1}}));
    assertRefused(
        "kind,color,weight,size\npear,red,1,2\npear,blue,1,2\n",
        seen,
        ", line 3: column 'color' is 'blue'; expected one of [green, red]");
  }

  @Test
  void missingValuesAreRefusedUnlessTheSchemaSaysWhatToTake() throws IOException {
    String text = "x,color,y\n1,red,1\n,?,2\n?,,3\n";
    Schema<Tensor> schema = Schema.target("y").numeric("x").category("color");
    assertRefused(
        text,
        schema,
        ", line 3: column 'x' is ''; expected a number, or Schema.missing for a feature");
    assertThat(read(text, schema.missing(-1, "", "?")).dataset().all().inputs())
        .isCloseTo(Tensor.of(new float[][] {{1, 1}, {-1, 0}, {-1, 0}}));
    assertThat(read(text, schema.missing(Double.NaN, "", "?")).dataset().all().inputs().get(1, 0))
        .isNaN();
    assertRefused(
        text,
        schema.missing(0),
        ", line 4: column 'x' is '?'; expected a number, or Schema.missing for a feature");
    assertRefused(
        "x,y\n1,\n",
        Schema.target("y").numeric("x").missing(0),
        ", line 2: column 'y' is ''; expected a number, or Schema.missing for a feature");
    assertRefused(
        "x,y\n1, \n",
        Schema.label("y").numeric("x").missing(0),
        ", line 2: column 'y' is ''; expected a category");
  }

  @Test
  void whatIsTakenForAMissingValueIsSaidForTheColumnsBefore() throws IOException {
    Schema<Tensor> schema =
        Schema.target("y").numeric("a").missing(-1).numeric("b").category("c").missing(7, "?");
    assertThat(read("a,b,c,y\n,?,?,1\n2,3,x,1\n", schema).dataset().all().inputs())
        .isCloseTo(Tensor.of(new float[][] {{-1, 7, 0}, {2, 3, 1}}));
    assertRefused(
        "a,b,c,y\n?,1,x,1\n",
        schema,
        ", line 2: column 'a' is '?'; expected a number, or Schema.missing for a feature");
    assertRefused(
        "a,b,c,y\n1,,x,1\n",
        schema,
        ", line 2: column 'b' is ''; expected a number, or Schema.missing for a feature");
    assertThatThrownBy(() -> Schema.target("y").missing(0).numeric("a"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("missing: there is no column before it that it could be about");
    assertThatThrownBy(() -> Schema.target("y").numeric("a").missing(0).missing(1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void categoriesThatAreNotKnownAreNoneOfThemIfTheSchemaSaysSo() throws IOException {
    Schema<Tensor> schema = Schema.target("y").category("c").ignoreUnknown();
    Schema<Tensor> seen = read("c,y\nblue,1\nred,2\n", schema).schema();
    assertThat(read("c,y\nlilac,1\nred,2\n", seen).dataset().all().inputs())
        .isCloseTo(Tensor.of(new float[][] {{0, 0}, {0, 1}}));
  }

  @Test
  void theColumnsOfATableMakeTheSameRowsOfExamplesByName() throws IOException {
    Table<IntTensor> fruit = read(FRUIT, KIND.missing(Double.NaN, "", "?"));
    Columns columns = fruit.schema().columns();
    assertThat(columns.features()).isEqualTo(fruit.features());
    assertThat(columns.row(Map.of("weight", "2.1e2", "size", .5, "color", " green ")))
        .containsExactly(fruit.dataset().all().inputs().select(0, 1).toDoubleArray());
    assertThat(columns.row(Map.of("weight", "?", "size", Double.NaN)))
        .containsExactly(Double.NaN, Double.NaN, 0, 0);
  }

  @Test
  void idsThatFloat32WouldMergeAreRefused() throws IOException {
    Schema<Tensor> schema = Schema.target("y").numeric("id");
    assertThat(read("id,y\n16777216,1\n-33554436,2\n", schema).dataset().all().inputs())
        .hasSameBitsAs(Tensor.of(new float[][] {{16777216}, {-33554436}}));
    assertThat(read("id,y\n16777217.0,1\n00016777216,2\n", schema).dataset().all().inputs())
        .hasSameBitsAs(Tensor.of(new float[][] {{16777216}, {16777216}}));
    assertRefused(
        "id,y\n16777216,1\n16777217,1\n",
        schema,
        ", line 3: column 'id' is '16777217', which float32 would round to 16777216; expected a"
            + " category if it is an id, a smaller number, or one with a decimal point, which may"
            + " be rounded");
  }

  @Test
  void classesThatAreNumbersAreInTheOrderOfTheirValues() throws IOException {
    String text = "x,y\n1,10\n1,2\n1,1\n1,12\n";
    assertThat(read(text, Schema.label("y").numeric("x")).labels())
        .containsExactly("1", "2", "10", "12");
    assertThat(read(text + "1,a\n", Schema.label("y").numeric("x")).labels())
        .containsExactly("1", "10", "12", "2", "a");
  }

  @Test
  void aNumberOfManyDigitsTakesNoTime() throws IOException {
    String digits = "1".repeat(1_000_000);
    assertRefused(
        "x,y\n%sx,1\n".formatted(digits),
        Schema.target("y").numeric("x"),
        ", line 2: column 'x' is '%s...'; expected a number".formatted("1".repeat(100)));
  }

  @Test
  void aPackedFileIsRead() throws IOException {
    java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
    try (java.util.zip.GZIPOutputStream packed = new java.util.zip.GZIPOutputStream(out)) {
      packed.write(FRUIT.getBytes(UTF_8));
    }
    Path file = Files.write(directory.resolve("fruit.csv.gz"), out.toByteArray());
    assertThat(Csv.read(file, KIND).labels()).containsExactly("apple", "pear");
  }

  @Test
  void fieldsThatAreNoFiniteNumbersAreRefused() throws IOException {
    for (String field :
        new String[] {"abc", "Infinity", "1f", "0x1p3", ".", "1e", "--1", "1 2", "٣"}) {
      assertRefused(
          "x;y\n1;1\n%s;1\n".formatted(field),
          Schema.target("y").numeric("x").separator(';'),
          ", line 3: column 'x' is '%s'; expected a number".formatted(field));
    }
    for (String field : new String[] {"1,5", "1.000,5", "1,000", "-,5"}) {
      assertRefused(
          "x;y\n%s;1\n".formatted(field),
          Schema.target("y").numeric("x").separator(';'),
          ", line 2: column 'x' is '%s'; expected a number with a decimal point".formatted(field));
    }
    for (String field : new String[] {"", "NaN", "NA", "n/a", "NULL", "None", "?", "-"}) {
      assertRefused(
          "x,y\n%s,1\n".formatted(field),
          Schema.target("y").numeric("x"),
          ", line 2: column 'x' is '%s'; expected a number, or Schema.missing for a feature"
              .formatted(field));
    }
    assertRefused(
        "x,y\n1e39,1\n",
        Schema.target("y").numeric("x"),
        ", line 2: column 'x' is '1e39'; expected a number that float32 holds");
  }

  @Test
  void aFileWithoutAHeaderIsReadByTheNamesOfTheSchema() throws IOException {
    Schema<IntTensor> schema =
        Schema.label("y").numeric("b", "a").withoutHeader("a", "b", "note", "y");
    Table<IntTensor> table = read("\n1,2,x,red\n3,4,,blue\n", schema);
    assertThat(table.dataset().all().inputs())
        .hasSameBitsAs(Tensor.of(new float[][] {{2, 1}, {4, 3}}));
    assertThat(table.dataset().all().targets()).isEqualTo(IntTensor.of(1, 0));
    assertThat(read("5,6,,red\n", table.schema()).dataset().all().targets())
        .isEqualTo(IntTensor.of(1));
    assertRefused("1,2,red\n", schema, ", line 1: 3 fields; expected 4, as in the schema");
    assertRefused("", schema, ": is empty; expected examples");
    assertRefused(
        "1,2\n",
        Schema.target("y").numeric("x").withoutHeader("x", "z"),
        ", line 1: no column 'y'; the columns are '[x, z]'");
    assertThatThrownBy(() -> Schema.label("y").withoutHeader())
        .hasMessage("withoutHeader: no columns; expected the name of each");
  }

  @Test
  void linesThatAreCommentsAreLeftOut() throws IOException {
    Schema<Tensor> schema = Schema.target("y").numeric("x").category("c").comment('#');
    String text = "# made by hand, 2026\nx,c,y\n#1,2,3\n1,#a,2\n\"#\n";
    assertRefused(
        text,
        schema,
        ": not CSV after line 4: Unclosed quoted field at end of input (record starting at line"
            + " 5)");
    String right = text.replace("\"#", "3,b,4");
    assertThat(read(right, schema).features()).containsExactly("x", "c=#a", "c=b");
    assertThat(read(right, schema).dataset().all().targets())
        .hasSameBitsAs(Tensor.of(new float[][] {{2}, {4}}));
    assertThat(read("# 1\n5,a,6\n", schema.withoutHeader("x", "c", "y")).dataset().size())
        .isEqualTo(1);
    assertRefused(
        right,
        Schema.target("y").numeric("x"),
        ", line 1: no column 'x'; the columns are '[# made by hand, 2026]'; expected comment('#') if"
            + " that is one");
    assertRefused("# nothing\n", schema, ": is empty; expected a header");
  }

  @Test
  void linesOfWhiteSpaceDoNotCount() throws IOException {
    Schema<Tensor> schema = Schema.target("y").numeric("x");
    assertThat(read(" \nx,y\n1,2\n \t\n3,4\n   ", schema).dataset().size()).isEqualTo(2);
  }

  @Test
  void linesThatDoNotFitTheHeaderAreRefused() throws IOException {
    Schema<Tensor> schema = Schema.target("y").numeric("x");
    assertRefused("x,y\n1,2\n\n1\n", schema, ", line 4: 1 field; expected 2, as in the header");
    assertRefused("x,y\n1,2,3\n", schema, ", line 2: 3 fields; expected 2, as in the header");
    assertRefused("x,z\n1,2\n", schema, ", line 1: no column 'y'; the columns are '[x, z]'");
    assertRefused(
        "x,y,x\n1,2,3\n",
        schema,
        ", line 1: more than one column 'x'; the columns are '[x, y, x]'");
    assertRefused(
        "x;y\n1;2\n",
        schema,
        ", line 1: no column 'x'; the columns are '[x;y]'; expected separator(';')");
    assertRefused(
        "x\ty\n1\t2\n",
        schema,
        ", line 1: no column 'x'; the columns are '[x\\ty]'; expected separator('\\t')");
    assertRefused(
        "1,2\n3,4\n",
        schema,
        ", line 1: no column 'x'; the columns are '[1, 2]'; expected withoutHeader(...) if they"
            + " are an example");
    assertRefused("", schema, ": is empty; expected a header");
    assertRefused("x,y\n", schema, ", line 1: nothing follows the header; expected examples");
  }

  @Test
  void linesAreCountedAsAnEditorDoes() throws IOException {
    assertRefused(
        "x,note,y\r\n1,\"two\r\nlines\",1\r\n\r\n2,,z\r\n",
        Schema.target("y").numeric("x"),
        ", line 5: column 'y' is 'z'; expected a number");
  }

  @Test
  void quotesThatAreOpenAreRefused() throws IOException {
    Schema<Tensor> schema = Schema.target("y").numeric("x");
    assertRefused(
        "x,y\n1,2\n1,\"2\n",
        schema,
        ": not CSV after line 2: Unclosed quoted field at end of input (record starting at line"
            + " 3)");
    assertRefused(
        "x,y\n\"1\"2,3\n",
        schema,
        ": not CSV after line 1: Unexpected character after closing quote: '2' (0x32)");
  }

  @Test
  void textThatIsNotUtf8IsRefusedWithItsLine() throws IOException {
    Path file = file("x,y\n1,2\n1,ä\n", ISO_8859_1);
    assertThatThrownBy(() -> Csv.read(file, Schema.target("y").numeric("x")))
        .isInstanceOf(DataFormatException.class)
        .hasMessage(file + ", line 3: is not UTF-8 from its byte 2 on");
  }

  @Test
  void aByteOrderMarkDoesNotCount() throws IOException {
    assertThat(read("\uFEFF\"x\",y\n1,2\n", Schema.target("y").numeric("x")).features())
        .containsExactly("x");
  }

  @Test
  void aColumnOfTextIsNoCategory() throws IOException {
    StringBuilder text = new StringBuilder("x,y\n");
    IntStream.range(0, 1001).forEach(i -> text.append("name ").append(i).append(",1\n"));
    assertRefused(
        text.toString(),
        Schema.target("y").category("x"),
        ", line 1002: column 'x' is 'name 1000'; expected at most 1000 categories");
  }

  @Test
  void aCategoryIsOneShortLine() throws IOException {
    Schema<Tensor> schema = Schema.target("y").category("x");
    for (String field : new String[] {"\"two\nlines\"", "a".repeat(1001)}) {
      Path file = file("x,y\n%s,1\n".formatted(field), UTF_8);
      assertThatThrownBy(() -> Csv.read(file, schema))
          .isInstanceOf(DataFormatException.class)
          .hasMessageEndingWith("; expected a category, which is one short line");
    }
  }

  @Test
  void aMessageShowsNoHarmfulOrLongField() throws IOException {
    assertRefused(
        "x,y\n\u001b[1m%s,1\n".formatted("a".repeat(200)),
        Schema.target("y").numeric("x"),
        ", line 2: column 'x' is '\\u001b[1m%s...'; expected a number".formatted("a".repeat(96)));
  }

  @Test
  void aSchemaOfNoUseIsRefused() {
    assertThatThrownBy(() -> Schema.target())
        .hasMessage("target: no columns; expected at least one");
    assertThatThrownBy(() -> Schema.label("y").numeric("x", "y"))
        .hasMessage("Schema: column 'y' is there twice; expected each once");
    assertThatThrownBy(() -> Schema.label("y").category("x", "a", "a"))
        .hasMessage("category: column 'x': 'a' is there twice; expected each once");
    assertThatThrownBy(() -> Schema.label("y").missing(1e39))
        .hasMessage(
            "missing: 1.0E39 for a missing value; expected NaN or a number that float32 holds");
    assertThatThrownBy(() -> read("y\n1\n", Schema.label("y")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Schema(y): no features; expected at least one");
  }

  @Test
  void aFileThatIsNotThereIsReportedAsEver() {
    assertThatThrownBy(() -> Csv.read(directory.resolve("none.csv"), KIND))
        .isInstanceOf(NoSuchFileException.class);
  }
}
