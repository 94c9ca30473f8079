import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * Writes the site by javadoc: the API of all modules, and the documents in {@code docs} as pages of
 * it, all in one search, their formulas as MathML.
 *
 * <p>Arguments: the root of the project, where to write, and the path of the modules that ours
 * need.
 */
final class Site {

  private static final List<String> MODULES =
      List.of("core", "layers", "optim", "training", "explain", "onnx", "testing", "adjoint");

  /** The guides in the order in which to read them; others follow. */
  private static final List<String> ORDER =
      List.of(
          "autodiff-from-scratch",
          "normalization",
          "normalization.zh",
          "coming-from-pytorch",
          "gradient-checking",
          "recipes",
          "jshell",
          "notebook");

  private static final Pattern SENTENCE = Pattern.compile("\\p{L}.*?([.:](?= |$)|。)");
  private static final Pattern LINK =
      Pattern.compile("<a href=\"([^\":#]*)(#[^\"]*)?\"[^>]*>(.*?)</a>", Pattern.DOTALL);
  private static final Pattern HEADING =
      Pattern.compile("<h[1-3] id=\"([^\"]+)\">(.*?)</h", Pattern.DOTALL);

  private final Path root;
  private final Path target;
  private final Path pages;

  private Site(Path root, Path target) {
    this.root = root;
    this.target = target;
    pages = target.resolve("apidocs/dev.adjoint/doc-files");
  }

  public static void main(String[] args) throws IOException {
    Site site = new Site(Path.of(args[0]).toAbsolutePath().normalize(), Path.of(args[1]));
    site.javadoc(args[2]);
    site.addPages();
  }

  // ---- what javadoc does -----------------------------------------------------------------------

  private void javadoc(String libraries) throws IOException {
    Path documents = target.resolve("documents");
    copy(root.resolve("docs"), documents.resolve("doc-files"));
    List<String> options = new ArrayList<>();
    for (String module : MODULES) {
      String name = module.equals("adjoint") ? "dev.adjoint" : "dev.adjoint." + module;
      Stream<Path> sources =
          Stream.of(
                  root.resolve(module).resolve("src/main/java"),
                  root.resolve(module).resolve("target/generated-sources/derived"),
                  module.equals("adjoint") ? documents : root.resolve("none"))
              .filter(Files::exists);
      options.add("--module-source-path");
      options.add(
          name + "=" + String.join(File.pathSeparator, sources.map(Path::toString).toList()));
      options.add("--module");
      options.add(name);
    }
    options.addAll(
        List.of(
            "--module-path",
            libraries,
            "--add-modules",
            "jdk.incubator.vector",
            "-d",
            target.resolve("apidocs").toString(),
            "-overview",
            Files.writeString(target.resolve("overview.md"), overview()).toString(),
            "--add-stylesheet",
            root.resolve("site/style.css").toString(),
            "-docfilessubdirs",
            "-doctitle",
            "Adjoint",
            "-windowtitle",
            "Adjoint",
            "-encoding",
            "UTF-8",
            "-Xdoclint:all,-missing",
            "-notimestamp",
            "-quiet"));
    ToolProvider javadoc = ToolProvider.findFirst("javadoc").orElseThrow();
    StringWriter said = new StringWriter();
    PrintWriter writer = new PrintWriter(said);
    int result = javadoc.run(writer, writer, options.toArray(String[]::new));
    // That the Vector API incubates is a warning that cannot be turned off, and counted.
    List<String> lines =
        said.toString()
            .lines()
            .filter(line -> !line.contains("[incubating]") && !line.matches("2 warnings"))
            .toList();
    require(result == 0 && lines.isEmpty(), "javadoc: %s", String.join("\n", lines));
  }

  private static void copy(Path from, Path to) throws IOException {
    for (Path file : files(from)) {
      Path copy = to.resolve(from.relativize(file).toString());
      Files.createDirectories(copy.getParent());
      Files.write(copy, Files.readAllBytes(file));
    }
  }

