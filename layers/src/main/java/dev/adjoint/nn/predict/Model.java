package dev.adjoint.nn.predict;

import dev.adjoint.nn.TokenTransform;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.DType;

/**
 * The model of a predictor, whatever it takes.
 *
 * @param made the layer
 * @param rowType of rows of features
 */
record Model(InputsTransform forward, Object made, Architecture architecture, DType rowType) {

  /**
   * Creates the model of a layer or function that was made for inference.
   *
   * @throws IllegalArgumentException if it takes something else
   */
  static Model of(Object made, Architecture architecture) {
    boolean exact =
        !architecture.tensors().isEmpty()
            && architecture.tensors().values().stream().allMatch(t -> t.dtype() == DType.FLOAT64);
    InputsTransform forward =
        switch (made) {
          case Transform one -> inputs -> one.forward(inputs.onlyTensor());
          case TokenTransform tokens -> inputs -> tokens.forward(inputs.onlyIntegers());
          case InputsTransform many -> many;
          default ->
              throw new IllegalArgumentException(
                  "Predictor: the model is a %s; expected a Transform, a TokenTransform or an InputsTransform"
                      .formatted(made.getClass().getSimpleName()));
        };
    return new Model(forward, made, architecture, exact ? DType.FLOAT64 : DType.FLOAT32);
  }
}
