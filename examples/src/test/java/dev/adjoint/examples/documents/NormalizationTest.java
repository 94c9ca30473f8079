package dev.adjoint.examples.documents;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.io.MoreFiles;
import dev.adjoint.examples.documents.Document.Block;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares the chapter on normalization with its translation, whose programs {@link DocumentsTest}
 * does not run again.
 *
 * <p>{@code -Ddocuments.update=true} copies the blocks of the original into the translation.
 */
class NormalizationTest {

  private static final Path ORIGINAL = Path.of("../docs/normalization.md");
  private static final Path TRANSLATION = Path.of("../docs/normalization.zh.md");

  /** A name of a class, or what begins with one, in backticks. */
  private static final Pattern CLASS = Pattern.compile("`(?:new )?([A-Z][A-Za-z0-9]+)\\b");

  private static final Pattern DIGITS = Pattern.compile("\\d+(\\.\\d+)*");

  @BeforeAll
  static void copyBlocks() throws IOException {
    if (Boolean.getBoolean("documents.update")) {
      Document translation = Document.read(TRANSLATION);
      List<String> texts = blocks(ORIGINAL).map(Block::joined).toList();
      Files.writeString(TRANSLATION, translation.with(translation.blocks(), texts));
    }
  }

  @Test
  void theTranslationShowsTheSameBlocksInTheSameOrder() throws IOException {
    assertThat(blocks(TRANSLATION).map(NormalizationTest::shown))
        .containsExactlyElementsOf(blocks(ORIGINAL).map(NormalizationTest::shown).toList());
  }

  @Test
  void theTranslationHasTheSameSectionsFormulasAndRowsOfTables() throws IOException {
    for (String begin : List.of("# ", "## ", "### ", "$$", "| ", "- ", "1. ")) {
      assertThat(lines(TRANSLATION, line -> line.startsWith(begin)))
          .as("lines that begin with '%s'", begin)
          .hasSameSizeAs(lines(ORIGINAL, line -> line.startsWith(begin)));
    }
    assertThat(lines(TRANSLATION, line -> line.startsWith("$$")))
        .isEqualTo(lines(ORIGINAL, line -> line.startsWith("$$")));
    assertThat(numbers(TRANSLATION)).isEqualTo(numbers(ORIGINAL));
  }

  @Test
  void theTwoLeadToEachOther() throws IOException {
    assertThat(Files.readString(ORIGINAL)).contains("](normalization.zh.md)");
    assertThat(Files.readString(TRANSLATION)).contains("](normalization.md)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"normalization.md", "normalization.zh.md"})
  void classesThatAreNamedExist(String document) throws IOException {
    Matcher named = CLASS.matcher(Files.readString(ORIGINAL.resolveSibling(document)));
    Set<String> classes = new HashSet<>();
    for (String module : List.of("layers", "optim")) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "src"))) {
        files.forEach(file -> classes.add(MoreFiles.getNameWithoutExtension(file)));
      }
    }
    assertThat(named.results().map(result -> result.group(1)))
        .hasSizeGreaterThan(40)
        .isSubsetOf(classes);
  }

  private static Stream<Block> blocks(Path document) throws IOException {
    return Document.read(document).blocks().stream();
  }

  private static String shown(Block block) {
    return block.info() + "\n" + block.joined();
  }

  private static List<String> lines(Path document, Predicate<String> which) throws IOException {
    return Document.read(document).lines().stream().filter(which).toList();
  }

  /** Returns the numbers of the headings, and of papers and years that are referred to. */
  private static List<String> numbers(Path document) throws IOException {
    return lines(document, line -> line.matches("(##|\\||- ).*")).stream()
        .flatMap(line -> DIGITS.matcher(line).results().map(result -> result.group()))
        .toList();
  }
}
