package dev.adjoint.examples.documents;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** A compact source file, compiled in memory against what this JVM runs with, and run in it. */
final class Program {

  private static final Set<String> MODULES =
      Set.of("dev.adjoint", "dev.adjoint.explain", "dev.adjoint.onnx", "dev.adjoint.testing");

  private static final List<String> OPTIONS =
      List.of(
          "--module-path",
          modulePath(),
          "--add-modules",
          String.join(",", MODULES),
          "-parameters",
          "-g",
          "-proc:none",
          "-nowarn");

  private final Method main;

  private Program(Method main) {
    this.main = main;
  }

  /** Returns where on the class path the modules are, and what they require. */
  static String modulePath() {
    ModuleFinder all =
        ModuleFinder.of(
            Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .toArray(Path[]::new));
    Map<String, String> found = new LinkedHashMap<>();
    Deque<String> open = new ArrayDeque<>(MODULES);
    for (String name; (name = open.poll()) != null; ) {
      ModuleReference module = all.find(name).orElse(null);
      if (module != null && !found.containsKey(name)) {
        found.put(name, Path.of(module.location().orElseThrow()).toString());
        module.descriptor().requires().forEach(required -> open.add(required.name()));
      }
    }
    return String.join(File.pathSeparator, found.values());
  }

  /**
   * Compiles programs, by the names of their classes, at once.
   *
   * @throws AssertionError with the messages of the compiler
   */
  static Map<String, Program> compile(Map<String, String> sources)
      throws ReflectiveOperationException {
    ClassLoader loader = loader(sources);
    Map<String, Program> programs = new HashMap<>();
    for (String name : sources.keySet()) {
      Method main = loader.loadClass(name).getDeclaredMethod("main");
      main.setAccessible(true);
      programs.put(name, new Program(main));
    }
    return programs;
  }

  /**
   * Returns a loader of compiled sources.
   *
   * @param sources by the names of their classes
   * @throws AssertionError with the messages of the compiler
   */
  static ClassLoader loader(Map<String, String> sources) {
    Map<String, byte[]> classes = sources.isEmpty() ? Map.of() : compileAll(sources);
    return new ClassLoader(Program.class.getClassLoader()) {
      @Override
      protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] bytes = classes.get(name);
        if (bytes == null) {
          throw new ClassNotFoundException(name);
        }
        return defineClass(name, bytes, 0, bytes.length);
      }
    };
  }

  private static Map<String, byte[]> compileAll(Map<String, String> sources) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
    Map<String, ByteArrayOutputStream> classes = new HashMap<>();
    JavaFileManager files =
        new ForwardingJavaFileManager<JavaFileManager>(
            compiler.getStandardFileManager(problems, Locale.ROOT, StandardCharsets.UTF_8)) {
          @Override
          public JavaFileObject getJavaFileForOutput(
              Location location, String name, JavaFileObject.Kind kind, FileObject of) {
            return new SimpleJavaFileObject(URI.create("memory:///" + name), kind) {
              @Override
              public OutputStream openOutputStream() {
                return classes.computeIfAbsent(name, _ -> new ByteArrayOutputStream());
              }
            };
          }
        };
    List<SimpleJavaFileObject> units =
        sources.entrySet().stream().map(entry -> source(entry.getKey(), entry.getValue())).toList();
    if (!compiler.getTask(null, files, problems, OPTIONS, null, units).call()) {
      throw new AssertionError(
          problems.getDiagnostics().stream()
              .map(problem ->
                  "line %d: %s".formatted(problem.getLineNumber(), problem.getMessage(Locale.ROOT)))
              .collect(Collectors.joining("\n")));
    }
    return classes.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().toByteArray()));
  }

  private static SimpleJavaFileObject source(String className, String text) {
    URI uri = URI.create("memory:///" + className.replace('.', '/') + ".java");
    return new SimpleJavaFileObject(uri, JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return text;
      }
    };
  }

  /** Runs the program; returns what it prints. */
  String run() throws IOException {
    PrintStream before = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
      System.setOut(out);
      Constructor<?> constructor = main.getDeclaringClass().getDeclaredConstructor();
      constructor.setAccessible(true);
      main.invoke(constructor.newInstance());
    } catch (InvocationTargetException e) {
      throw new AssertionError("the program threw: " + e.getCause(), e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IOException(e);
    } finally {
      System.setOut(before);
    }
    return printed.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
  }
}
