package dev.adjoint.examples.documents;

import com.google.common.base.CaseFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A document of Markdown as a program.
 *
 * <p>Its blocks of Java, in order, are the body of one {@code main}; a block with a {@code main} of
 * its own is a program by itself. The block of text that follows is what they print. A block with
 * the name of a file behind the language is an excerpt of that file, and the text after it one of
 * what the file prints. Java in a comment of HTML runs with the others and is not shown.
 *
 * @param path of the file
 * @param lines of the file
 * @param blocks in the order of the file
 */
record Document(Path path, List<String> lines, List<Block> blocks) {

  private static final String FENCE = "```";
  private static final String HIDDEN = "<!-- java";

  /**
   * A block of a document.
   *
   * @param info what stands behind the fence, as in {@code java lesson/Value.java}
   * @param first the index of its first line, after the fence
   * @param text its lines
   */
  record Block(String info, int first, List<String> text) {

    boolean isJava() {
      return info.equals("java") || isExcerpt();
    }

    boolean isExcerpt() {
      return info.startsWith("java ");
    }

    /** Returns the name of the file that this is an excerpt of, relative to the document. */
    String file() {
      return info.substring("java ".length()).trim();
    }

    boolean isProgram() {
      return isJava()
          && !isExcerpt()
          && text.stream().anyMatch(line -> line.startsWith("void main("));
    }

    boolean isText() {
      return info.equals("text");
    }

    String joined() {
      return String.join("\n", text);
    }
  }

  static Document read(Path path) throws IOException {
    List<String> lines = Files.readString(path).lines().toList();
    List<Block> blocks = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      boolean hidden = line.equals(HIDDEN);
      if (hidden || line.startsWith(FENCE)) {
        int end = lines.subList(i + 1, lines.size()).indexOf(hidden ? "-->" : FENCE) + i + 1;
        if (end == i) {
          throw new IOException("%s:%d: a block without end".formatted(path, i + 1));
        }
        String info = hidden ? "java" : line.substring(FENCE.length()).trim();
        blocks.add(new Block(info, i + 1, lines.subList(i + 1, end)));
        i = end;
      }
    }
    return new Document(path, lines, blocks);
  }

  /** Returns a block of text, if it is the next block after this one. */
  List<Block> shownAfter(Block block) {
    int next = blocks.indexOf(block) + 1;
    return next < blocks.size() && blocks.get(next).isText()
        ? List.of(blocks.get(next))
        : List.of();
  }

  /** Returns the name of the class that the document is compiled to. */
  String className() {
    String name = path.getFileName().toString().replaceFirst("\\.md$", "").replace('.', '-');
    return CaseFormat.LOWER_HYPHEN.to(CaseFormat.UPPER_CAMEL, name);
  }

  /**
   * Returns a program whose lines of code have the numbers that they have in the document, so that
   * messages of the compiler and stack traces lead there.
   *
   * @param header what comes first, on the line of the heading
   * @param members the blocks of the program
   * @param between what comes after each
   */
  String program(String header, List<Block> members, String between, String footer) {
    String[] program = new String[lines.size() + 1];
    Arrays.fill(program, "");
    program[0] = header;
    for (Block block : members) {
      for (int i = 0; i < block.text.size(); i++) {
        program[block.first + i] = block.text.get(i);
      }
      program[block.first + block.text.size()] = between;
    }
    program[lines.size()] = footer;
    return String.join("\n", program);
  }

  /** Returns the document with other texts in blocks, from the last to the first. */
  String with(List<Block> changed, List<String> texts) {
    List<String> all = new ArrayList<>(lines);
    for (int i = changed.size() - 1; i >= 0; i--) {
      Block block = changed.get(i);
      List<String> place = all.subList(block.first, block.first + block.text.size());
      place.clear();
      place.addAll(texts.get(i).lines().toList());
    }
    return String.join("\n", all) + "\n";
  }
}
