package com.example.starter;

import static dev.adjoint.testing.AdjointAssertions.assertThatLayer;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.testing.RandomTensor;
import dev.adjoint.training.data.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainTest {

  @TempDir Path directory;

  /** Trains for a moment, on a few customers. */
  static Predictor trained(Path directory) throws IOException {
    Path csv = directory.resolve("customers.csv");
    Customers.write(csv, 500, Generator.seeded(2));
    Table<IntTensor> table = Customers.read(csv);
    return Train.train(table, Train.model(table.features().size(), table.labels().size()), 5);
  }

  @Test
  void gradientsOfTheModelAreRight(@RandomTensor(shape = {6, 5}) Tensor x) {
    Sequential model = Train.model(5, 2);
    model.to(DType.FLOAT64); // finite differences need the digits

    assertThatLayer(model).inTraining().onInput(x).hasCorrectGradients();
    assertThatLayer(model).inEval().onInput(x).hasCorrectGradients().isDeterministic();
  }

  @Test
  void theModelLearnsWhoLeaves() throws IOException {
    Predictor predictor = trained(directory);

    assertThat(predictor.classify(Map.of("months", 1, "charges", 95, "contract", "month to month")))
        .isEqualTo("leaves");
    assertThat(predictor.classify(Map.of("months", 50, "charges", 30, "contract", "two years")))
        .isEqualTo("stays");
  }

  @Test
  void theSameSeedGivesTheSameFile() throws IOException {
    Path first = directory.resolve("first");
    Path second = directory.resolve("second");
    trained(directory).save(first);
    trained(directory).save(second);

    assertThat(Files.mismatch(first, second)).isEqualTo(-1);
  }
}
