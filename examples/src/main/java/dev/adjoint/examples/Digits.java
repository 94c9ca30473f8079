package dev.adjoint.examples;

import dev.adjoint.examples.digits.DigitResults;
import dev.adjoint.examples.digits.Handwriting;
import dev.adjoint.examples.digits.Mnist;
import dev.adjoint.examples.digits.TextArt;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Flatten;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.MaxPool2d;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.AdamW;
import dev.adjoint.optim.Schedule;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.Progress;
import dev.adjoint.training.Trainer;
import dev.adjoint.training.TrainingListener;
import dev.adjoint.training.TrainingReport;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.data.Dataset;
import dev.adjoint.training.metric.Classification;
import dev.adjoint.training.metric.Evaluation;
import dev.adjoint.training.report.Page;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Learns to read digits, which it draws itself or reads from MNIST's files, by a small
 * convolutional network, and shows which ones it takes for others.
 */
@Command(
    name = "digits",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Draws digits, learns to read them, and shows its mistakes.")
final class Digits extends Example {

  private static final int TRAINING = 20_000;
  private static final int HELD_BACK = 5_000;
  private static final int BATCH = 128;
  private static final int SHOWN = 3;
  private static final int PAIRS = 5;
  private static final int ON_PAGE = 12;

  @Option(
      names = "--data",
      paramLabel = "DIRECTORY",
      description = {
        "Learn MNIST instead: train-images-idx3-ubyte, train-labels-idx1-ubyte,",
        "t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, each with or without .gz."
      })
  private @Nullable Path data;

  @Option(
      names = "--seed",
      paramLabel = "NUMBER",
      description = "The same seed gives the same result (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--epochs",
      paramLabel = "NUMBER",
      description = "How often to see all digits (default: ${DEFAULT-VALUE}).")
  private int epochs = 3;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Where to write the report (default: ${DEFAULT-VALUE}).")
  private Path report = Path.of("target", "digits.html");

  Digits(PrintStream out, boolean terminal) {
    super(out, terminal);
  }

  @Override
  public Integer call() throws IOException {
    UsageException.check("--epochs", epochs, 1, 10_000);
    Generator generator = Generator.seeded(seed);
    if (data == null) {
      learn(
          Handwriting.digits(TRAINING, generator),
          Handwriting.digits(HELD_BACK, generator),
          generator);
    } else {
      learn(Mnist.read(data, "train"), Mnist.read(data, "t10k"), generator);
    }
    return CommandLine.ExitCode.OK;
  }

  private void learn(
      Dataset<Tensor, IntTensor> digits, Dataset<Tensor, IntTensor> others, Generator generator)
      throws IOException {
    print(
        "Digits: %,d to learn from, %,d to be judged by, such as%n", digits.size(), others.size());
    Batch<Tensor, IntTensor> some = digits.batch(IntTensor.range(Math.min(SHOWN, digits.size())));
    show(
        IntStream.range(0, some.size()).mapToObj(i -> Handwriting.image(some, i)).toList(),
        IntStream.of(some.targets().toArray()).mapToObj(Integer::toString).toList());
    Sequential model = model(generator);
    DataLoader<Tensor, IntTensor> judges = new DataLoader<>(others, 500);
    TrainingReport told =
        TrainingReport.of(model, "Digits")
            .fact(
                "data",
                String.format(
                    Locale.ROOT,
                    "%s, %,d to learn from, %,d to be judged by",
                    data == null ? "drawn by the program" : data,
                    digits.size(),
                    others.size()))
            .fact("seed", Long.toString(seed))
            .writeTo(report);
    train(model, digits, judges, told);
    DigitResults results = DigitResults.of(model, judges);
    tell(results);
    told.answer(
            "read right, of %,d".formatted(others.size()),
            String.format(Locale.ROOT, "%.2f %%", 100 * results.confusion().accuracy()))
        .confusion(results.confusion(), List.of())
        .result(page -> addMistakes(page, results.mistakes()))
        .write();
    print("The report is %s%n", report);
  }

  private static void addMistakes(Page page, List<DigitResults.Mistake> mistakes) {
    if (!mistakes.isEmpty()) {
      page.heading("The mistakes of which it was surest");
      mistakes.stream()
          .limit(ON_PAGE)
          .forEach(m -> page.picture(Handwriting.rows(m.image()), caption(m)));
    }
  }

  private static String caption(DigitResults.Mistake m) {
    return "%d taken for %d, %.0f %%".formatted(m.digit(), m.taken(), 100 * m.confidence());
  }

  private static Sequential model(Generator generator) {
    ConvOptions sameSize = ConvOptions.DEFAULT.padding(1);
    return new Sequential(
        new Conv2d(1, 16, 3, sameSize, generator).withoutBias(),
        new BatchNorm(16),
        Activation.RELU,
        new MaxPool2d(2), // to (n, 16, 14, 14)
        new Conv2d(16, 32, 3, sameSize, generator).withoutBias(),
        new BatchNorm(32),
        Activation.RELU,
        new MaxPool2d(2), // to (n, 32, 7, 7)
        new Flatten(),
        new Linear(32 * 7 * 7, 10, generator));
  }

  private void train(
      Sequential model,
      Dataset<Tensor, IntTensor> digits,
      DataLoader<Tensor, IntTensor> judges,
      TrainingListener told) {
    DataLoader<Tensor, IntTensor> loader =
        new DataLoader<>(digits, Math.min(BATCH, digits.size()))
            .shuffle(seed)
            .dropLast()
            .prefetch(2);
    int steps = epochs * loader.batches();
    AdamW adam = new AdamW(model.namedParameters());
    adam.learningRate(3e-3).schedule(Schedule.cosine(steps));
    print(
        "Training %,d parameters, %,d steps of %d digits:%n",
        model.parameters().stream().mapToInt(parameter -> parameter.shape().size()).sum(),
        steps,
        Math.min(BATCH, digits.size()));
    new Trainer<Tensor, IntTensor>(
            model,
            adam,
            batch -> Losses.crossEntropy(model.forward(batch.inputs()), batch.targets()))
        .validation(judges, new Evaluation<>(model, model::forward, Classification.accuracy()))
        .listener(Progress.to(out, terminal))
        .listener(told)
        .fit(loader, epochs);
  }

  private void tell(DigitResults results) {
    print(
        "Read right: %.2f %%; %d mistakes%n",
        100 * results.confusion().accuracy(), results.mistakes().size());
    results.pairs().stream()
        .limit(PAIRS)
        .forEach(
            pair -> print("  %d taken for %d: %d%n", pair.digit(), pair.taken(), pair.count()));
    List<DigitResults.Mistake> worst = results.mistakes().stream().limit(SHOWN).toList();
    if (!worst.isEmpty()) {
      print("The mistakes of which it was surest:%n");
      show(
          worst.stream().map(DigitResults.Mistake::image).toList(),
          worst.stream().map(Digits::caption).toList());
    }
  }

  private void show(List<Tensor> images, List<String> captions) {
    TextArt.of(images, captions).forEach(line -> print("%s%n", line));
  }
}
