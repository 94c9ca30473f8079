package dev.adjoint.nn.predict;

import static java.util.Map.entry;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.nn.LayerNames;
import dev.adjoint.nn.Transform;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Finds layers that somebody forgot to make known to files, or to the tests of files. */
class DescribedTest {

  /** The layers that files do not hold, and why. */
  private static final Map<String, String> REASONS =
      Map.ofEntries(
          entry("Function", "is written as the function that it wraps"),
          entry("SpectralNorm", "is folded into the weight that it computes"),
          entry("UnitWeight", "is folded into the weight that it computes"),
          entry("WeightNorm", "is folded into the weight that it computes"),
          entry("WeightStandardization", "is folded into the weight that it computes"));

  private static final List<String> LAYERS = LayerNames.all();

  @Test
  void everyLayerCanBeWrittenOrHasAReasonNotTo() {
    assertThat(LAYERS)
        .hasSizeGreaterThan(30)
        .allSatisfy(name ->
            assertThat(LayerTypes.isBuiltIn(name))
                .as("%s is in LayerTypes, or else in REASONS", name)
                .isNotEqualTo(REASONS.containsKey(name)));
    assertThat(LAYERS).containsAll(REASONS.keySet());
  }

  @Test
  void everyLayerThatCanBeWrittenIsTested() {
    String written =
        Models.all().stream()
            .map(one -> Predictor.of((Transform) one.model()).toString())
            .collect(joining());
    assertThat(LAYERS)
        .filteredOn(name -> !REASONS.containsKey(name))
        .allSatisfy(name -> assertThat(written).containsPattern(": " + name + "[ \n]|^" + name));
  }
}
