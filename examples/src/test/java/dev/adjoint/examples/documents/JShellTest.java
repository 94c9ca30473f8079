package dev.adjoint.examples.documents;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import dev.adjoint.examples.documents.Document.Block;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import jdk.jshell.tool.JavaShellToolBuilder;
import org.junit.jupiter.api.Test;

/** Replays the first session in JShell. {@code -Ddocuments.update=true} writes what is shown. */
class JShellTest {

  private static final Path DOCUMENT = Path.of("../docs/jshell.md");
  private static final String PROMPT = "jshell> ";

  /** The frames of a stack trace, which the document leaves out. */
  private static final Pattern FRAMES = Pattern.compile("\\n\\| +at .*");

  @Test
  void theFirstSessionShowsWhatTheDocumentShows() throws Exception {
    Document document = Document.read(DOCUMENT);
    Block session =
        document.blocks().stream().filter(b -> b.info().equals("jshell")).findFirst().orElseThrow();
    List<String> inputs =
        session.text().stream()
            .filter(line -> line.startsWith(PROMPT))
            .map(line -> line.substring(PROMPT.length()))
            .toList();
    String replayed = replayed(inputs);
    if (Boolean.getBoolean("documents.update")) {
      Files.writeString(DOCUMENT, document.with(List.of(session), List.of(replayed)));
    } else {
      assertThat(session.joined()).isEqualTo(replayed);
    }
  }

  private static String replayed(List<String> inputs) throws Exception {
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    PrintStream before = System.out;
    try (PrintStream out = new PrintStream(shown, true, StandardCharsets.UTF_8)) {
      System.setOut(out); // what a line prints, beside what it returns
      String lines = String.join("\n", inputs) + "\n/exit\n";
      JavaShellToolBuilder.builder()
          .in(new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)), null)
          .out(out)
          .err(out)
          .persistence(new HashMap<>())
          .locale(Locale.ROOT)
          .interactiveTerminal(false)
          .run(
              "--execution",
              "local",
              "--module-path",
              Program.modulePath(),
              "--add-modules",
              "dev.adjoint,dev.adjoint.explain",
              "../docs/adjoint.jsh");
    } finally {
      System.setOut(before);
    }
    String text = shown.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
    List<String> parts = Splitter.on(PROMPT).splitToList(text);
    List<String> session = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      String printed = parts.get(i + 1);
      String echo = inputs.get(i);
      session.add(PROMPT + echo);
      String answer = printed.startsWith(echo) ? printed.substring(echo.length()) : printed;
      session.add(FRAMES.matcher(answer.strip()).replaceAll("").replaceAll("(?m) +$", ""));
    }
    return String.join("\n", session.stream().filter(line -> !line.isEmpty()).toList());
  }
}
