package dev.adjoint.nn;

import com.google.common.collect.ImmutableList;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Applies one after another: {@code new Sequential(new Linear(2, 16, generator), Tensor::tanh, new
 * Linear(16, 1, generator))}.
 *
 * <p>Layers and functions are children, named by their position: {@code 0}, {@code 1}, {@code 2}.
 */
public final class Sequential extends Layer implements Transform, Describable {

  private final ImmutableList<Transform> steps;

  /** Creates a layer of these layers and functions. */
  public Sequential(Transform... steps) {
    this(List.of(steps));
  }

  /** Creates a layer of these layers and functions. */
  public Sequential(List<? extends Transform> steps) {
    ImmutableList.Builder<Transform> layers = ImmutableList.builder();
    for (int i = 0; i < steps.size(); i++) {
      Transform step = steps.get(i);
      Layer layer =
          child(Integer.toString(i), step instanceof Layer known ? known : new Function(step));
      layers.add((Transform) layer);
    }
    this.steps = layers.build();
  }

  /** Creates what was described. */
  public Sequential(Description from) {
    this(
        IntStream.range(0, from.parts().size())
            .mapToObj(i -> from.part(Integer.toString(i), Transform.class))
            .toList());
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor y = x;
    for (Transform step : steps) {
      y = step.forward(y);
    }
    return observed(y);
  }

  @Override
  public Description description() {
    Description description = Description.of(this);
    for (int i = 0; i < steps.size(); i++) {
      Transform step = steps.get(i);
      description.part(Integer.toString(i), step instanceof Function f ? f.function : step);
    }
    return description;
  }

  @Override
  protected Sequential copy(Copies copies) {
    List<Transform> copied = new ArrayList<>();
    for (Transform step : steps) {
      Transform last = copied.isEmpty() ? step : copied.getLast();
      if (copies.areForInference()
          && last instanceof Foldable<?> foldable
          && step instanceof PerChannelAffine norm
          && norm.inferenceAffine().scale().size() == foldable.outputs()) {
        copied.removeLast();
        copied.add(foldable.foldedInto(norm.inferenceAffine()));
      } else {
        copied.add(copies.ofTransform(step));
      }
    }
    return new Sequential(copied);
  }

  @Override
  public String toString() {
    return tree(line(Integer.toString(steps.size())));
  }

  /** Makes a layer of a function, so that it is seen where layers are. */
  private static final class Function extends Layer implements Transform {
    private final Transform function;

    Function(Transform function) {
      this.function = function;
    }

    @Override
    public Tensor forward(Tensor x) {
      return observed(function.forward(x));
    }

    @Override
    protected Function copy(Copies copies) {
      return new Function(function);
    }

    @Override
    public String toString() {
      if (function.getClass().isHidden()) {
        return "function";
      }
      String name = function.toString();
      boolean isNone = name.equals(Objects.toIdentityString(function));
      return isNone ? function.getClass().getSimpleName() : name;
    }
  }
}
