package dev.adjoint.spark;

import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** What a {@link SparkPredictor} says of each row. */
public enum Answer {

  /** The label of the largest output: a text. */
  LABEL(DataTypes.StringType, Predictor::classify),

  /** The probability of each class, in the order of the labels: an array of floats. */
  PROBABILITIES(numbers(), (predictor, x) -> rows(predictor.probabilities(x))),

  /** All outputs of the model, such as an embedding or several targets: an array of floats. */
  OUTPUTS(numbers(), (predictor, x) -> rows(predictor.predict(x))),

  /** The output of a model that has only one, such as a regression of one target: a double. */
  NUMBER(
      DataTypes.DoubleType,
      (predictor, x) -> {
        Tensor outputs = predictor.predict(x);
        if (outputs.size() != x.size(0)) {
          throw new IllegalArgumentException(
              "NUMBER: output of shape %s; expected one number for each row, or OUTPUTS"
                  .formatted(outputs.shape()));
        }
        return Arrays.stream(outputs.toDoubleArray()).boxed().toList();
      });

  private final DataType type;
  private final BiFunction<Predictor, Tensor, List<?>> function;

  Answer(DataType type, BiFunction<Predictor, Tensor, List<?>> function) {
    this.type = type;
    this.function = function;
  }

  DataType type() {
    return type;
  }

  /** Returns the answers of some rows, as Spark takes them. */
  List<?> of(Predictor predictor, Tensor x) {
    return function.apply(predictor, x);
  }

  private static DataType numbers() {
    return DataTypes.createArrayType(DataTypes.FloatType, false);
  }

  private static List<float[]> rows(Tensor outputs) {
    float[] all = outputs.toFloatArray();
    int width = all.length / outputs.size(0);
    float[][] rows = new float[outputs.size(0)][];
    Arrays.setAll(rows, i -> Arrays.copyOfRange(all, i * width, (i + 1) * width));
    return List.of(rows);
  }
}
