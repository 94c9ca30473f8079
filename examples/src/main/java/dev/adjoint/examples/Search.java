package dev.adjoint.examples;

import dev.adjoint.examples.search.ApiMethod;
import dev.adjoint.examples.search.Comparison;
import dev.adjoint.examples.search.JdkApi;
import dev.adjoint.examples.search.Libraries;
import dev.adjoint.examples.search.Libraries.Engine;
import dev.adjoint.examples.search.Pairs;
import dev.adjoint.examples.search.Recall;
import dev.adjoint.examples.search.SearchIndex;
import dev.adjoint.examples.search.SearchIndex.Hit;
import dev.adjoint.examples.search.SentenceEncoder;
import dev.adjoint.examples.search.Split;
import dev.adjoint.nn.sequence.WordPiece;
import dev.adjoint.optim.AdamW;
import dev.adjoint.training.Progress;
import dev.adjoint.training.Trainer;
import dev.adjoint.training.TrainingReport;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.report.BarPlot;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Searches an API by meaning, by a pretrained encoder that is trained further here. */
@Command(
    name = "search",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Finds methods of the JDK by what they do: a pretrained encoder of sentences learns which",
      "signature belongs to which documentation, and is judged by classes that it has not seen.",
      "Needs the profile search as well, for the encoder and Lucene: -P run,search"
    })
final class Search extends Example {

  private static final String WORDS = "BM25";
  private static final String BEFORE = "encoder as it is";
  private static final String AFTER = "fine-tuned here";
  private static final String HEAD =
      String.format("                      first  of ten  1 / rank%n");
  private static final int FOUND = 3;
  private static final int JUDGED_BY_COMPARISON = 1000;

  private static final List<String> QUESTIONS =
      List.of(
          "wait until another thread has finished",
          "remove spaces at both ends of a text",
          "how many days are between two dates",
          "put the elements of a list into a random order",
          "read a whole file into memory");

  @Option(
      names = "--sources",
      paramLabel = "FILE",
      description = "Search the API of this zip or jar of sources instead of the JDK's src.zip.")
  private Path sources = JdkApi.ofThisJdk();

  @Option(
      names = "--packages",
      split = ",",
      paramLabel = "NAME",
      description = "What names of packages begin with (default: ${DEFAULT-VALUE}).")
  private List<String> packages =
      List.of(
          "java.lang",
          "java.util",
          "java.time",
          "java.io",
          "java.nio",
          "java.net",
          "java.text",
          "java.math");

  @Option(
      names = "--methods",
      paramLabel = "NUMBER",
      description = "Take at most so many methods, of random classes (default: all).")
  private int most = 1_000_000;

  @Option(
      names = "--epochs",
      paramLabel = "NUMBER",
      description = "How often to see each method (default: ${DEFAULT-VALUE}).")
  private int epochs = 1;

  @Option(
      names = "--seeds",
      split = ",",
      paramLabel = "NUMBER",
      description = "Hold out classes and learn by each of these seeds (default: 1).")
  private List<Long> seeds = List.of(1L);

  @Option(
      names = "--compare",
      description =
          "Only compare the encoder's outputs and speed with those of ONNX Runtime;"
              + " -Dadjoint.threads sets the threads of both.")
  private boolean compare;

  @Option(
      names = "--save",
      paramLabel = "FILE",
      description = "Where to write model and index (default: ${DEFAULT-VALUE}).")
  private Path save = Path.of("target", "search.safetensors");

  @Option(
      names = "--open",
      paramLabel = "FILE",
      description = "Only search, by what was saved; needs no profile.")
  private @Nullable Path open;

  @Option(
      names = "--ask",
      paramLabel = "TEXT",
      description = "Answer this question; may be given several times.")
  private List<String> questions = List.of();

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Where to write the report (default: ${DEFAULT-VALUE}).")
  private Path report = Path.of("target", "search.html");

  Search(PrintStream out, boolean terminal) {
    super(out, terminal);
  }

  @Override
  public Integer call() throws IOException {
    UsageException.check("--methods", most, 100, 1_000_000);
    UsageException.check("--epochs", epochs, 1, 1000);
    if (open != null) {
      answer(SearchIndex.load(open));
      return CommandLine.ExitCode.OK;
    }
    Libraries libraries =
        Libraries.find()
            .orElseThrow(() ->
                new UsageException(
                    "no pretrained encoder; expected -P run,search, a profile that gets it (83 MB),"
                        + " Lucene and ONNX Runtime"));
    List<ApiMethod> methods = JdkApi.read(sources, packages);
    if (methods.size() < 100) {
      throw new UsageException(
          "%s: %d documented methods in %s; expected at least 100"
              .formatted(sources, methods.size(), packages));
    }
    WordPiece tokenizer = new WordPiece(libraries.vocabulary());
    if (compare) {
      compare(libraries, tokenizer, methods);
      return CommandLine.ExitCode.OK;
    }
    List<Judged> judged = new ArrayList<>();
    @Nullable SearchIndex index = null;
    for (long seed : seeds) {
      Split split = Split.of(methods, most, seed);
      SentenceEncoder encoder = SentenceEncoder.pretrained(libraries);
      index = learn(split, encoder, tokenizer, libraries, seed, judged);
    }
    if (judged.size() > 1) {
      Judged mean = Judged.mean(judged);
      print("Mean of %d seeds%n%s", judged.size(), HEAD);
      print("%s%s%s", row(WORDS, mean.words), row(BEFORE, mean.before), row(AFTER, mean.after));
    }
    if (index != null) {
      index.save(save);
      print("Model and index are %s; --open asks them again. The report is %s%n", save, report);
      answer(index);
    }
    return CommandLine.ExitCode.OK;
  }

