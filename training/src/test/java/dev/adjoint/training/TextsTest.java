package dev.adjoint.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.StateMapping;
import dev.adjoint.nn.inspect.Invariances;
import dev.adjoint.nn.predict.BatchedPredictor;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.nn.sequence.KeyValueCache;
import dev.adjoint.nn.sequence.WordPiece;
import dev.adjoint.optim.GradientNoise;
import dev.adjoint.optim.ReduceOnPlateau;
import dev.adjoint.optim.WeightAverage;
import dev.adjoint.tensor.Generator;
import dev.adjoint.training.data.Folds;
import dev.adjoint.training.metric.Classification;
import dev.adjoint.training.metric.Evaluation;
import dev.adjoint.training.metric.Goal;
import dev.adjoint.training.report.LinePlot;
import dev.adjoint.training.report.Page;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What is printed of the objects that a training is put together from. */
class TextsTest {

  private final Problem problem = new Problem();

  private Map<String, Object> objects() {
    Path path = Path.of("runs");
    Map<String, Object> objects = new TreeMap<>();
    objects.put(
        "Trainer of Sequential(5) by Adam of 6 parameters, learning rate 0.03, weight decay 0.0,"
            + " after 0 steps, gives [loss, validation loss]",
        problem.trainer().validation(problem.loader));
    objects.put(
        "Evaluation of Sequential(5) by [accuracy]",
        new Evaluation<>(problem.model, problem.model::forward, Classification.accuracy()));
    objects.put(
        "TrainingReport 'Digits' of Sequential(5), after 0 steps, written to runs",
        TrainingReport.of(problem.model, "Digits").writeTo(path));
    objects.put(
        "EarlyStopping by 'loss', patience 12, 0 epochs since",
        EarlyStopping.on("loss").patience(12));
    objects.put("BestModel by 'loss'", BestModel.of(problem.model, "loss"));
    objects.put(
        "Plateau by 'loss', ReduceOnPlateau with factor 1.0, best NaN, 0 times no better",
        Plateau.on("loss", new ReduceOnPlateau()));
    objects.put(
        "Averaging every 1 steps from step 0: WeightAverage of 6 parameters, decay 0.999, after 0"
            + " updates",
        Averaging.of(new WeightAverage(problem.model.namedParameters())));
    objects.put("TensorBoard of Sequential(5) in runs", TensorBoard.of(problem.model, path));
    objects.put(
        "Checkpoint runs of [model, optimizer]",
        Checkpoint.at(path).with("model", problem.model).with("optimizer", problem.adam));
    objects.put(
        "Search for the highest 'accuracy' over [width]",
        new Search("accuracy", Goal.MAXIMIZE).choice("width", 8, 16));
    objects.put("5 folds of 12 examples", Folds.random(12, 5, Generator.seeded(1)));
    objects.put("LinePlot 'Loss'", new LinePlot("Loss", "step", ""));
    objects.put("Page 'Digits'", new Page("Digits"));
    objects.put("Progress in plain lines", Progress.to(System.out, false));
    objects.put(
        "Recalibration of Sequential(5)",
        Recalibration.of(problem.model, problem.loader, problem.model::forward));
    objects.put("KeyValueCache with 0 of 12 positions", new KeyValueCache(12));
    objects.put("StateMapping with 1 rules", new StateMapping().drop("pooler.*"));
    objects.put(
        "WordPiece of 4 pieces", new WordPiece(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]")));
    objects.put(
        "Invariances of norm", Invariances.of(new Linear(2, 3, problem.dropout)).named("norm"));
    objects.put(
        "GradientNoise with eta 0.01, gamma 0.55, after 0 steps",
        new GradientNoise(Generator.seeded(1)));
    objects.put(
        "GradientCheck of 1 inputs and 0 parameters, order 1, every element, tolerance 1e-06"
            + " relative, resolution 1e-02",
        GradientCheck.of(x -> x[0].exp()).at(1.0));
    objects.put(
        "Linear of [in, out, weight, bias]", new Linear(2, 3, problem.dropout).description());
    objects.put(
        "BatchedPredictor of at most 64 examples, after PT0.001S, with 1024 requests waiting at"
            + " most",
        new BatchedPredictor(Predictor.of(new Linear(2, 3, problem.dropout))));
    return objects;
  }

  @Test
  void whatATrainingIsMadeOfSaysWhatItIsInAnyLocale() {
    Locale before = Locale.getDefault();
    for (Locale locale : new Locale[] {Locale.ROOT, Locale.of("fa")}) { // of other digits
      Locale.setDefault(locale);
      try {
        objects().forEach((text, object) -> assertThat(object).hasToString(text));
      } finally {
        Locale.setDefault(before);
      }
    }
  }

  @Test
  void theBestValueIsPrinted() {
    BestModel best = BestModel.of(problem.model, "loss");
    EarlyStopping stopping = EarlyStopping.on("loss");
    problem.trainer().listener(best).listener(stopping).fit(problem.loader, 2);
    assertThat(best.toString()).matches("BestModel by 'loss', best 0\\.\\d+ in epoch [01]");
    assertThat(stopping.toString())
        .matches("EarlyStopping by 'loss', best 0\\.\\d+, patience 10, [01] epochs since");
  }
}
