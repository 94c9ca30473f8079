package dev.adjoint.op;

import dev.adjoint.kernel.Elements;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;

/** Converts elements to another type; gradients are converted back. */
public record Cast(DType target) implements Primitive.Broadcasting {

  @Override
  public String name() {
    return "to " + target;
  }

  @Override
  public Tensor forward(Tensor... x) {
    Tensor source = Engine.packed(x[0]);
    int n = source.size();
    int from = source.offset();
    Object in = Engine.array(source);
    Object out = Engine.uninitialized(target, n);
    Elements type = Elements.of(in);
    Elements other = Elements.of(out);
    for (int i = 0; i < n; i++) {
      other.set(out, i, type.get(in, from + i));
    }
    return Engine.tensor(out, target, source.shape());
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    return g.to(x[0].dtype());
  }
}
