package dev.adjoint.examples.names;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NamesTest {

  @TempDir private Path directory;

  private Path file(String content) throws IOException {
    return Files.writeString(directory.resolve("names.txt"), content);
  }

  private static void assertUnusable(Path file, String reason) {
    assertThatExceptionOfType(Names.UnusableFileException.class)
        .isThrownBy(() -> Names.ofFile(file))
        .withMessage(file + ": " + reason);
  }

  @Test
  void nestedClassesAreOnTheSideOfTheirOutermostClass() {
    List<String> classes =
        IntStream.range(0, 300)
            .boxed()
            .flatMap(i ->
                Stream.of(
                        "p/Outer%d", "p/Outer%d$In%1$d", "p/Outer%d$In%1$d$Deep%1$d", "p/Outer%d$1")
                    .map(name -> name.formatted(i)))
            .toList();
    Names names = Names.ofClasses("test", classes);
    assertThat(names.training()).hasSize(3 * 270);
    assertThat(names.validation()).hasSize(3 * 30);
    Set<String> validation = new HashSet<>(names.validation());
    for (int i = 0; i < 300; i++) {
      boolean held = validation.contains("Outer" + i);
      assertThat(validation.contains("In" + i)).isEqualTo(held);
      assertThat(validation.contains("Deep" + i)).isEqualTo(held);
    }
  }

  @Test
  void namesAreSimpleAndNumbersOfAnonymousAndLocalClassesAreGone() {
    Names names =
        Names.ofClasses(
            "test",
            List.of(
                "module-info",
                "java/util/package-info",
                "java/util/Map",
                "java/util/Map$Entry",
                "java/util/Map$1",
                "java/util/Map$2Local",
                "java/util/Base64$Encoder",
                "other/Map"));
    assertThat(Stream.of(names.training(), names.validation()).flatMap(List::stream))
        .containsExactlyInAnyOrder("Map", "Entry", "Local", "Encoder");
  }

  @Test
  void theRunningJdkHasThousandsOfNamesAndNoneOnBothSides() throws IOException {
    Names names = Names.ofRunningJdk();
    assertThat(names.training())
        .hasSizeGreaterThan(5000)
        .doesNotContainAnyElementsOf(names.validation());
    assertThat(Stream.of(names.training(), names.validation()).flatMap(List::stream))
        .contains("HashMap", "Entry")
        .doesNotContain("")
        .noneMatch(name -> name.contains("/") || name.contains("."));
  }

  @Test
  void aFileHasOneNameALine() throws Exception {
    Names names = Names.ofFile(file("\uFEFFanna\r\n  bert \n\nanna\nčeněk\n"));
    assertThat(Stream.of(names.training(), names.validation()).flatMap(List::stream))
        .containsExactlyInAnyOrder("anna", "bert", "čeněk");
    assertThat(names.validation()).hasSize(1);
  }

  @Test
  void hugeLinesAreCut() throws Exception {
    Names names = Names.ofFile(file("a".repeat(3_000_000) + "\nb\n"));
    assertThat(Stream.of(names.training(), names.validation()).flatMap(List::stream))
        .containsExactlyInAnyOrder("a".repeat(Names.LONGEST), "b");
  }

  @Test
  void filesOfNoUseAreExplained() throws IOException {
    assertUnusable(directory.resolve("none.txt"), "no such file");
    assertUnusable(directory, "is a directory; expected a text file");
    String few = "; expected at least 2 different items, one a line";
    assertUnusable(file(""), "is empty" + few);
    assertUnusable(file(" \n\n"), "is empty" + few);
    assertUnusable(file("one\n"), "has only one item" + few);
    assertUnusable(file("one\none\n"), "has only one item" + few);
    assertUnusable(file("a\nb\0c\n"), "is not text: it contains a NUL character");
    assertUnusable(
        file("a\n" + "b".repeat(1000) + "\0\n"), "is not text: it contains a NUL character");
    Path latin1 = directory.resolve("latin1.txt");
    Files.write(latin1, "caf\u00e9\nbar\n".getBytes(StandardCharsets.ISO_8859_1));
    assertUnusable(latin1, "is not text in UTF-8");
  }
}
