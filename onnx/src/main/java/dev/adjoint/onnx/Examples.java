package dev.adjoint.onnx;

import static java.util.Objects.requireNonNull;

import dev.adjoint.onnx.FreeAxes.Axis;
import dev.adjoint.onnx.FreeAxes.Place;
import dev.adjoint.op.Indexing;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The inputs of a model, by an example of each, and others that differ in sizes and elements. */
final class Examples {

  private static final String BATCH = "batch";

  private final Map<String, Object> given = new LinkedHashMap<>(); // tensors and indices
  private final Map<String, List<Place>> marked = new LinkedHashMap<>();

  void add(String name, Object example) {
    given.put(name, example);
  }

  /** Lets an axis have any size. */
  void free(String input, int axis, String name) {
    if (name.isEmpty() || name.equals(BATCH)) {
      throw new IllegalArgumentException(
          "dynamicAxis: the name '%s'; expected another, which is not that of the first axis"
              .formatted(name));
    }
    marked.computeIfAbsent(name, _ -> new ArrayList<>()).add(new Place(input, axis));
  }

  static Shape shape(Object example) {
    return example instanceof Tensor tensor ? tensor.shape() : ((IntTensor) example).shape();
  }

  /**
   * Returns the axes that are free, that of the examples first.
   *
   * @param fixedBatch whether the number of examples is not
   * @throws IllegalArgumentException if an axis is not there or too short, or axes of one name
   *     differ
   */
  FreeAxes axes(boolean fixedBatch) {
    if (given.isEmpty()) {
      throw new IllegalStateException("export: no input; expected at least one, with an example");
    }
    List<Axis> axes = new ArrayList<>();
    List<Place> batch = fixedBatch ? List.of() : batch();
    if (!batch.isEmpty()) {
      int n = Math.max(2, size(batch.getFirst()));
      axes.add(new Axis(BATCH, batch, n, n + 1));
    }
    marked.forEach((name, places) -> {
      places.forEach(this::requireThere);
      int size = size(places.getFirst());
      for (Place place : places) {
        if (size(place) != size || size < 3) {
          throw new IllegalArgumentException(
              "dynamicAxis: '%s' has size %d in input '%s' and %d in input '%s'; expected one size, of at least 3"
                  .formatted(name, size, places.getFirst().input(), size(place), place.input()));
        }
      }
      axes.add(
          new Axis(name, places, size, size - 1)); // a longer one may be more than there can be
    });
    return new FreeAxes(axes);
  }

  private int size(Place place) {
    return shape(requireNonNull(given.get(place.input()))).size(place.axis());
  }

  private void requireThere(Place place) {
    Object example = given.get(place.input());
    if (example == null || place.axis() < 0 || place.axis() >= shape(example).rank()) {
      throw new IllegalArgumentException(
          "dynamicAxis: axis %d of input '%s'%s; expected an axis of one of %s"
              .formatted(
                  place.axis(),
                  place.input(),
                  example == null ? "" : " of shape " + shape(example),
                  given.keySet()));
    }
  }

  /** Returns the first axes of the first input that has examples along it, and of those like it. */
  private List<Place> batch() {
    List<Place> firsts =
        given.keySet().stream()
            .map(input -> new Place(input, 0))
            .filter(place -> marked.values().stream().noneMatch(all -> all.contains(place)))
            .filter(place -> shape(requireNonNull(given.get(place.input()))).rank() > 0)
            .filter(place -> size(place) > 0)
            .toList();
    return firsts.stream().filter(place -> size(place) == size(firsts.getFirst())).toList();
  }

  /**
   * Returns inputs that are made of the examples.
   *
   * @param sizes of the free axes
   * @param differs whether elements are others: rows in another order, and numbers that are not
   *     whole, smaller
   */
  Map<String, Object> inputs(FreeAxes axes, int[] sizes, boolean differs) {
    Map<String, Object> inputs = new LinkedHashMap<>();
    boolean hasBatch = axes.axes().stream().anyMatch(axis -> axis.name().equals(BATCH));
    given.forEach((name, example) -> {
      Object x = example instanceof Tensor tensor ? tensor.copy() : example;
      for (int axis = 0; axis < shape(example).rank(); axis++) {
        int size = shape(example).size(axis);
        int count = size;
        boolean isBatch = axis == 0 && !hasBatch;
        for (int i = 0; i < sizes.length; i++) {
          if (axes.axes().get(i).places().contains(new Place(name, axis))) {
            count = sizes[i];
            isBatch |= axes.axes().get(i).name().equals(BATCH);
          }
        }
        x = picked(x, axis, count, size, differs && isBatch);
      }
      inputs.put(name, differs ? smaller(x) : x);
    });
    return inputs;
  }

  /** Returns slices from the first on, and again from the first on; or in reverse order. */
  private static Object picked(Object x, int axis, int count, int size, boolean reversed) {
    int[] index = new int[count];
    Arrays.setAll(
        index, i -> reversed ? Math.floorMod(-i - 1, Math.max(1, size)) : i % Math.max(1, size));
    IntTensor picked = IntTensor.of(index);
    return x instanceof Tensor tensor
        ? Indexing.indexSelect(tensor, axis, picked)
        : IntTensor.of(Indexing.indexSelect(((IntTensor) x).toTensor(DType.FLOAT64), axis, picked));
  }

  private static Object smaller(Object x) {
    if (!(x instanceof Tensor y)) {
      return x;
    }
    boolean isWhole = y.equal(y.round()).all().item() != 0;
    return isWhole ? y : y.times(0.9375);
  }

  /** Returns inputs whose free axes all have other sizes than in the runs, where they can. */
  Map<String, Object> apart(FreeAxes axes) {
    int[] sizes =
        axes.axes().stream()
            .mapToInt(axis ->
                axis.name().equals(BATCH) ? axis.first() + 3 : Math.max(2, axis.first() / 2))
            .toArray();
    return inputs(axes, sizes, true);
  }

  /** Returns the names of the inputs. */
  @Override
  public String toString() {
    return given.keySet().toString();
  }
}
