package dev.adjoint.nn.golden;

import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Reparametrization;
import dev.adjoint.nn.Weight;
import dev.adjoint.nn.golden.Golden.Role;
import dev.adjoint.nn.reparam.SpectralNorm;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Convolution;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import java.util.function.Function;

/** Lists the reparametrized layers that the golden files are about. */
final class ReparametrizationSubjects {

  private static final Generator GENERATOR = Generator.seeded(1);

  /** PyTorch's names of the parts, and ours. */
  private static final Map<String, String> NAMES =
      Map.of(
          "parametrizations.weight.original0", "weight.g",
          "parametrizations.weight.original1", "weight.v",
          "parametrizations.weight.original", "weight.original",
          "parametrizations.weight.0._u", "weight.u",
          "parametrizations.weight.0._v", "weight.v");

  private ReparametrizationSubjects() {}

  static void addTo(Map<String, Function<Golden, Subject>> rows) {
    rows.put(
        "weight-norm",
        golden ->
            subject(
                golden,
                "parametrizations.weight.original1",
                w ->
                    golden.option("dim").equals("None")
                        ? new WeightNorm(w).overAll()
                        : new WeightNorm(w).axis(Integer.parseInt(golden.option("dim")))));
    rows.put(
        "spectral-norm",
        golden ->
            subject(
                golden,
                "parametrizations.weight.original",
                w ->
                    new SpectralNorm(w, GENERATOR)
                        .iterations(Integer.parseInt(golden.option("n_power_iterations")))));
  }

  private static Subject subject(
      Golden golden, String original, Function<Weight, Reparametrization> by) {
    int[] sizes = golden.get(Role.STATE, original).shape().toArray();
    boolean linear = golden.option("layer").equals("linear");
    Layer layer =
        linear
            ? new Linear(sizes[1], sizes[0], GENERATOR)
            : new Conv2d(sizes[1], sizes[0], sizes[2], sizes[3], ConvOptions.DEFAULT, GENERATOR);
    layer.reparametrize("weight", by);
    return new Subject(
        layer,
        name -> NAMES.getOrDefault(name, name),
        inputs -> {
          // The weight is read once: in training each reading is a step of a power iteration.
          Tensor weight = layer.weight("weight").value();
          Tensor bias = layer.weight("bias").value();
          Tensor x = inputs.get("input");
          Tensor output =
              linear
                  ? x.matmul(weight.transpose()).plus(bias)
                  : Convolution.conv2d(x, weight, bias, ConvOptions.DEFAULT);
          return Map.of("weight", weight, "output", output);
        });
  }
}
