package dev.adjoint.examples;

import dev.adjoint.examples.names.Alphabet;
import dev.adjoint.examples.names.CharacterModel;
import dev.adjoint.examples.names.HiddenNorm;
import dev.adjoint.examples.names.Inventor;
import dev.adjoint.examples.names.Names;
import dev.adjoint.examples.names.Ngrams;
import dev.adjoint.examples.names.Windows;
import dev.adjoint.optim.AdamW;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.training.History;
import dev.adjoint.training.Progress;
import dev.adjoint.training.Trainer;
import dev.adjoint.training.TrainingListener;
import dev.adjoint.training.TrainingReport;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.metric.Classification;
import dev.adjoint.training.metric.Evaluation;
import dev.adjoint.training.report.BarPlot;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Learns the class names of the running JDK, or the lines of a text file, and invents new ones: a
 * character model in the style of Andrej Karpathy's makemore.
 */
@Command(
    name = "class-names",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Learns the class names of the running JDK and invents new ones.")
final class ClassNames extends Example {

  private static final int INVENTED = 20;
  private static final int STEPS = 3600;
  private static final int MOST = 30;
  private static final int BATCH = 512;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description = "Learn the lines of this text file (UTF-8) instead, one item a line.")
  private @Nullable Path data;

  @Option(
      names = "--seed",
      paramLabel = "NUMBER",
      description = "The same seed gives the same names (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--norm",
      paramLabel = "NORM",
      description =
          "How the hidden layer is normalized: ${COMPLETION-CANDIDATES} (default:"
              + " ${DEFAULT-VALUE}).")
  private HiddenNorm norm = HiddenNorm.BATCH;

  @Option(
      names = "--epochs",
      paramLabel = "NUMBER",
      description =
          "How often to see all names (default: as often as takes 3,600 steps, at most 30).")
  private @Nullable Integer epochs;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Where to write the report (default: ${DEFAULT-VALUE}).")
  private Path report = Path.of("target", "class-names.html");

  ClassNames(PrintStream out, boolean terminal) {
    super(out, terminal);
  }

  @Override
  public Integer call() throws IOException {
    if (epochs != null) {
      UsageException.check("--epochs", epochs, 1, 10_000);
    }
    learn(data == null ? Names.ofRunningJdk() : Names.ofFile(data));
    return CommandLine.ExitCode.OK;
  }

  private void learn(Names names) {
    Alphabet alphabet = Alphabet.of(names);
    print(
        "Names: %s, %s, %d different characters%n",
        names.source(), describe(names), alphabet.size() - 1);
    print("Cross-entropy on the latter, in nats per character:%n");
    List<String> judged = List.of("unigram", "bigram", "trigram", "model");
    double[] crossEntropies = new double[judged.size()];
    for (int before = 0; before < judged.size() - 1; before++) {
      Ngrams ngrams = new Ngrams(names.training(), alphabet, before);
      crossEntropies[before] = ngrams.crossEntropy(names.validation());
      print("  %-8s %.3f%n", judged.get(before), crossEntropies[before]);
    }

    Generator generator = Generator.seeded(seed);
    CharacterModel model = new CharacterModel(alphabet.size(), norm, generator);
    TrainingReport told = TrainingReport.of(model, "Class names").writeTo(report);
    double crossEntropy = train(model, names, alphabet, told);
    crossEntropies[judged.size() - 1] = crossEntropy;
    print("  %-8s %.3f%n", "model", crossEntropy);

    Set<String> known = new HashSet<>(names.training());
    known.addAll(names.validation());
    print("Invented:%n");
    List<String> invented = new Inventor(model, alphabet, generator).invent(INVENTED, known);
    invented.forEach(name -> print("  %s%n", name));
    told.fact("data", names.source())
        .fact("names", describe(names))
        .fact("norm", norm.name().toLowerCase(Locale.ROOT))
        .fact("seed", Long.toString(seed))
        .result(page ->
            page.heading("Invented")
                .paragraph("None of these is among the names above.")
                .items(invented)
                .heading("Beside counting")
                .plot(
                    new BarPlot("Cross-entropy", "nats per character", judged)
                        .bars("cross-entropy", crossEntropies),
                    "On names that were held back; lower is better. An n-gram predicts a character"
                        + " by counting what followed the n - 1 before it."))
        .write();
    print("The report is %s%n", report);
  }

  private static String describe(Names names) {
    return String.format(
        Locale.ROOT,
        "%,d to learn from, %,d to be judged by",
        names.training().size(),
        names.validation().size());
  }

  /** Trains and returns the cross-entropy on the names that were held back. */
  private double train(
      CharacterModel model, Names names, Alphabet alphabet, TrainingListener told) {
    Windows windows = new Windows(names.training(), alphabet, CharacterModel.CONTEXT);
    Windows held = new Windows(names.validation(), alphabet, CharacterModel.CONTEXT);
    int batch = Math.min(BATCH, windows.size());
    DataLoader<IntTensor, IntTensor> loader =
        new DataLoader<>(windows, batch).shuffle(seed).dropLast();
    int passes =
        epochs != null
            ? epochs
            : Math.clamp(Math.round((double) STEPS / loader.batches()), 1, MOST);
    int steps = passes * loader.batches();
    AdamW adam = new AdamW(model.namedParameters());
    adam.learningRate(4e-3).schedule(Rates.risingAndFalling(steps, 30));
    print(
        "Training %,d parameters, %,d steps of %d characters:%n",
        model.parameters().stream().mapToInt(parameter -> parameter.shape().size()).sum(),
        steps,
        batch);
    History history =
        new Trainer<IntTensor, IntTensor>(model, adam, model::loss)
            .validation(
                new DataLoader<>(held, 4096),
                new Evaluation<>(model, model::forward, Classification.crossEntropy()))
            .listener(Progress.to(out, terminal))
            .listener(told)
            .fit(loader, passes);
    return history.metric("validation cross-entropy").getLast();
  }
}
