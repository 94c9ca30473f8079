package dev.adjoint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.norm.RunningNorm;
import dev.adjoint.optim.Adam;
import dev.adjoint.optim.Clipping;
import dev.adjoint.optim.Lookahead;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.optim.ReduceOnPlateau;
import dev.adjoint.optim.SAM;
import dev.adjoint.optim.ScheduleFreeAdamW;
import dev.adjoint.optim.WeightAverage;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.metric.Classification;
import dev.adjoint.training.metric.Evaluation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models are measured, kept and left with other weights than those that learn. */
class AveragingTest {

  @TempDir Path directory;

  private static Evaluation<Tensor, IntTensor> accuracy(Problem problem) {
    return new Evaluation<>(problem.model, problem.model::forward, Classification.accuracy());
  }

  private static Trainer<Tensor, IntTensor> trainer(Problem problem, Optimizer optimizer) {
    return new Trainer<>(problem.model, optimizer, problem::loss);
  }

  private static Map<String, String> bits(Map<String, Tensor> state) {
    Map<String, String> bits = new HashMap<>();
    state.forEach((name, tensor) -> bits.put(name, Arrays.toString(tensor.toDoubleArray())));
    return bits;
  }

  private static double loss(Problem problem) {
    Batch<Tensor, IntTensor> all = problem.loader.dataset().all();
    return problem.model.inEval(() -> problem.loss(all).item());
  }

  @Test
  void averagesAreWhatOneWouldKeepByHand() {
    Problem byHand = new Problem();
    WeightAverage expected = new WeightAverage(byHand.model.namedParameters()).decay(0.9);
    List<Double> losses = new ArrayList<>();
    for (int epoch = 0; epoch < 3; epoch++) {
      for (Batch<Tensor, IntTensor> batch : byHand.loader.epoch(epoch)) {
        byHand.adam.step(byHand.loss(batch).backward());
        expected.update();
      }
      Map<String, Tensor> buffers = byHand.model.state();
      losses.add(
          expected.swappedIn(() -> {
            recalibrate(byHand);
            return loss(byHand);
          }));
      byHand.model.load(buffers);
    }
    expected.assign();
    recalibrate(byHand);

    Problem problem = new Problem();
    WeightAverage average = new WeightAverage(problem.model.namedParameters()).decay(0.9);
    List<Double> measured = new ArrayList<>();
    problem
        .trainer()
        .listener(Averaging.of(average))
        .listener(Recalibration.of(problem.model, problem.loader, problem.model::forward))
        .listener(
            new TrainingListener() {
              @Override
              public void epochEnded(Training training, Epoch epoch) {
                measured.add(loss(problem));
              }
            })
        .fit(problem.loader, 3);
    assertThat(measured).isEqualTo(losses);
    assertThat(bits(problem.model.state())).isEqualTo(bits(byHand.model.state()));
  }

  private static void recalibrate(Problem problem) {
    RunningNorm.recalibrate(
        problem.model,
        () -> problem.loader.epoch(0).forEach(batch -> problem.model.forward(batch.inputs())));
  }

  @Test
  void theBestModelIsOneOfAverages() {
    Problem problem = new Problem();
    BestModel best = BestModel.of(problem.model, "validation accuracy");
    problem
        .trainer()
        .validation(problem.loader, accuracy(problem))
        .listener(Averaging.of(new WeightAverage(problem.model.namedParameters())).from(5))
        .listener(Recalibration.of(problem.model, problem.loader, problem.model::forward))
        .listener(best)
        .fit(problem.loader, 6);
    assertThat(problem.accuracy()).isCloseTo(best.best(), within(1e-6));
  }

  @Test
  void everyOptimizerGoesOnFromItsCheckpointWithTheSameBits() {
    goesOn("lookahead", p -> new Lookahead(p.adam).steps(3));
    goesOn("sam", p -> new SAM(p.adam));
    goesOn("free", p -> new ScheduleFreeAdamW(p.model.namedParameters()).learningRate(0.03));
  }

  private void goesOn(String name, Function<Problem, Optimizer> made) {
    Problem whole = new Problem();
    trained(whole, made, "whole-" + name, 4);
    trained(new Problem(), made, name, 2);
    Problem resumed = new Problem();
    trained(resumed, made, name, 4);
    assertThat(bits(resumed.model.state())).as(name).isEqualTo(bits(whole.model.state()));
    assertThat(resumed.accuracy()).as(name).isGreaterThan(0.7);
  }

