package dev.adjoint.examples.search;

import static java.util.stream.Collectors.joining;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.DocTree;
import com.sun.source.doctree.EntityTree;
import com.sun.source.doctree.LinkTree;
import com.sun.source.doctree.LiteralTree;
import com.sun.source.doctree.ReturnTree;
import com.sun.source.doctree.TextTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** Reads the public methods of an API from a zip file of its sources, as JDKs and jars have one. */
public final class JdkApi {

  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final int FEWEST_WORDS = 3;

  private JdkApi() {}

  /** Returns where this JDK has its sources, if it has them. */
  public static Path ofThisJdk() {
    return Path.of(System.getProperty("java.home"), "lib", "src.zip");
  }

  /**
   * Reads the methods whose documentation begins with a sentence that no other class has, each
   * sentence once.
   *
   * @param sources a zip file, of modules or of packages
   * @param packages what names of packages begin with
   */
  public static List<ApiMethod> read(Path sources, List<String> packages) throws IOException {
    if (!Files.isRegularFile(sources)) {
      throw new NoSuchFileException(
          sources.toString(),
          null,
          "no such file; expected the sources of a JDK, which packages such as openjdk-25-source"
              + " bring, or --sources FILE");
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    if (compiler == null) {
      throw new IOException("this runtime has no compiler, which reads sources; expected a JDK");
    }
    List<JavaFileObject> files = files(sources, packages);
    if (files.isEmpty()) {
      return List.of(); // which the compiler would refuse
    }
    Map<String, List<ApiMethod>> bySentence = new LinkedHashMap<>();
    JavacTask task = (JavacTask) compiler.getTask(null, null, _ -> {}, null, null, files);
    for (CompilationUnitTree unit : task.parse()) {
      new Methods(DocTrees.instance(task), bySentence).scan(unit, null);
    }
    List<ApiMethod> methods = new ArrayList<>();
    for (List<ApiMethod> all : bySentence.values()) {
      if (all.stream().map(ApiMethod::owner).distinct().count() == 1) {
        methods.add(all.getFirst());
      }
    }
    return Collections.unmodifiableList(methods);
  }

  private static List<JavaFileObject> files(Path sources, List<String> packages)
      throws IOException {
    List<JavaFileObject> files = new ArrayList<>();
    try (ZipFile zip = new ZipFile(sources.toFile())) {
      for (ZipEntry entry : Collections.list(zip.entries())) {
        String name = entry.getName().replaceFirst("^(java|jdk)\\.[a-z.]+/", ""); // the module
        boolean wanted =
            name.endsWith(".java")
                && !name.endsWith("-info.java")
                && packages.stream().anyMatch(p -> name.startsWith(p.replace('.', '/') + "/"));
        if (wanted) {
          byte[] text = zip.getInputStream(entry).readAllBytes();
          files.add(new Source(name, new String(text, StandardCharsets.UTF_8)));
        }
      }
    }
    return files;
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String name, String text) {
      super(URI.create("string:///" + name.replace('\\', '/')), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  /** Collects the public methods of public classes. */
  private static final class Methods extends TreePathScanner<@Nullable Void, @Nullable Void> {
    private final DocTrees trees;
    private final Map<String, List<ApiMethod>> bySentence;

    Methods(DocTrees trees, Map<String, List<ApiMethod>> bySentence) {
      this.trees = trees;
      this.bySentence = bySentence;
    }

    @Override
    public @Nullable Void visitClass(ClassTree tree, @Nullable Void nothing) {
      boolean isPublic =
          tree.getModifiers().getFlags().contains(Modifier.PUBLIC)
              || getCurrentPath().getParentPath().getLeaf().getKind() == Tree.Kind.INTERFACE;
      return isPublic ? super.visitClass(tree, null) : null;
    }

    @Override
    public @Nullable Void visitMethod(MethodTree tree, @Nullable Void nothing) {
      TreePath path = getCurrentPath();
      boolean inInterface = path.getParentPath().getLeaf().getKind() == Tree.Kind.INTERFACE;
      boolean isPublic =
          tree.getModifiers().getFlags().contains(Modifier.PUBLIC)
              || (inInterface && !tree.getModifiers().getFlags().contains(Modifier.PRIVATE));
      DocCommentTree documentation = trees.getDocCommentTree(path);
      if (isPublic && tree.getReturnType() != null && documentation != null) {
        String sentence = text(documentation.getFirstSentence());
        if (SPACE.split(sentence).length >= FEWEST_WORDS) {
          bySentence
              .computeIfAbsent(sentence, _ -> new ArrayList<>())
              .add(new ApiMethod(owner(path), call(tree), sentence));
        }
      }
      return null;
    }

    private static String owner(TreePath method) {
      String name = "";
      for (TreePath path = method.getParentPath(); path != null; path = path.getParentPath()) {
        if (path.getLeaf() instanceof ClassTree type) {
          name = "." + type.getSimpleName() + name;
        }
      }
      return method.getCompilationUnit().getPackageName() + name;
    }

    private static String call(MethodTree tree) {
      return tree.getParameters().stream()
          .map(Methods::parameter)
          .collect(joining(", ", tree.getName() + "(", ")"));
    }

    private static String parameter(VariableTree parameter) {
      return parameter.getType() + " " + parameter.getName();
    }

    private String text(List<? extends DocTree> parts) {
      String text = parts.stream().map(this::text).collect(joining());
      return SPACE.matcher(text).replaceAll(" ").strip();
    }

    private String text(DocTree part) {
      return switch (part) {
        case TextTree text -> text.getBody();
        case LiteralTree literal -> literal.getBody().getBody();
        case LinkTree link when link.getLabel().isEmpty() ->
            link.getReference().getSignature().replaceFirst("^#", "").replace('#', '.');
        case LinkTree link -> text(link.getLabel());
        case ReturnTree returned -> "Returns " + text(returned.getDescription()) + ".";
        case EntityTree entity -> String.valueOf(trees.getCharacters(entity));
        default -> " ";
      };
    }
  }
}
