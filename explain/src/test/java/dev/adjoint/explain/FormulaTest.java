package dev.adjoint.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.op.Binary;
import dev.adjoint.op.Primitive;
import dev.adjoint.op.Unary;
import dev.adjoint.tensor.Tensor;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Formulas: every primitive has one, and those of single values are those that are computed. */
class FormulaTest {

  private static final double[] POINTS = {0.3, 1.7, -0.6, 2};

  @Test
  void everyPrimitiveHasAFormulaAndEveryFormulaAPrimitive() {
    Set<String> rows =
        Formula.ROWS.keySet().stream()
            .map(key -> key.replaceFirst("(/\\d)?(\\.[a-z]\\w+)?$", ""))
            .filter(key ->
                !Set.of("Primitive.Open", "Autodiff.GradientHook", "Rematerialization")
                    .contains(key))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(rows).isEqualTo(keys(Primitive.class));
  }

  private static Set<String> keys(Class<?> type) {
    Set<String> keys = new TreeSet<>();
    Class<?> outer = type.getEnclosingClass();
    String name = (outer == null ? "" : outer.getSimpleName() + ".") + type.getSimpleName();
    if (type.isEnum()) {
      for (Object row : type.getEnumConstants()) {
        keys.add(((Primitive) row).key());
      }
    } else if (type.isSealed()) {
      Arrays.stream(type.getPermittedSubclasses()).forEach(each -> keys.addAll(keys(each)));
      if (!type.isInterface()) {
        keys.add(name);
      }
    } else if (type != Primitive.Open.class) {
      List<RecordComponent> kinds =
          type.isRecord()
              ? Arrays.stream(type.getRecordComponents())
                  .filter(c -> Set.of("kind", "side").contains(c.getName()))
                  .toList()
              : List.of();
      if (kinds.isEmpty()) {
        keys.add(name);
      } else {
        for (Object kind : kinds.getFirst().getType().getEnumConstants()) {
          keys.add(name + "." + ((Enum<?>) kind).name());
        }
      }
    }
    return keys;
  }

  @ParameterizedTest
  @EnumSource
  void theFormulaOfAFunctionOfOneValueIsWhatItComputes(Unary function) {
    for (double x : POINTS) {
      check(function, x);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theFormulaOfAFunctionOfTwoValuesIsWhatItComputes(Binary function) {
    for (double a : POINTS) {
      for (double b : POINTS) {
        check(function, a, b);
      }
    }
  }

  private static void check(Primitive function, double... values) {
    Tensor[] x = Arrays.stream(values).mapToObj(v -> Tensor.of(v)).toArray(Tensor[]::new);
    Formula formula = Formula.of(function, x.length);
    Tensor y = function.forward(x);
    if (Double.isNaN(y.item())
        || formula.value().contains("slope")
        || formula.value().matches("is.*|.* [=!<>]+ .*")
            && !formula.value().contains("where")
            && !formula.value().contains(", ")) {
      return; // not defined, not written as a formula, or a comparison
    }
    Map<String, Double> letters = new LinkedHashMap<>(Map.of("g", 1.5, "y", y.item()));
    List<String> names = x.length == 1 ? List.of("x") : List.of("a", "b");
    for (int i = 0; i < x.length; i++) {
      letters.put(names.get(i), values[i]);
    }
    String at = function + " at " + Arrays.toString(values) + ": ";
    double value = Arithmetic.of(formula.value(), letters);
    assertThat(value).as(at + formula.value()).isCloseTo(y.item(), within(1e-9));
    if (!function.isDifferentiable()) {
      assertThat(formula.cotangents()).containsExactly("none");
      return;
    }
    boolean[] needed = new boolean[x.length];
    Arrays.fill(needed, true);
    Tensor[] cotangents = function.pullbacks(needed, Tensor.of(1.5), x, y);
    for (int i = 0; i < x.length; i++) {
      String text = formula.cotangents().get(i);
      double expected = Objects.requireNonNull(cotangents[i]).item();
      if (!text.contains("slope") && !text.contains("second") && !Double.isNaN(expected)) {
        assertThat(Arithmetic.of(text, letters)).as(at + text).isCloseTo(expected, within(1e-9));
      }
    }
  }

  @Test
  void attributesStandInTheFormula() {
    Tensor x = Tensor.of(new double[][] {{1, 2}, {3, 4}}).tracked();
    assertThat(
            Stream.of(
                    x.sum(1),
                    x.transpose(),
                    x.clamp(-1, 0.5),
                    x.slice(0, 0, 1),
                    x.reshape(4),
                    x.norm(2, 0))
                .map(y -> {
                  Primitive primitive =
                      Objects.requireNonNull(Objects.requireNonNull(y.node()).primitive());
                  Formula formula = Formula.of(primitive, 1).with(List.of("w"), "t1");
                  return formula.value() + " | " + formula.cotangent(0);
                }))
        .containsExactly(
            "sum(w, axes [1]) | g, repeated over [1]",
            "w' | g'",
            "clamp(w, -1, 0.5) | g where -1 <= w <= 0.5, else 0",
            "w[axis 0: 1 from 0, step 1] | g in these places, else 0",
            "reshape(w, (4)) | g, reshaped back",
            "sqrt(sum(w^2, axes [0]) + 0) | g * w / t1");
  }
}
