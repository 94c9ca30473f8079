package dev.adjoint.nn.golden;

import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.InstanceNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.Normalization;
import dev.adjoint.nn.norm.RMSNorm;
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
