package com.example.starter;

import module dev.adjoint;
import module java.base;

/** Trains the model and saves it, with all that a service needs, as one file. */
public final class Train {

  private static final int HIDDEN = 32;
  private static final long SEED = 1;

  private Train() {}

  /** Trains on the CSV file that is the first argument, or on one that it draws. */
  public static void main(String[] args) throws IOException {
    Path csv = Path.of(args.length > 0 ? args[0] : "target/customers.csv");
    if (args.length == 0) {
      Customers.write(csv, 2000, Generator.seeded(SEED));
    }
    Table<IntTensor> table = Customers.read(csv);
    Sequential model = model(table.features().size(), table.labels().size());
    Path file = Path.of("churn.safetensors");
    train(
            table,
            model,
            10,
            Progress.to(System.out),
            TrainingReport.of(model, "Churn").writeTo(Path.of("target/report.html")))
        .save(file);
    System.out.println("saved as " + file);
  }

  /** A network with batch norm. It is made of layers that every service knows. */
  static Sequential model(int features, int classes) {
    Generator generator = Generator.seeded(SEED);
    return new Sequential(
        new Linear(features, HIDDEN, generator).withoutBias(),
        new BatchNorm(HIDDEN),
        Activation.RELU,
        new Linear(HIDDEN, HIDDEN, generator).withoutBias(),
        new BatchNorm(HIDDEN),
        Activation.RELU,
        new Linear(HIDDEN, classes, generator));
  }

  /** Trains on four fifths of the rows; the others measure how well it does. */
  static Predictor train(
      Table<IntTensor> table, Sequential model, int epochs, TrainingListener... listeners) {
    // One seed decides what is drawn: the same seed gives the same file, bit by bit.
    Dataset.Split<Tensor, IntTensor> split = table.dataset().split(0.8, Generator.seeded(SEED));
    Dataset<Tensor, IntTensor> rows = split.first();
    // Means and deviations are those of the rows to learn from, and of no others.
    Standardization standardization = Standardization.fit(rows.all().inputs());

    DataLoader<Tensor, IntTensor> training =
        new DataLoader<>(rows.mapInputs(standardization::forward), 32).shuffle(SEED).dropLast();
    AdamW adam = new AdamW(model.namedParameters());
    adam.learningRate(3e-3).schedule(Schedule.cosine(epochs * training.batches()));
    Trainer<Tensor, IntTensor> trainer =
        new Trainer<Tensor, IntTensor>(
                model,
                adam,
                batch -> Losses.crossEntropy(model.forward(batch.inputs()), batch.targets()))
            .validation(
                new DataLoader<>(split.second().mapInputs(standardization::forward), 1000),
                new Evaluation<>(model, model::forward, Classification.accuracy()));
    for (TrainingListener listener : listeners) {
      trainer.listener(listener);
    }
    trainer.fit(training, epochs);

    return Predictor.of(standardization, model)
        .columns(table.schema().columns())
        .labels(table.labels().toArray(String[]::new));
  }
}
