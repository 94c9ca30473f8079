package dev.adjoint.benchmarks;

import dev.adjoint.tensor.DType;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What to measure, from the command line.
 *
 * @param rows a pattern that is looked for in "name size"
 * @param threads numbers of threads, each with columns of its own
 * @param output the file of the table; a log lies beside it
 */
record Options(
    boolean quick,
    boolean check,
    boolean all,
    Pattern rows,
    DType dtype,
    List<Integer> threads,
    Path output) {

  static final String USAGE =
      """
      --quick            short measurements, to look at while developing
      --check            no measurement: only compare what both libraries compute
      --all              more operations and layers than the main ones
      --rows REGEX       only the rows in whose "name size" this is found
      --dtype TYPE       float32 (the default) or float64
      --threads N,M      1 and all cores unless set
      --output FILE      target/benchmarks.md unless set\
      """;

  static Options parse(String... args) {
    boolean quick = false;
    boolean check = false;
    boolean all = false;
    Pattern rows = Pattern.compile("");
    DType dtype = DType.FLOAT32;
    int cores = Runtime.getRuntime().availableProcessors();
    List<Integer> threads = cores == 1 ? List.of(1) : List.of(1, cores);
    Path output = Path.of("target", "benchmarks.md");
    Iterator<String> words = List.of(args).iterator();
    while (words.hasNext()) {
      String word = words.next();
      switch (word) {
        case "--quick" -> quick = true;
        case "--check" -> check = true;
        case "--all" -> all = true;
        case "--rows" -> rows = Pattern.compile(value(word, words));
        case "--dtype" -> dtype = DType.valueOf(value(word, words).toUpperCase(Locale.ROOT));
        case "--threads" ->
            threads = Stream.of(value(word, words).split(",", -1)).map(Integer::valueOf).toList();
        case "--output" -> output = Path.of(value(word, words));
        default ->
            throw new IllegalArgumentException(
                "benchmarks: '%s'; expected%n%s".formatted(word, USAGE));
      }
    }
    return new Options(quick, check, all, rows, dtype, threads, output.toAbsolutePath());
  }

  private static String value(String option, Iterator<String> words) {
    if (!words.hasNext()) {
      throw new IllegalArgumentException("benchmarks: %s has no value".formatted(option));
    }
    return words.next();
  }

  Path log() {
    return output.resolveSibling("benchmarks.log");
  }

  /** Returns how often both libraries are measured, in turn. */
  int rounds() {
    return quick ? 3 : 5;
  }

  double secondsOfRound() {
    return quick ? 0.1 : 0.25;
  }
}