  /** Returns the first page: what is written by hand, and a list of the guides where it says so. */
  private String overview() throws IOException {
    StringBuilder guides = new StringBuilder();
    Function<Path, String> name = file -> file.getFileName().toString().replaceFirst("\\.md$", "");
    Comparator<Path> order =
        Comparator.comparingInt(file ->
            ORDER.contains(name.apply(file)) ? ORDER.indexOf(name.apply(file)) : ORDER.size());
    for (Path guide : files(root.resolve("docs")).stream().sorted(order).toList()) {
      if (guide.toString().endsWith(".md") && guide.getParent().endsWith("docs")) {
        String[] blocks = Files.readString(guide).replace("\r", "").split("\n\n", 3);
        Matcher first = SENTENCE.matcher(blocks[1].replace('\n', ' '));
        guides.append(
            "- [%s](dev.adjoint/doc-files/%s.html)"
                .formatted(blocks[0].substring(2), name.apply(guide)));
        guides
            .append(first.lookingAt() ? ": " + first.group().replaceFirst(":$", ".") : "")
            .append('\n');
      }
    }
    return Files.readString(root.resolve("site/overview.md")).replace("GUIDES", guides);
  }

  // ---- what javadoc does not -------------------------------------------------------------------

  /** Makes links of documents lead to pages, and lets the search find headings. */
  private void addPages() throws IOException {
    StringBuilder headings = new StringBuilder();
    for (Path page : files(pages)) {
      if (page.toString().endsWith(".html")) {
        String text = MathMl.inPage(Files.readString(page));
        if (page.toString().endsWith(".zh.html")) {
          text = text.replaceFirst("lang=\"en\"", "lang=\"zh-Hans\"");
        }
        Files.writeString(
            page,
            LINK.matcher(text).replaceAll(link -> Matcher.quoteReplacement(link(link, page))));
        String title = "";
        for (MatchResult heading : HEADING.matcher(text).results().toList()) {
          String words =
              heading.group(2).replaceAll("<[^>]*>", "").replace("&quot;", "'").replace("\\", "");
          title = title.isEmpty() ? words : title;
          String address =
              "dev.adjoint/doc-files/" + pages.relativize(page).toString().replace('\\', '/');
          headings.append(
              "{\"l\":\"%s\",\"h\":\"%s\",\"u\":\"%s#%s\"},"
                  .formatted(words, title, address, heading.group(1)));
        }
      }
    }
    Path index = target.resolve("apidocs/tag-search-index.js");
    String start = "tagSearchIndex = [";
    String entries = Files.readString(index);
    require(entries.startsWith(start), "expected %s to start with '%s'", index, start);
    Files.writeString(index, start + headings + entries.substring(start.length()));
  }

  /**
   * A link to a document becomes one to its page, a link to a file that is not of the site becomes
   * its words.
   */
  private String link(MatchResult link, Path page) {
    Path to =
        link.group(1).isEmpty()
            ? page
            : page.resolveSibling(link.group(1).replaceFirst("\\.md$", ".html")).normalize();
    if (!to.startsWith(pages)) {
      return to.startsWith(target.resolve("apidocs")) && Files.exists(to)
          ? link.group()
          : link.group(3);
    }
    require(
        Files.exists(to), "%s: a link to '%s'; expected a file that is there", page, link.group(1));
    String address = link.group(1).replaceFirst("\\.md$", ".html");
    return "<a href=\"%s%s\">%s</a>"
        .formatted(
            address,
            link.group(2) == null ? "" : "#" + place(link.group(2), to, page),
            link.group(3));
  }

  /** Returns what javadoc calls a heading that others call by its words. */
  private static String place(String place, Path to, Path page) {
    String name = place.substring(1);
    String text = read(to);
    return text.contains("id=\"%s\"".formatted(name))
        ? name
        : HEADING
            .matcher(text)
            .results()
            .filter(heading ->
                heading
                    .group(2)
                    .replaceAll("<[^>]*>|&\\w+;", "")
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N} _-]", "")
                    .replace(' ', '-')
                    .equals(name))
            .map(heading -> heading.group(1))
            .findFirst()
            .orElseThrow(() ->
                new IllegalStateException(
                    "%s: a link to '%s' in %s; expected a heading".formatted(page, place, to)));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static void require(boolean holds, String message, Object... arguments) {
    if (!holds) {
      throw new IllegalStateException(message.formatted(arguments));
    }
  }
}
