package dev.adjoint.op;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Lists every operation once, for all tests that every operation has to pass.
 *
 * <p>A new operation needs a row in one of the classes named here, and gets from it: its value
 * against an oracle in both types, gradients to order 2 against finite differences, every layout of
 * every input, sizes 0 and 1, one thread against several, the first call against the 500th, and
 * vector against portable kernels. {@link OpTableTest} names what has no row.
 */
final class OpTable {

  /** Where shapes decide how the work is split, all shapes are tried. */
  private static final Set<String> SPLIT_BY_SHAPE =
      Set.of(
          "Binary.PLUS",
          "Where.WHERE",
          "Reductions.Fold.SUM",
          "RowOp.SOFTMAX",
          "RowOp.LOG_SUM_EXP",
          "MatMul.MATMUL",
          "Convolution.Conv.FORWARD",
          "Standardize.Fused");

  private OpTable() {}

  static List<OpCase> rows() {
    return Stream.of(
            ArithmeticRows.rows(),
            ActivationRows.rows(),
            ReductionRows.rows(),
            ViewRows.rows(),
            ProductRows.rows(),
            ContractionRows.rows(),
            AttentionRows.rows(),
            RecurrentRows.rows(),
            IndexingRows.rows(),
            OrderingRows.rows(),
            LossRows.rows(),
            ProbabilityLossRows.rows(),
            TaskLossRows.rows(),
            SequenceLossRows.rows(),
            LinalgRows.rows(),
            DecompositionRows.rows(),
            WindowRows.rows(),
            SpatialRows.rows(),
            SamplingRows.rows(),
            StandardizeRows.rows())
        .flatMap(List::stream)
        .toList();
  }

  /** Returns one row for each primitive: the first that covers it. */
  static List<OpCase> oneRowEach() {
    Set<String> seen = new TreeSet<>();
    return rows().stream()
        .filter(row -> row.primitives().stream().filter(seen::add).count() > 0)
        .toList();
  }

  /** Returns one row for each primitive, and all rows whose shapes decide how work is split. */
  static List<OpCase> rowsForAllSizes() {
    Set<OpCase> rows = new LinkedHashSet<>(oneRowEach());
    rows().stream()
        .filter(row -> !Collections.disjoint(row.primitives(), SPLIT_BY_SHAPE))
        .forEach(rows::add);
    return List.copyOf(rows);
  }

  /**
   * Returns the name under which a primitive is covered: {@code Unary.EXP} for a row of an enum;
   * {@code Movement.Slice} for a record; {@code Reductions.Fold.SUM} for a record with an enum
   * among its components.
   */
  static String key(Primitive primitive) {
    if (primitive instanceof Enum<?> row) {
      return simpleName(row.getDeclaringClass()) + "." + row.name();
    }
    StringBuilder key = new StringBuilder(simpleName(primitive.getClass()));
    for (RecordComponent component : enumComponents(primitive.getClass())) {
      try {
        component.getAccessor().setAccessible(true);
        key.append('.').append(((Enum<?>) component.getAccessor().invoke(primitive)).name());
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(e.getMessage(), e);
      }
    }
    return key.toString();
  }

  /** Returns the names of all primitives there are under a sealed type. */
  static Set<String> keys(Class<?> type) {
    Set<String> keys = new TreeSet<>();
    if (type.isEnum()) {
      for (Object row : type.getEnumConstants()) {
        keys.add(key((Primitive) row));
      }
    } else if (type.isRecord()) {
      keys.add(simpleName(type));
      for (RecordComponent component : enumComponents(type)) {
        Set<String> longer = new TreeSet<>();
        for (Object value : component.getType().getEnumConstants()) {
          keys.forEach(key -> longer.add(key + "." + ((Enum<?>) value).name()));
        }
        keys = longer;
      }
    } else if (type.isSealed()) {
      for (Class<?> permitted : type.getPermittedSubclasses()) {
        keys.addAll(keys(permitted));
      }
    }
    return keys;
  }

  private static List<RecordComponent> enumComponents(Class<?> type) {
    if (!type.isRecord()) { // the class of functions that have names of their own
      return List.of();
    }
    return new ArrayList<>(
        Arrays.stream(type.getRecordComponents()).filter(c -> c.getType().isEnum()).toList());
  }

  private static String simpleName(Class<?> type) {
    return type.getEnclosingClass() == null
        ? type.getSimpleName()
        : type.getEnclosingClass().getSimpleName() + "." + type.getSimpleName();
  }
}
