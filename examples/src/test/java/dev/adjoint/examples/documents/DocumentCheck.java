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
import java.util.LinkedHashMap;
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
          + " import java.nio.file.Files;" // there is one of AssertJ, too
          + " import static dev.adjoint.testing.AdjointAssertions.*; ";

  /** What no program prints: it stands around the number of a block, after what that prints. */
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

  /** Returns what each block of Java prints that is run, in the order of the document. */
  private Map<Block, String> printed() throws Exception {
    Map<Block, String> printed = new TreeMap<>(Comparator.comparingInt(Block::first));
    Map<String, Program> programs = Program.compile(sources());
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
        printed.put(block, programs.get(name(block)).run());
      }
    }
    List<Block> members = members();
    if (!members.isEmpty()) {
      String all = programs.get(document.className()).run();
      List<String> parts = Splitter.on(MARK).splitToList(all);
      for (int i = 1; i < parts.size(); i += 2) {
        printed.put(members.get(Integer.parseInt(parts.get(i))), parts.get(i - 1));
      }
    }
    return printed;
  }

  /** Returns the programs of the document by the names of their classes. */
  private Map<String, String> sources() throws IOException {
    Map<String, String> sources = new LinkedHashMap<>();
    document.blocks().stream()
        .filter(Block::isProgram)
        .forEach(block -> sources.put(name(block), document.program("", List.of(block), "", "")));
    if (!members().isEmpty()) {
      sources.put(
          document.className(),
          document.program(
              IMPORTS_OF_TESTS + imports() + " void main() throws Exception {",
              members(),
              "System.out.print(\"\\f%d\\f\");",
              "}"));
    }
    return sources;
  }

  private String name(Block program) {
    return document.className() + (program.first() + 1);
  }

  /** Returns the blocks that are a program together. */
  private List<Block> members() {
    return document.blocks().stream()
        .filter(block -> block.isJava() && !block.isExcerpt() && !block.isProgram())
        .toList();
  }

  static String imports() throws IOException {
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

  /**
   * Runs a source file as readers do, by the JDK of this JVM; returns what it prints. Half of the
   * time would go into compiling well what runs for a second.
   */
  private static String outputOf(Path source) {
    try {
      String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      Process process =
          new ProcessBuilder(java, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", source.toString())
              .redirectErrorStream(true)
              .start();
      process.getOutputStream().close();
      byte[] printed = process.getInputStream().readAllBytes();
      return new String(printed, StandardCharsets.UTF_8).replace("\r\n", "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
