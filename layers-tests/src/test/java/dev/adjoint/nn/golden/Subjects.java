package dev.adjoint.nn.golden;

import static dev.adjoint.op.ConvOptions.DEFAULT;

import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Reparametrization;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.InstanceNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.Normalization;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.nn.reparam.SpectralNorm;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/** Lists what of ours each golden file is about, by the beginning of the file's name. */
final class Subjects {

  private static final Map<String, Function<Golden, Subject>> BY_PREFIX = new TreeMap<>();

  static {
    BY_PREFIX.put("batch-norm", golden -> Subject.of(batchNorm(golden)));
    BY_PREFIX.put(
        "group-norm",
        golden ->
            Subject.of(
                settings(
                    new GroupNorm(number(golden, "num_groups"), number(golden, "num_channels")),
                    golden)));
    BY_PREFIX.put("instance-norm", golden -> Subject.of(instanceNorm(golden)));
    BY_PREFIX.put(
        "layer-norm", golden -> Subject.of(settings(new LayerNorm(features(golden)), golden)));
    BY_PREFIX.put(
        "rms-norm", golden -> Subject.of(settings(new RMSNorm(features(golden)), golden)));
    BY_PREFIX.put(
        "spectral-norm",
        golden -> {
          int iterations = number(golden, "n_power_iterations");
          return reparametrized(
              golden,
              w -> new SpectralNorm(w, Generator.seeded(1)).iterations(iterations),
              Map.of("original", "original", "0._u", "u", "0._v", "v"));
        });
    BY_PREFIX.put(
        "weight-norm",
        golden ->
            reparametrized(
                golden,
                w ->
                    golden.option("dim").equals("None")
                        ? new WeightNorm(w).overAll()
                        : new WeightNorm(w).axis(number(golden, "dim")),
                Map.of("original0", "g", "original1", "v")));
  }

  private Subjects() {}

  /** Returns what of ours a case is about. */
  static Subject of(Golden golden) {
    return BY_PREFIX.entrySet().stream()
        .filter(entry -> golden.name().startsWith(entry.getKey()))
        .findFirst()
        .orElseThrow(() ->
            new AssertionError(
                "golden/%s.txt has no subject; expected a row in Subjects"
                    .formatted(golden.name())))
        .getValue()
        .apply(golden);
  }

  private static BatchNorm batchNorm(Golden golden) {
    BatchNorm norm = settings(new BatchNorm(number(golden, "num_features")), golden);
    String momentum = golden.option("momentum");
    return momentum.equals("None")
        ? norm.cumulativeAverage()
        : norm.updateRate(Double.parseDouble(momentum));
  }

  private static InstanceNorm instanceNorm(Golden golden) {
    InstanceNorm norm = new InstanceNorm(number(golden, "num_features"));
    return settings(is(golden, "affine") ? norm.withAffine() : norm, golden);
  }

  private static <N extends Normalization<N>> N settings(N norm, Golden golden) {
    if (!golden.option("eps").equals("None")) {
      norm.epsilon(Double.parseDouble(golden.option("eps")));
    }
    if (Stream.of("affine", "elementwise_affine").anyMatch(o -> golden.has(o) && !is(golden, o))) {
      norm.withoutAffine();
    }
    if (golden.has("bias") && !is(golden, "bias")) {
      norm.withoutBias();
    }
    return norm;
  }

  /** Returns the subject of a layer, whose outputs are also its weight. */
  private static Subject reparametrized(
      Golden golden,
      Function<Weight, ? extends Reparametrization> by,
      Map<String, String> ourNames) {
    Generator generator = Generator.seeded(1);
    boolean linear = golden.option("layer").equals("linear");
    Layer layer = linear ? new Linear(4, 3, generator) : new Conv2d(2, 3, 2, 3, DEFAULT, generator);
    layer.reparametrize("weight", by);
    String theirs = "parametrizations.weight.";
    return new Subject(
        layer,
        name ->
            name.startsWith(theirs)
                ? "weight." + ourNames.get(name.substring(theirs.length()))
                : name,
        inputs -> {
          Weight weight = layer.weight("weight");
          Tensor w = weight.value();
          layer.eval(); // the weight by which the output is computed, not that of another step
          return Map.of("weight", w, "output", ((Transform) layer).forward(inputs.get("input")));
        });
  }

  private static int[] features(Golden golden) {
    return Stream.of(golden.option("normalized_shape").split("x"))
        .mapToInt(Integer::parseInt)
        .toArray();
  }

  private static int number(Golden golden, String option) {
    return Integer.parseInt(golden.option(option));
  }

  private static boolean is(Golden golden, String option) {
    return Boolean.parseBoolean(golden.option(option));
  }
}
