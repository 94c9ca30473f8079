package dev.adjoint.nn;

import com.google.common.collect.ImmutableList;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Applies layers one after another: {@code new Sequential(new Linear(2, 16, generator),
 * Tensor::tanh, new Linear(16, 1, generator))}.
 *
 * <p>Layers and functions are children, named by their position: {@code 0}, {@code 1}, {@code 2}.
 */
public final class Sequential extends Layer implements Transform {

  private final ImmutableList<Transform> steps;

  /** Creates a layer of these layers and functions. */
  public Sequential(Transform... steps) {
    this(List.of(steps));
  }

  /** Creates a layer of these layers and functions. */
  public Sequential(List<? extends Transform> steps) {
    this(of(steps));
  }

  /** Creates a layer from its description. */
  public Sequential(Description from) {
    super(from);
    for (int i = 0; i < from.parts().size(); i++) {
      String name = Integer.toString(i);
      Transform step = from.part(name, Transform.class);
      add(name, step instanceof Layer ? step : new Function(step));
    }
    steps = ImmutableList.copyOf(all(Transform.class).values());
  }

  private static Description of(List<? extends Transform> steps) {
    Description description = Description.of(Sequential::new);
    for (int i = 0; i < steps.size(); i++) {
      description.with(Integer.toString(i), steps.get(i));
    }
    return description;
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor y = x;
    for (Transform step : steps) {
      y = step.forward(y);
    }
    return observed(y);
  }

  /** Folds what can be folded, if the copy is for inference. */
  Description describeCopy(Copies copies) {
    List<Transform> copied = new ArrayList<>();
    for (Transform step : steps) {
      Transform last = copied.isEmpty() ? step : copied.getLast();
      if (copies.forInference
          && last instanceof Foldable<?> foldable
          && step instanceof PerChannelAffine norm
          && norm.inferenceAffine().scale().size() == foldable.outputs()) {
        copied.removeLast();
        copied.add(foldable.foldedInto(norm.inferenceAffine()));
      } else {
        copied.add(copies.of(step));
      }
    }
    return of(copied);
  }

  @Override
  public String toString() {
    return tree(line(Integer.toString(steps.size())));
  }

  /** Makes a layer of a function, so that it is seen where layers are. */
  static final class Function extends Layer implements Transform {
    final Transform function = child("function", Transform.class);

    Function(Transform function) {
      this(Description.of(Function::new).with("function", function));
    }

    Function(Description from) {
      super(from);
    }

    @Override
    public Tensor forward(Tensor x) {
      return observed(function.forward(x));
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
