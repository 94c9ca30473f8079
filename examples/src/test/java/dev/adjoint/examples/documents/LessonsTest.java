package dev.adjoint.examples.documents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.examples.documents.Document.Block;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keeps the lessons small, and what they lead to in its place. */
class LessonsTest {

  private static final Path LESSON = Path.of("../docs/autodiff-from-scratch.md");
  private static final Path FILES = Path.of("../docs/autodiff-from-scratch");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]*)#?([^)]*)\\)");

  @Test
  void everyStepIsShortAndShownWithWhatItPrints() throws IOException {
    Document lesson = Document.read(LESSON);
    try (Stream<Path> files = Files.list(FILES)) {
      List<Path> steps = files.toList();
      assertThat(steps).hasSize(5);
      for (Path step : steps) {
        int lines = Files.readAllLines(step).size();
        String name = FILES.getFileName() + "/" + step.getFileName();
        assertThat(lines).as(name).isLessThan(120);
        assertThat(Files.readString(LESSON))
            .containsPattern(Pattern.quote("(" + name + ") |") + ".*\\| " + lines + "\\b");
        assertThat(lesson.blocks()).anyMatch(block -> shows(lesson, block, name));
      }
    }
  }

  private static boolean shows(Document lesson, Block block, String name) {
    return block.isExcerpt() && block.file().equals(name) && !lesson.shownAfter(block).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"../docs/autodiff-from-scratch.md", "../homework/README.md"})
  void everyLinkLeadsSomewhere(String document) throws IOException {
    Path path = Path.of(document);
    Matcher link = LINK.matcher(Files.readString(path));
    while (link.find()) {
      Path target = link.group(1).isEmpty() ? path : path.resolveSibling(link.group(1));
      assertThat(target).exists();
      if (!link.group(2).isEmpty()) {
        assertThat(Files.readAllLines(target)).anyMatch(line -> anchor(line).equals(link.group(2)));
      }
    }
  }

  /** Returns what GitHub makes of a heading; empty for other lines. */
  private static String anchor(String line) {
    return line.startsWith("#")
        ? line.replaceFirst("^#+ ", "")
            .toLowerCase(Locale.ROOT)
            .replaceAll("[^\\p{Alnum} -]", "")
            .replace(' ', '-')
        : "";
  }
}
