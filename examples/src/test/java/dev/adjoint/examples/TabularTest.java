package dev.adjoint.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.examples.tabular.Fruit;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.tensor.Generator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TabularTest {

  @TempDir private Path directory;

  private Program program;

  @BeforeEach
  void setUp() {
    program =
        new Program(
            "tabular",
            "--model",
            directory.resolve("model").toString(),
            "--report",
            directory.resolve("report.html").toString());
  }

  @Test
  void fruitAreToldApartAndTheModelServes64Threads() throws IOException {
    assertThat(program.run("--epochs", "3")).isZero();
    assertThat(program.out())
        .containsPattern("[89]\\d\\.\\d % right")
        .contains("64 of them got the bits of one thread alone");
    Predictor predictor = Predictor.load(directory.resolve("model"));
    assertThat(predictor.labels()).containsExactly("apple", "lemon", "lime", "pear", "plum");
    assertThat(predictor.features()).startsWith("weight in g", "diameter in mm").hasSize(7);
    assertThat(predictor.classify(70, 46, 7.5, 0, 1, 0, 0)).isEqualTo("lime");
    Map<String, ?> lime = Map.of("weight in g", 70, "sweetness in Brix", 7.5, "color", "green");
    assertThat(predictor.classify(lime)).isEqualTo("lime");
    assertThat(predictor.classify(70, Double.NaN, 7.5, 0, 1, 0, 0)).isEqualTo("lime");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.classify(Map.of("weight in g", 70, "color", "lilac")))
        .withMessage(
            "classify: 'color' is 'lilac'; expected one of ['blue', 'green', 'red', 'yellow']");
    assertThat(predictor.card().get("data"))
        .contains("3000 rows of fruit, of which 600 were held back");
    assertThat(predictor.card().metrics()).containsKey("accuracy");
    assertThat(directory.resolve("report.html")).isNotEmptyFile();
  }

  @Test
  void aTableOfOnesOwnIsRead() throws IOException {
    Path csv = directory.resolve("my.csv");
    Files.writeString(csv, "a,b,c\n" + "1,x,yes\n-1,y,no\n".repeat(60));
    assertThat(
            program.run(
                "--data",
                csv.toString(),
                "--label",
                "c",
                "--numeric",
                "a",
                "--category",
                "b",
                "--epochs",
                "2"))
        .isZero();
    assertThat(program.out()).contains("120 rows, 3 features: a, b=x, b=y");
  }

  @Test
  void tenRowsAreEnoughAndFewerAreRefused() throws IOException {
    Path csv = directory.resolve("few.csv");
    Files.writeString(csv, "a,c\n" + "1,yes\n2,no\n".repeat(5));
    String[] args = {"--data", csv.toString(), "--label", "c", "--numeric", "a", "--epochs", "1"};
    assertThat(program.run(args)).isZero();
    Files.writeString(csv, "a,c\n1,yes\n2,no\n");
    assertThat(program.run(args)).isEqualTo(2);
    assertThat(program.err())
        .isEqualTo("tabular: %s: 2 rows; expected at least 10%n".formatted(csv));
  }

  @Test
  void whatIsOfNoUseIsSaidInOneLine() throws IOException {
    Path csv = directory.resolve("my.csv");
    Files.writeString(csv, "a,c\n1,yes\nword,no\n");
    assertThat(program.run("--data", csv.toString())).isEqualTo(2);
    assertThat(program.run("--data", csv.toString(), "--label", "c", "--numeric", "a"))
        .isEqualTo(2);
    assertThat(program.run("--epochs", "0")).isEqualTo(2);
    assertThat(program.err())
        .contains("expected --label, and --numeric or --category or both")
        .contains("my.csv, line 3", "'word'")
        .contains("--epochs 0: expected at least 1");
    assertThat(program.err().lines()).hasSizeLessThan(6);
  }

  @Test
  void theSameSeedDrawsTheSameFruit() throws IOException {
    Path one = directory.resolve("1.csv");
    Path two = directory.resolve("2.csv");
    Fruit.write(one, 200, Generator.seeded(4));
    Fruit.write(two, 200, Generator.seeded(4));
    assertThat(two).hasSameTextualContentAs(one);
    assertThat(Files.readAllLines(one)).hasSize(201).anyMatch(line -> line.contains(",,"));
  }
}
