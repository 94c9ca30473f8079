package dev.adjoint.nn.golden;

import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Reparametrization;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.nn.reparam.SpectralNorm;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import java.util.function.Function;

/** Makes layers whose weight is reparametrized, for {@link Subjects}. */
final class ReparametrizedSubjects {

  private static final String THEIRS = "parametrizations.weight.";

  private ReparametrizedSubjects() {}

  static Subject spectralNorm(Golden golden) {
    int iterations = Integer.parseInt(golden.option("n_power_iterations"));
    return subject(
        golden,
        w -> new SpectralNorm(w, Generator.seeded(1)).iterations(iterations),
        Map.of("original", "original", "0._u", "u", "0._v", "v"));
  }

  static Subject weightNorm(Golden golden) {
    String dim = golden.option("dim");
    return subject(
        golden,
        w ->
            dim.equals("None")
                ? new WeightNorm(w).overAll()
                : new WeightNorm(w).axis(Integer.parseInt(dim)),
        Map.of("original0", "g", "original1", "v"));
  }

  /** Returns the subject of a layer whose outputs are its weight, too. */
  private static Subject subject(
      Golden golden,
      Function<Weight, ? extends Reparametrization> by,
      Map<String, String> ourNames) {
    Generator generator = Generator.seeded(1);
    Layer layer =
        golden.option("layer").equals("linear")
            ? new Linear(4, 3, generator)
            : new Conv2d(2, 3, 2, 3, ConvOptions.DEFAULT, generator);
    layer.reparametrize("weight", by);
    return new Subject(
        layer,
        name ->
            name.startsWith(THEIRS)
                ? "weight." + ourNames.get(name.substring(THEIRS.length()))
                : name,
        inputs -> {
          Tensor weight = layer.weight("weight").value();
          layer.eval(); // the output by this weight, not by that of another step
          Tensor output = ((Transform) layer).forward(inputs.get("input"));
          return Map.of("weight", weight, "output", output);
        });
  }
}
