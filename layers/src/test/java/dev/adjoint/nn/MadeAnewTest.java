package dev.adjoint.nn;

import static com.google.common.collect.Sets.difference;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.nn.LayerRows.Conditioned;
import dev.adjoint.nn.LayerRows.Looking;
import dev.adjoint.nn.LayerRows.Reading;
import dev.adjoint.nn.LayerRows.Writing;
import dev.adjoint.nn.Unusual.Subject;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Makes every layer anew, with settings that are not the defaults: what is made computes the same
 * bits, and would not if one thing that the layer declares were forgotten.
 */
class MadeAnewTest {

  /** Constructors of the layers here, as users give them. */
  private static final Map<String, java.util.function.Function<Description, ?>> OWN =
      Map.of(
          "Reading", Reading::new,
          "Looking", Looking::new,
          "Writing", Writing::new,
          "Conditioned", Conditioned::new);

  /** What no option can change. */
  private static final Set<String> NEVER_CHANGED =
      Set.of(
          "GlobalResponseNorm epsilon_outside_root",
          "IterNorm epsilon_outside_root",
          "DecorrelatedBatchNorm epsilon_outside_root",
          "MeanOnlyBatchNorm epsilon",
          "MeanOnlyBatchNorm epsilon_outside_root",
          "MeanOnlyBatchNorm zero_centered_gain");

  @TempDir private Path directory;

