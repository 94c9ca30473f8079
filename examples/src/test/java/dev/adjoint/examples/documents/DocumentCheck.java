package dev.adjoint.examples.documents;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import dev.adjoint.examples.documents.Document.Block;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Runs the programs of a document and compares what they print with what it shows. */
final class DocumentCheck {

  /** What the blocks may use without importing it: what JShell imports when it starts, */
  private static final Path IMPORTS = Path.of("../docs/adjoint.jsh");

  /** and what tests import. */
  private static final String IMPORTS_OF_TESTS =
      "import module dev.adjoint.testing;"
          + " import static dev.adjoint.testing.AdjointAssertions.*; ";

  /** What no program prints: it parts what the blocks of a document print. */
  private static final String MARK = "\f";

  private final Document document;
  private final Map<Path, String> outputsOfFiles = new HashMap<>();

  private DocumentCheck(Document document) {
    this.document = document;
  }

  static DocumentCheck of(Document document) {
    return new DocumentCheck(document);
  }

  /**
   * Compares, or writes what is printed into the document.
   *
   * @throws AssertionError if something else is printed than shown
   */
  void run(boolean update) throws Exception {
    List<Block> changed = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (Map.Entry<Block, String> entry : printed().entrySet()) {
      Block block = entry.getKey();
      String actual = entry.getValue().stripTrailing().replaceAll("(?m) +$", "");
      List<Block> shown = document.shownAfter(block);
      if (shown.isEmpty()) {
        assertThat(actual)
            .as("what the block at %s prints, which is not shown", place(block))
            .isEmpty();
      } else if (block.isExcerpt()) {
        assertThat(actual)
            .as("what %s prints, at %s", block.file(), place(block))
            .contains(shown.getFirst().joined());
      } else if (update) {
        changed.add(shown.getFirst());
        texts.add(actual);
      } else {
        assertThat(shown.getFirst().joined())
            .as("what is shown after %s", place(block))
            .isEqualTo(actual);
      }
    }
    if (!changed.isEmpty()) {
      Files.writeString(document.path(), document.with(changed, texts));
    }
  }

  private String place(Block block) {
    return "%s:%d".formatted(document.path().getFileName(), block.first() + 1);
  }

  /** Returns what each block of Java prints, in the order of the document. */
  private Map<Block, String> printed() throws Exception {
    Map<Block, String> printed = new TreeMap<>(Comparator.comparingInt(Block::first));
    List<Block> members = new ArrayList<>();
    for (Block block : document.blocks()) {
      if (block.isExcerpt()) {
        Path source = document.path().resolveSibling(block.file());
        assertThat(Files.readString(source))
            .as("%s, which is shown at %s", block.file(), place(block))
            .matches(text -> isIn(text, block.text()), "has the lines " + block.joined());
        if (!document.shownAfter(block).isEmpty()) {
          printed.put(block, outputsOfFiles.computeIfAbsent(source, DocumentCheck::outputOf));
        }
      } else if (block.isProgram()) {
        String name = document.className() + (block.first() + 1);
        printed.put(
            block, Program.compile(name, document.program("", List.of(block), "", "")).run());
      } else if (block.isJava()) {
        members.add(block);
      }
    }
    if (!members.isEmpty()) {
      String source =
          document.program(
              IMPORTS_OF_TESTS + imports() + " void main() throws Exception {",
              members,
              "System.out.print(\"\\f\");",
              "}");
      List<String> parts =
          Splitter.on(MARK).splitToList(Program.compile(document.className(), source).run());
      for (int i = 0; i < members.size(); i++) {
        printed.put(members.get(i), parts.get(i));
      }
    }
    return printed;
  }

  private static String imports() throws IOException {
    return Files.readString(IMPORTS)
        .lines()
        .filter(line -> line.startsWith("import "))
        .collect(Collectors.joining(" "));
  }

  /** Tells whether lines are in a text, one after the other, indented by the same. */
  private static boolean isIn(String text, List<String> lines) {
    String searched = String.join("\n", lines).stripIndent();
    List<String> all = text.lines().toList();
    for (int i = 0; i + lines.size() <= all.size(); i++) {
      if (String.join("\n", all.subList(i, i + lines.size())).stripIndent().equals(searched)) {
        return true;
      }
    }
    return false;
  }

  /** Runs a source file as readers do, by the JDK of this JVM; returns what it prints. */
  private static String outputOf(Path source) {
    try {
      String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      Process process =
          new ProcessBuilder(java, source.toString()).redirectErrorStream(true).start();
      process.getOutputStream().close();
      byte[] printed = process.getInputStream().readAllBytes();
      return new String(printed, StandardCharsets.UTF_8).replace("\r\n", "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
