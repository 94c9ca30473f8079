package dev.adjoint.examples.documents;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import dev.adjoint.examples.documents.Document.Block;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Runs the cells of the tables in "Coming from PyTorch", and compares what they return with what
 * PyTorch returns. That these numbers are PyTorch's is compared in the profile libtorch of layers.
 */
class PytorchTableTest {

  private static final Path DOCUMENT = Path.of("../docs/coming-from-pytorch.md");

  /**
   * A row of a table.
   *
   * @param line its index in the document
   * @param cell what to run: an expression or a statement; empty if nothing
   * @param gives what it returns; empty if that is not compared
   */
  private record Row(int line, String cell, String gives) {

    static List<Row> of(Document document) {
      List<Row> rows = new ArrayList<>();
      for (int i = 0; i < document.lines().size(); i++) {
        String text = document.lines().get(i);
        if (text.startsWith("| `")) {
          List<String> cells = Splitter.on('|').trimResults().splitToList(text);
          rows.add(new Row(i, code(cells.get(2)), code(cells.get(3))));
        }
      }
      return rows;
    }

    private static String code(String cell) {
      boolean isCode = cell.startsWith("`") && cell.indexOf('`', 1) == cell.length() - 1;
      return isCode ? cell.substring(1, cell.length() - 1) : "";
    }

    Block block() {
      String call =
          "dev.adjoint.examples.documents.Cell.print(%d, () -> %s);".formatted(line, cell);
      return new Block("java", line, List.of(call));
    }
  }

  @Test
  void everyCellReturnsWhatPytorchReturnsAndAnotherNumberWouldBeSeen() throws Exception {
    Document document = Document.read(DOCUMENT);
    List<Row> rows = Row.of(document);
    assertThat(rows.stream().filter(row -> !row.cell.isEmpty())).hasSizeGreaterThan(200);
    assertThat(rows.stream().filter(row -> !row.gives.isEmpty())).hasSizeGreaterThan(170);
    Row sum = rows.stream().filter(r -> r.cell.equals("x.sum(1)")).findFirst().orElseThrow();
    rows.add(new Row(sum.line, sum.cell, "[2, 3.6]"));
    assertThat(different(document, rows))
        .containsExactly("line %d: x.sum(1) returns [2, 3.5]".formatted(sum.line + 1));
  }

  /** Runs rows after the blocks before them; returns those that do not return what they say. */
  private static List<String> different(Document document, List<Row> rows) throws Exception {
    List<Block> blocks =
        new ArrayList<>(
            document.blocks().stream().filter(b -> b.isJava() && !b.isProgram()).toList());
    rows.stream().filter(row -> !row.cell.isEmpty()).map(Row::block).forEach(blocks::add);
    blocks.sort(Comparator.comparingInt(Block::first));
    String header = "import module dev.adjoint; void main() throws Exception {";
    String source = document.program(header, blocks, "", "}");
    Map<Integer, String> printed =
        Program.compile(Map.of("Rows", source))
            .get("Rows")
            .run()
            .lines()
            .filter(line -> line.startsWith(Cell.MARK))
            .map(line -> Splitter.on(Cell.MARK).splitToList(line))
            .collect(
                Collectors.toMap(parts -> Integer.valueOf(parts.get(1)), parts -> parts.get(2)));
    return rows.stream()
        .filter(row -> !row.gives.isEmpty() && !row.gives.equals(printed.get(row.line)))
        .map(row ->
            "line %d: %s returns %s".formatted(row.line + 1, row.cell, printed.get(row.line)))
        .toList();
  }
}