  static List<Subject> subjects() {
    return Unusual.all();
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void aCopyComputesTheSameBitsInBothModesAndLeavesTheOriginalAlone(Subject subject) {
    Layer original = subject.layer();
    subject.forward(original, subject.x()); // moves buffers and generators
    Layer copy = Layer.copyOf(original);
    assertThat(copy).hasToString(original.toString());
    Map<String, List<Long>> before = bits(original.state());
    Map<String, List<Long>> observed = observed(subject, copy);
    assertThat(bits(original.state())).isEqualTo(before);
    assertThat(observed(subject, original)).isEqualTo(observed);
    assertThat(bits(copy.state())).isEqualTo(bits(original.state()));
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void whatIsMadeOfADescriptionComputesTheSameBits(Subject subject) {
    Layer original = subject.layer();
    subject.forward(original, subject.x());
    original.eval();
    Layer made = (Layer) original.description().make();
    assertThat(made).hasToString(original.toString());
    assertThat(made.description().settings()).isEqualTo(original.description().settings());
    assertThat(bits(made.description().tensors()))
        .isEqualTo(bits(original.description().tensors()));
    assertThat(bits(subject.forward(made, subject.x())))
        .isEqualTo(bits(subject.forward(original, subject.x())));
    original.description().parts().values().stream()
        .filter(part -> !(part instanceof Layer) && part instanceof Describable)
        .forEach(part -> assertThat(((Describable) part).description().make()).isEqualTo(part));
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void whatIsLoadedComputesTheSameBits(Subject subject) throws IOException {
    if (subject.toString().contains("function")) {
      return; // a lambda, which no file can hold
    }
    Layer original = subject.layer();
    subject.forward(original, subject.x());
    Layer fast = Layer.forInference(original);
    Predictor predictor = Predictor.of((Transform) original);
    Path file = directory.resolve("model.safetensors");
    predictor.save(file);
    Predictor loaded = Predictor.load(file, OWN);
    assertThat(loaded).hasToString(predictor.toString());
    List<Long> expected = original.inEval(() -> bits(subject.forward(original, subject.x())));
    assertThat(bits(subject.forward(fast, subject.x()))).isEqualTo(expected);
    assertThat(bits(loaded.predict(subject.x()))).isEqualTo(expected);
  }

  /** A copy that leaves out one thing is another layer, or none: the tests above would see it. */
  @Test
  void nothingThatALayerDeclaresCouldBeForgotten() {
    Set<String> declared = new TreeSet<>();
    Set<String> seen = new TreeSet<>();
    for (Subject subject : subjects()) {
      Layer original = subject.layer();
      Map<String, List<Long>> expected = observed(subject, Layer.copyOf(original));
      for (Layer layer : original.namedLayers().values()) {
        for (String name : names(layer)) {
          String thing = layer.type() + " " + name.replaceFirst("_l\\d.*", "");
          declared.add(thing);
          if (!seen.contains(thing) && !observedWithout(name, layer, subject).equals(expected)) {
            seen.add(thing);
          }
        }
      }
    }
    assertThat(difference(declared, seen)).isEqualTo(NEVER_CHANGED);
    assertThat(seen)
        .contains(
            "BatchNorm update_rate",
            "BatchNorm cumulative_average",
            "BatchNorm frozen_statistics",
            "BatchNorm biased_running_variance",
            "SpectralNorm iterations",
            "WeightStandardization epsilon");
  }

  private static Set<String> names(Layer layer) {
    Set<String> names = new TreeSet<>(layer.all(Object.class).keySet());
    if (layer instanceof Dropout) {
      names.add("generator");
    }
    return names;
  }

  /** Observes a copy whose maker forgets one thing of one layer. */
  @SuppressWarnings("ReferenceEquality") // one layer of several that may be equal
  private static Map<String, List<Long>> observedWithout(
      String name, Layer forgetful, Subject subject) {
    Copies copies =
        new Copies(false) {
          @Override
          Description describe(Layer layer) {
            Description description = super.describe(layer);
            if (name.equals("generator") && layer == forgetful) {
              return description.with((Generator) null);
            }
            return layer == forgetful ? description.with(name, null) : description;
          }
        };
    try {
      return observed(subject, copies.of(subject.layer()));
    } catch (IllegalArgumentException e) {
      return Map.of(); // without it nothing is made
    }
  }

  @Test
  void noLayerIsLeftOut() {
    Set<String> made =
        subjects().stream()
            .flatMap(subject -> subject.layer().namedLayers().values().stream())
            .flatMap(layer ->
                Stream.concat(
                    Stream.of((Object) layer), layer.description().parts().values().stream()))
            .map(thing -> thing instanceof Activation ? "Activation" : simpleName(thing))
            .collect(toSet());
    assertThat(made).containsAll(LayerNames.all());
  }

  private static String simpleName(Object thing) {
    return thing.getClass().getSimpleName();
  }

  /** What a copy forgets is what nobody declared: it would be in a field that can change. */
  @Test
  void noLayerKeepsASettingInAPlainField() {
    Stream<JavaField> changing =
        LayerNames.classes().stream()
            .filter(type -> type.isAssignableTo(Layer.class) && !type.isEquivalentTo(Layer.class))
            .flatMap(type -> type.getFields().stream())
            .filter(field -> !field.getModifiers().contains(JavaModifier.STATIC))
            .filter(field -> !field.getModifiers().contains(JavaModifier.FINAL))
            .filter(field -> !field.getRawType().isEquivalentTo(Weight.class));
    assertThat(changing.map(JavaField::getFullName))
        .containsExactlyInAnyOrder(
            "dev.adjoint.nn.Linear.folded", // made of the tensors scale and shift
            "dev.adjoint.nn.sequence.CausalLanguageModel.head", // this and others: layers inside
            "dev.adjoint.nn.sequence.CausalLanguageModel.norm",
            "dev.adjoint.nn.sequence.CausalLanguageModel.positions",
            "dev.adjoint.nn.sequence.GatedFeedForward.hiddenScale",
            "dev.adjoint.nn.sequence.MultiHeadAttention.qkNorm",
            "dev.adjoint.nn.sequence.TransformerEncoder.norm",
            "dev.adjoint.nn.sequence.TransformerLayer.feedForward",
            "dev.adjoint.nn.sequence.TransformerLayer.hiddenScale",
            "dev.adjoint.nn.sequence.TransformerLayer.linear1",
            "dev.adjoint.nn.sequence.TransformerLayer.linear2",
            "dev.adjoint.nn.sequence.TransformerLayer.selfAttention");
  }

  // ---- what is observed ------------------------------------------------------------------------

  /** Trains for two steps, then evaluates: outputs, gradients and buffers. */
  private static Map<String, List<Long>> observed(Subject subject, Layer layer) {
    Map<String, List<Long>> observed = new LinkedHashMap<>();
    for (String mode : List.of("first step", "second step", "eval")) {
      if (mode.equals("eval")) {
        layer.eval();
      } else {
        layer.train();
      }
      Tensor x = subject.x().tracked();
      Tensor y = subject.forward(layer, x);
      observed.put(mode + ": output", bits(y));
      if (y.isTracked()) {
        Tensor weights = Generator.seeded(4).normal(0, 1, y.shape(), DType.FLOAT32);
        Gradients gradients = y.times(weights).sum().backward();
        if (gradients.contains(x)) {
          observed.put(mode + ": gradient of x", bits(gradients.of(x)));
        }
        layer
            .namedParameters()
            .forEach((name, parameter) -> {
              if (gradients.contains(parameter)) {
                Tensor gradient = gradients.of(parameter);
                observed.put(mode + ": gradient of " + name, bits(gradient));
                parameter.assign(parameter.value().minus(gradient.times(0.01)));
              }
            });
      }
      layer
          .namedBuffers()
          .forEach((name, buffer) -> observed.put(mode + ": " + name, bits(buffer.value())));
    }
    layer.train();
    return observed;
  }

  private static Map<String, List<Long>> bits(Map<String, Tensor> tensors) {
    Map<String, List<Long>> bits = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> bits.put(name, bits(tensor)));
    return bits;
  }

  private static List<Long> bits(Tensor tensor) {
    return Arrays.stream(tensor.toDoubleArray()).mapToObj(Double::doubleToRawLongBits).toList();
  }
}
