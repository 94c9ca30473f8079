package dev.adjoint.examples;

import dev.adjoint.examples.names.Alphabet;
import dev.adjoint.examples.names.CharacterModel;
import dev.adjoint.examples.names.Inventor;
import dev.adjoint.examples.names.Names;
import dev.adjoint.examples.names.Ngrams;
import dev.adjoint.examples.names.ProgressLine;
import dev.adjoint.examples.names.Training;
import dev.adjoint.examples.names.Windows;
import dev.adjoint.tensor.Generator;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
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
final class ClassNames implements Callable<Integer> {

  private static final int INVENTED = 20;
  private static final int MOST_PASSES = 30;
  private static final int REPORTS = 8;

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
      names = "--steps",
      paramLabel = "NUMBER",
      description = "How long to train, at most (default: ${DEFAULT-VALUE}).")
  private int steps = 3600;

  private final PrintStream out;
  private final boolean terminal;

  /** Creates the program with where it prints, and whether a line can be written over there. */
  ClassNames(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    if (steps < 1) {
      throw new UsageException("--steps %d: expected at least 1".formatted(steps));
    }
    learn(data == null ? Names.ofRunningJdk() : Names.ofFile(data));
    return CommandLine.ExitCode.OK;
  }

  private void learn(Names names) {
    Alphabet alphabet = Alphabet.of(names);
    print(
        "Names: %s, %,d to learn from, %,d to be judged by, %d different characters%n",
        names.source(), names.training().size(), names.validation().size(), alphabet.size() - 1);
    print("Cross-entropy on the latter, in nats per character:%n");
    List<String> baselines = List.of("unigram", "bigram", "trigram");
    for (int before = 0; before < baselines.size(); before++) {
      Ngrams ngrams = new Ngrams(names.training(), alphabet, before);
      print("  %-8s %.3f%n", baselines.get(before), ngrams.crossEntropy(names.validation()));
    }

    Generator generator = Generator.seeded(seed);
    CharacterModel model = new CharacterModel(alphabet.size(), generator);
    double crossEntropy = train(model, names, alphabet, generator);
    print("  %-8s %.3f%n", "model", crossEntropy);

    Set<String> known = new HashSet<>(names.training());
    known.addAll(names.validation());
    print("Invented:%n");
    new Inventor(model, alphabet, generator)
        .invent(INVENTED, known)
        .forEach(name -> print("  %s%n", name));
  }

  /** Trains and returns the cross-entropy on the names that were held back. */
  private double train(CharacterModel model, Names names, Alphabet alphabet, Generator generator) {
    Windows training = new Windows(names.training(), alphabet, CharacterModel.CONTEXT);
    Windows validation = new Windows(names.validation(), alphabet, CharacterModel.CONTEXT);
    Training trainer = new Training(model, training, generator);
    int count =
        (int) Math.min(steps, (long) MOST_PASSES * Math.ceilDiv(training.size(), trainer.batch()));
    print(
        "Training %,d parameters, %,d steps of %d characters:%n",
        model.parameters().stream().mapToInt(parameter -> parameter.shape().size()).sum(),
        count,
        trainer.batch());
    ProgressLine progress = new ProgressLine(out, terminal, count, trainer.batch());
    double crossEntropy = Double.NaN;
    for (int step = 0; step < count; step++) {
      progress.step(step + 1, trainer.step((double) step / count));
      if ((step + 1L) * REPORTS / count > (long) step * REPORTS / count) {
        crossEntropy = model.crossEntropy(validation);
        progress.validation(step + 1, crossEntropy);
      }
    }
    return crossEntropy;
  }

  @SuppressWarnings("AnnotateFormatMethod") // that annotation is Error Prone's own
  private void print(String format, Object... arguments) {
    out.printf(Locale.ROOT, format, arguments);
  }
}
