package dev.adjoint.examples;

import dev.adjoint.examples.names.Alphabet;
import dev.adjoint.examples.names.Names;
import dev.adjoint.examples.names.Ngrams;
import dev.adjoint.examples.text.Corpus;
import dev.adjoint.examples.text.Pieces;
import dev.adjoint.examples.text.Stretches;
import dev.adjoint.examples.text.TextModel;
import dev.adjoint.optim.AdamW;
import dev.adjoint.optim.Clipping;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.training.BestModel;
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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Learns a text word by word with a transformer, and writes one. */
@Command(
    name = "text",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Learns the documentation of this project, or any text, and writes more of it.")
final class Text extends Example {

  private static final int BATCH = 16;

  /** A word that occurs so many times is a piece of its own. */
  private static final int OFTEN = 2;

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
  private int steps = 1000;

  @Option(
      names = "--length",
      paramLabel = "NUMBER",
      description = "How many words or marks to write (default: ${DEFAULT-VALUE}).")
  private int length = 300;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Where to write the report (default: ${DEFAULT-VALUE}).")
  private Path report = Path.of("target", "text.html");

  Text(PrintStream out, boolean terminal) {
    super(out, terminal);
  }

  @Override
  public Integer call() throws IOException {
    UsageException.check("--steps", steps, 1, 1_000_000);
    UsageException.check("--length", length, 1, 1_000_000);
    learn(data == null ? Corpus.ofDocumentation(Path.of("")) : Corpus.ofFile(data));
    return CommandLine.ExitCode.OK;
  }

  private void learn(Corpus corpus) {
    List<String> training = List.of(corpus.training());
    List<String> validation = List.of(corpus.validation());
    Alphabet alphabet = Alphabet.of(new Names(corpus.source(), training, validation));
    Pieces pieces = Pieces.of(corpus.training() + corpus.validation(), OFTEN);
    String size =
        String.format(
            Locale.ROOT,
            "%,d characters to learn from, %,d to be judged by",
            corpus.training().length(),
            corpus.validation().length());
    print(
        "Text: %s, %s, %d different ones; with frequent words %,d pieces%n",
        corpus.source(), size, alphabet.size() - 1, pieces.size());
    print("Bits per character of the latter:%n");
    List<String> judged = new ArrayList<>();
    List<Double> bits = new ArrayList<>();
    for (int before = 0; before < 5; before++) {
      judged.add(Integer.toString(before));
      bits.add(bits(new Ngrams(training, alphabet, before).crossEntropy(validation)));
      print("  counted after %d before it  %.3f%n", before, bits.getLast());
    }
    Generator generator = Generator.seeded(seed);
    TextModel model = new TextModel(pieces.size(), generator);
    TrainingReport told = TrainingReport.of(model, "A text").writeTo(report);
    int[] held = pieces.encode(corpus.validation());
    double crossEntropy = train(model, pieces.encode(corpus.training()), held, told);
    judged.add("model");
    bits.add(bits(crossEntropy) * held.length / corpus.validation().length());
    print("  transformer               %.3f%n", bits.getLast());

    int[] start = pieces.encode(corpus.validation().contains("\n") ? "\n" : " ");
    String text = pieces.decode(model.continued(start, length, generator));
    int end = text.lastIndexOf('\n'); // the last line is not finished, unless it is the only one
    List<String> lines =
        text.substring(0, end > 0 ? end : text.length())
            .lines()
            .filter(line -> !line.isBlank())
            .toList();
    print("Written:%n");
    lines.forEach(line -> print("  %s%n", line));
    long copied = lines.stream().filter(corpus.training()::contains).count();
    String own =
        "Lines that are in the text that it has learned from: %d of %d."
            .formatted(copied, lines.size());
    print("%s%n", own);
    told.answer(
            "bits per character, the best of counting %.3f"
                .formatted(Collections.min(bits.subList(0, bits.size() - 1))),
            "%.3f".formatted(bits.getLast()))
        .fact("data", corpus.source())
        .fact("characters", size)
        .fact("seed", Long.toString(seed))
        .result(page ->
            page.heading("Written")
                .paragraph(own)
                .items(lines)
                .heading("Beside counting")
                .plot(
                    new BarPlot("Bits per character", "bits", judged)
                        .bars("bits", bits.stream().mapToDouble(Double::doubleValue).toArray()),
                    "On text that was held back; lower is better. Counting predicts a character"
                        + " from so many before it."))
        .write();
    print("The report is %s%n", report);
  }

  /** Trains and returns the cross-entropy of a piece of the text that was held back. */
  private double train(TextModel model, int[] training, int[] validation, TrainingListener told) {
    DataLoader<IntTensor, IntTensor> loader =
        new DataLoader<>(new Stretches(training, TextModel.CONTEXT, STRIDE), BATCH)
            .shuffle(seed)
            .dropLast();
    DataLoader<IntTensor, IntTensor> held =
        new DataLoader<>(new Stretches(validation, TextModel.CONTEXT, TextModel.CONTEXT), BATCH);
    int epochs = Math.max(1, Math.round((float) steps / loader.batches()));
    int all = epochs * loader.batches();
    AdamW adam = new AdamW(model.namedParameters());
    adam.learningRate(5e-3).schedule(Rates.risingAndFalling(all, 20));
    print(
        "Training %,d parameters, %,d steps of %,d pieces; cross-entropy of a piece in nats:%n",
        model.parameters().stream().mapToInt(parameter -> parameter.shape().size()).sum(),
        all,
        BATCH * TextModel.CONTEXT);
    BestModel best = BestModel.of(model, "validation cross-entropy");
    new Trainer<IntTensor, IntTensor>(model, adam, model::loss)
        .gradients(gradients -> Clipping.clipNorm(gradients, 1))
        .validation(held, new Evaluation<>(model, model::forward, Classification.crossEntropy()))
        .listener(Progress.to(out, terminal))
        .listener(best)
        .listener(told)
        .fit(loader, epochs);
    return best.best();
  }

  private static double bits(double nats) {
    return nats / Math.log(2);
  }
}
