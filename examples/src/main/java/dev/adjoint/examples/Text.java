package dev.adjoint.examples;

import dev.adjoint.examples.names.Alphabet;
import dev.adjoint.examples.names.Names;
import dev.adjoint.examples.names.Ngrams;
import dev.adjoint.examples.text.Corpus;
import dev.adjoint.examples.text.Stretches;
import dev.adjoint.examples.text.TextModel;
import dev.adjoint.optim.AdamW;
import dev.adjoint.optim.Clipping;
import dev.adjoint.optim.Schedule;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.training.Progress;
import dev.adjoint.training.Trainer;
import dev.adjoint.training.TrainingReport;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.metric.Classification;
import dev.adjoint.training.metric.Evaluation;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Learns a text character by character with a transformer, and writes on. */
@Command(
    name = "text",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Learns the documentation of this project, or any text, and writes on.")
final class Text implements Callable<Integer> {

  private static final int BATCH = 8;
  private static final int STRIDE = 8;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description = "Learn this text file (UTF-8) instead.")
  private @Nullable Path data;

  @Option(
      names = "--seed",
      paramLabel = "NUMBER",
      description = "The same seed gives the same text (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--steps",
      paramLabel = "NUMBER",
      description = "How many steps to learn (default: ${DEFAULT-VALUE}).")
  private int steps = 3000;

  @Option(
      names = "--length",
      paramLabel = "NUMBER",
      description = "How many characters to write (default: ${DEFAULT-VALUE}).")
  private int length = 400;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Where to write the report (default: ${DEFAULT-VALUE}).")
  private Path report = Path.of("target", "text.html");

  private final PrintStream out;
  private final boolean terminal;

  /** Creates the program with where it prints, and whether a line can be written over there. */
  Text(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    if (steps < 1 || length < 0) {
      throw new UsageException(
          "--steps %d --length %d: expected at least 1, and 0".formatted(steps, length));
    }
    learn(data == null ? Corpus.ofDocumentation(Path.of("")) : Corpus.ofFile(data));
    return CommandLine.ExitCode.OK;
  }

  private void learn(Corpus corpus) {
    List<String> training = List.of(corpus.training());
    List<String> validation = List.of(corpus.validation());
    Alphabet alphabet = Alphabet.of(new Names(corpus.source(), training, validation));
    print(
        "Text: %s, %,d characters to learn from, %,d to be judged by, %d different ones%n",
        corpus.source(),
        corpus.training().length(),
        corpus.validation().length(),
        alphabet.size() - 1);
    print("Bits per character of the latter:%n");
    for (int before = 0; before < 5; before++) {
      Ngrams ngrams = new Ngrams(training, alphabet, before);
      print("  counted after %d before it  %.3f%n", before, bits(ngrams.crossEntropy(validation)));
    }
    Generator generator = Generator.seeded(seed);
    TextModel model = new TextModel(alphabet.size(), generator);
    double crossEntropy =
        train(model, alphabet.encode(corpus.training()), alphabet.encode(corpus.validation()));
    print("  transformer               %.3f%n", bits(crossEntropy));

    int[] codes = alphabet.encode(corpus.validation());
    int[] start = Arrays.copyOf(codes, TextModel.CONTEXT);
    int[] written = model.continued(start, length, generator);
    StringBuilder text = new StringBuilder();
    Arrays.stream(written)
        .filter(code -> code != Alphabet.END)
        .forEach(code -> text.append(alphabet.decode(code)));
    print("Written after the first %d characters, which are given:%n%s%n", start.length, text);
    print("The report is %s%n", report);
  }

  /** Trains and returns the cross-entropy on the text that was held back. */
  private double train(TextModel model, int[] training, int[] validation) {
    DataLoader<IntTensor, IntTensor> loader =
        new DataLoader<>(new Stretches(training, TextModel.CONTEXT, STRIDE), BATCH)
            .shuffle(seed)
            .dropLast();
    DataLoader<IntTensor, IntTensor> held =
        new DataLoader<>(new Stretches(validation, TextModel.CONTEXT, TextModel.CONTEXT), BATCH);
    int epochs = Math.max(1, Math.round((float) steps / loader.batches()));
    int all = epochs * loader.batches();
    int rising = Math.max(1, all / 20);
    AdamW adam = new AdamW(model.namedParameters());
    adam.learningRate(5e-3).schedule(Schedule.cosine(all - rising).warmup(rising));
    print(
        "Training %,d parameters, %,d steps of %,d characters; cross-entropy in nats:%n",
        model.parameters().stream().mapToInt(parameter -> parameter.shape().size()).sum(),
        all,
        BATCH * TextModel.CONTEXT);
    return new Trainer<IntTensor, IntTensor>(model, adam, model::loss)
        .gradients(gradients -> Clipping.clipNorm(gradients, 1))
        .validation(held, new Evaluation<>(model, model::forward, Classification.crossEntropy()))
        .listener(Progress.to(out, terminal))
        .listener(TrainingReport.of(model, "A text").writeTo(report))
        .fit(loader, epochs)
        .metric("validation cross-entropy")
        .getLast();
  }

  private static double bits(double nats) {
    return nats / Math.log(2);
  }

  @SuppressWarnings("AnnotateFormatMethod") // that annotation is Error Prone's own
  private void print(String format, Object... arguments) {
    out.printf(Locale.ROOT, format, arguments);
  }
}