  private void trained(Problem p, Function<Problem, Optimizer> made, String name, int epochs) {
    trainer(p, made.apply(p))
        .gradients(g -> Clipping.clipNorm(g, 10))
        .validation(p.loader, accuracy(p))
        .listener(Averaging.of(new WeightAverage(p.model.namedParameters()).decay(0.8)).every(2))
        .checkpoint(Checkpoint.at(directory.resolve(name)).with("dropout", p.dropout), 5)
        .fit(p.loader, epochs);
  }

  @Test
  void measuringDoesNotChangeWhatIsLearned() {
    Problem measured = new Problem();
    ScheduleFreeAdamW one = new ScheduleFreeAdamW(measured.model.namedParameters());
    List<String> states = new ArrayList<>();
    trainer(measured, one)
        .validation(measured.loader, accuracy(measured))
        .listener(Recalibration.of(measured.model, measured.loader, measured.model::forward))
        .listener(
            new TrainingListener() {
              @Override
              public void epochEnded(Training training, Epoch epoch) {
                states.add(bits(measured.model.state()).toString());
              }
            })
        .fit(measured.loader, 2);
    assertThat(states.getLast()).isEqualTo(bits(measured.model.state()).toString());
    one.train();
    Problem byHand = new Problem();
    ScheduleFreeAdamW other = new ScheduleFreeAdamW(byHand.model.namedParameters());
    for (int epoch = 0; epoch < 2; epoch++) {
      for (Batch<Tensor, IntTensor> batch : byHand.loader.epoch(epoch)) {
        other.step(byHand.loss(batch).backward());
      }
    }
    assertThat(bits(one.state())).isEqualTo(bits(other.state()));
    for (int i = 0; i < byHand.model.parameters().size(); i++) {
      Parameter p = byHand.model.parameters().get(i);
      assertThat(measured.model.parameters().get(i).value().toFloatArray())
          .isEqualTo(p.value().toFloatArray());
    }
  }

  @Test
  void aSecondLookOfSAMLeavesTheRunningStatistics() {
    Problem problem = new Problem();
    trainer(problem, new SAM(problem.adam)).fit(problem.loader, 1);
    assertThat(problem.model.state().get("1.num_batches_tracked").item())
        .isEqualTo(problem.loader.batches());
  }

  @Test
  void aPlateauIsToldOfItsMetricAndSaved() {
    Problem problem = new Problem();
    ReduceOnPlateau plateau = new ReduceOnPlateau().patience(0).gamma(0.5).absoluteThreshold(1);
    Adam adam = problem.adam.schedule(plateau);
    Checkpoint checkpoint = Checkpoint.at(directory.resolve("plateau"));
    for (int epochs = 2; epochs <= 3; epochs++) {
      trainer(problem, adam)
          .validation(problem.loader, accuracy(problem))
          .listener(Plateau.on("validation accuracy", plateau))
          .checkpoint(checkpoint, 100)
          .fit(problem.loader, epochs);
    }
    // No accuracy is better by 1 than the first: each later epoch halves the rate.
    assertThat(plateau.factor(0)).isEqualTo(0.25);
    ReduceOnPlateau fresh = new ReduceOnPlateau().patience(0).gamma(0.5).absoluteThreshold(1);
    trainer(problem, adam)
        .validation(problem.loader, accuracy(problem))
        .listener(Plateau.on("validation accuracy", fresh))
        .checkpoint(checkpoint, 100)
        .fit(problem.loader, 3);
    assertThat(fresh.factor(0)).isEqualTo(0.25);
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            trainer(problem, adam).listener(Plateau.on("accuracy", plateau)).fit(problem.loader, 1))
        .withMessage("Plateau: no metric 'accuracy'; expected one of [loss]");
  }

  @Test
  void badSettingsAreNamed() {
    Averaging averaging = Averaging.of(new WeightAverage(new Problem().model.namedParameters()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> averaging.every(0))
        .withMessage("every: 0; expected at least 1");
    assertThatIllegalArgumentException().isThrownBy(() -> averaging.from(-1));
  }
}
