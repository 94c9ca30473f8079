package dev.adjoint.examples.documents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.examples.documents.Document.Block;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import javax.xml.parsers.DocumentBuilderFactory;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

/**
 * The notebook is its document, cell by cell, and its cells run in JShell, with a stand-in for the
 * kernel. {@code -Ddocuments.update=true} writes the notebook.
 */
class NotebookTest {

  private static final Path DOCUMENT = Path.of("../docs/notebook.md");
  private static final Path NOTEBOOK = Path.of("../docs/notebook.ipynb");

  /** What the first cell calls: methods of JJava 1.0, which write down what a value is shown as. */
  private static final String KERNEL =
      """
      class Kernel {
        interface RenderFunction<T> { void render(T value, Context context); }
        class Context {
          Context getOutputContainer() { return this; }
          void putHTML(String text) { html = text; }
        }
        class Registration<T> {
          final Class<T> type;
          Registration(Class<T> type) { this.type = type; }
          Registration<T> preferring(String... types) { return this; }
          void register(RenderFunction<T> function) {
            functions.put(type, (value, context) -> function.render(type.cast(value), context));
          }
        }
        final Map<Class<?>, RenderFunction<Object>> functions = new HashMap<>();
        String html = "";
        Kernel getRenderer() { return this; }
        <T> Registration<T> createRegistration(Class<T> type) { return new Registration<>(type); }
        String html(Object value) {
          functions.forEach((type, function) -> {
            if (type.isInstance(value)) {
              function.render(value, new Context());
            }
          });
          return html;
        }
      }
      Kernel kernel = new Kernel();
      Kernel kernel() { return kernel; }
      """;

  @TempDir private Path directory;

  @Test
  void theNotebookIsItsDocument() throws IOException {
    String notebook = notebook(Document.read(DOCUMENT));
    if (Boolean.getBoolean("documents.update")) {
      Files.writeString(NOTEBOOK, notebook);
    }
    assertThat(NOTEBOOK).hasContent(notebook);
  }

  @Test
  void everyCellShowsWhatItReturnsRichly() throws Exception {
    List<String> shown = new ArrayList<>();
    String modules = "dev.adjoint,dev.adjoint.explain";
    try (JShell shell =
        JShell.builder()
            .executionEngine("local")
            .compilerOptions("--module-path", Program.modulePath(), "--add-modules", modules)
            .build()) {
      run(shell, "import java.util.*; import java.util.stream.*; import java.nio.file.*;");
      run(shell, Files.readString(Path.of("../docs/adjoint.jsh")));
      run(shell, KERNEL);
      Path file = directory.resolve("shown.html");
      for (Block cell : cells(Document.read(DOCUMENT))) {
        Snippet last = run(shell, cell.joined());
        if (last.subKind().hasValue()) {
          String name = shell.variables().toList().getLast().name();
          String value = last.source().matches("\\w+") ? last.source() : name;
          run(
              shell,
              "Files.writeString(Path.of(\"%s\"), kernel.html(%s));"
                  .formatted(file.toString().replace("\\", "\\\\"), value));
          shown.add(Files.readString(file));
        }
      }
    }
    assertThat(shown.stream().map(html -> html.replaceFirst("(?s)^<div[^>]*>", "").substring(0, 7)))
        .as("a table behind its head, a graph, a story in a frame, a plot, a page in a frame")
        .containsExactly("<p><cod", "<svg xm", "<iframe", "<svg xm", "<iframe");
    for (String html : shown) {
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new InputSource(new StringReader(html)));
    }
  }

  private static Snippet run(JShell shell, String source) {
    Snippet last = null;
    for (String rest = source; !rest.isBlank(); ) {
      CompletionInfo info = shell.sourceCodeAnalysis().analyzeCompletion(rest);
      for (SnippetEvent event : shell.eval(info.source())) {
        if (event.causeSnippet() == null) {
          assertThat(event.exception()).as(info.source()).isNull();
          assertThat(shell.diagnostics(event.snippet()).map(d -> d.getMessage(Locale.ROOT)))
              .as(info.source())
              .isEmpty();
          last = event.snippet();
        }
      }
      rest = info.remaining();
    }
    return Objects.requireNonNull(last);
  }

  private static List<Block> cells(Document document) {
    return document.blocks().stream().filter(block -> block.info().equals("jshell")).toList();
  }

  // ---- the notebook ----------------------------------------------------------------------------

  private static String notebook(Document document) {
    List<String> cells = new ArrayList<>();
    int next = 0;
    for (Block cell : cells(document)) {
      add("markdown", document.lines().subList(next, cell.first() - 1), cells);
      add("code", cell.text(), cells);
      next = cell.first() + cell.text().size() + 1;
    }
    add("markdown", document.lines().subList(next, document.lines().size()), cells);
    return """
    {
     "cells": [
    %s
     ],
     "metadata": {
      "kernelspec": {"display_name": "Java", "language": "java", "name": "java"},
      "language_info": {"file_extension": ".jshell", "mimetype": "text/x-java-source", "name": "Java"}
     },
     "nbformat": 4,
     "nbformat_minor": 5
    }
    """
        .formatted(String.join(",\n", cells));
  }

  private static void add(String type, List<String> lines, List<String> cells) {
    String text = String.join("\n", lines).strip();
    if (!text.isEmpty()) {
      cells.add(
          """
            {
             "cell_type": "%s",
             "id": "cell-%d",%s
             "metadata": {},
             "source": [
          %s
             ]
            }\
          """
              .formatted(
                  type,
                  cells.size() + 1,
                  type.equals("code") ? "\n   \"execution_count\": null,\n   \"outputs\": []," : "",
                  text.lines().map(NotebookTest::quoted).collect(Collectors.joining("\\n\",\n"))
                      + "\""));
    }
  }

  /** Returns a line of JSON, without the quote at its end. */
  private static String quoted(String line) {
    return "    \"" + line.replace("\\", "\\\\").replace("\"", "\\\"");
  }
}