  /** How three ways of searching do. */
  private record Judged(Recall words, Recall before, Recall after) {
    static Judged mean(List<Judged> all) {
      return new Judged(
          Recall.mean(all.stream().map(Judged::words).toList()),
          Recall.mean(all.stream().map(Judged::before).toList()),
          Recall.mean(all.stream().map(Judged::after).toList()));
    }
  }

  private SearchIndex learn(
      Split split,
      SentenceEncoder encoder,
      WordPiece tokenizer,
      Libraries libraries,
      long seed,
      List<Judged> judged)
      throws IOException {
    String size =
        String.format(
            Locale.ROOT,
            "%,d methods to learn from, %,d of %,d other classes to be judged by",
            split.training().size(),
            split.held().size(),
            split.heldClasses());
    print("Seed %d: %s%n", seed, size);
    Recall words = split.recall(libraries);
    Recall before = split.recall(SearchIndex.of(encoder, tokenizer, split.all()));
    print("%s%s%s", HEAD, row(WORDS, words), row(BEFORE, before));
    TrainingReport told =
        TrainingReport.of(encoder, "Search by meaning").writeTo(report).fact("data", size);
    train(encoder, new Pairs(tokenizer, split.training()), seed, told);
    SearchIndex index = SearchIndex.of(encoder, tokenizer, split.all());
    Judged one = new Judged(words, before, split.recall(index));
    judged.add(one);
    print("%s%s", HEAD, row(AFTER, one.after));
    told.answer(
            "recall at 10, of BM25 %.1f%%, before %.1f%%"
                .formatted(100 * words.at10(), 100 * before.at10()),
            "%.1f%%".formatted(100 * one.after.at10()))
        .fact("seed", Long.toString(seed))
        .result(page ->
            page.heading("Beside matching words")
                .plot(
                    new BarPlot("Found", "share", List.of("first", "among ten", "1 / rank"))
                        .bars(WORDS, words.values())
                        .bars(BEFORE, before.values())
                        .bars(AFTER, one.after.values()),
                    "Of the sentences of held out classes, how many find their method among all;"
                        + " higher is better."))
        .write();
    return index;
  }

  private void train(SentenceEncoder encoder, Pairs pairs, long seed, TrainingReport told) {
    encoder.freezeEmbeddings();
    DataLoader<WordPiece.Tokens, WordPiece.Tokens> loader =
        new DataLoader<>(pairs, Pairs.BATCH).shuffle(seed).dropLast();
    AdamW adam = new AdamW(encoder.namedParameters());
    adam.learningRate(1e-4)
        .weightDecay(0.01)
        .schedule(Rates.risingAndFalling(epochs * loader.batches(), 10));
    print("  Training, %,d steps of %d pairs:%n", epochs * loader.batches(), Pairs.BATCH);
    new Trainer<WordPiece.Tokens, WordPiece.Tokens>(encoder, adam, encoder::loss)
        .listener(Progress.to(out, terminal))
        .listener(told)
        .fit(loader, epochs);
  }

  private static String row(String name, Recall recall) {
    return String.format("  %-17s  %s%n", name, recall);
  }

  // ---- questions -------------------------------------------------------------------------------

  private void answer(SearchIndex index) throws IOException {
    boolean asks = terminal && questions.isEmpty();
    for (String question : questions.isEmpty() ? QUESTIONS : questions) {
      print("%s%n", question);
      find(index, question);
    }
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    while (asks) {
      print("What is the method to do? An empty line ends. ");
      String question = in.readLine();
      asks = question != null && !question.isBlank();
      if (asks) {
        find(index, question);
      }
    }
  }

  private void find(SearchIndex index, String question) {
    for (Hit hit : index.find(question, FOUND)) {
      print("  %.2f  %s%n", hit.cosine(), hit.method().signature());
      print("        %s%n", hit.method().sentence());
    }
  }

  private void compare(Libraries libraries, WordPiece tokenizer, List<ApiMethod> methods)
      throws IOException {
    int threads = Integer.getInteger("adjoint.threads", Runtime.getRuntime().availableProcessors());
    List<String> sentences =
        Split.of(methods, 1_000_000, 1).all().stream()
            .map(ApiMethod::sentence)
            .limit(JUDGED_BY_COMPARISON)
            .toList();
    try (Engine runtime = libraries.onnxRuntime(threads)) {
      print(
          "%s%n",
          Comparison.of(
              SentenceEncoder.pretrained(libraries),
              runtime,
              SentenceEncoder.groups(tokenizer, sentences),
              threads));
    }
  }
}
