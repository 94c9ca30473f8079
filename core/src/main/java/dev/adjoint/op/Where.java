package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/** Elementwise choice between two tensors. */
public enum Where implements Primitive.Broadcasting {
  /** b where a is not 0, else c. */
  WHERE;

  private final Elementwise function = new Elementwise("where", 3);

  /**
   * Returns x where the mask is not 0, else y; the three broadcast. No gradient flows to the mask,
   * and none of an element that is not chosen.
   *
   * <p>A NaN or infinity computed in the branch that is not chosen stays out of the result, but not
   * out of its own gradient (0 * infinity is NaN): give such a branch harmless inputs.
   */
  public static Tensor where(Tensor mask, Tensor x, Tensor y) {
    DType dtype = DType.promote(x.dtype(), y.dtype());
    // Rounding could make a small number in the mask 0.
    Tensor chosen = mask.dtype() == dtype ? mask : mask.notEqual(0).to(dtype);
    return Recorder.apply(WHERE, chosen, x.to(dtype), y.to(dtype));
  }

  @Override
  public Tensor forward(Tensor... x) {
    return function.apply(x);
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    Tensor zero = Tensor.scalar(0, g.dtype());
    return switch (input) {
      case 0 -> Tensors.zeros(g.shape(), g.dtype());
      case 1 -> where(x[0], g, zero);
      default -> where(x[0], zero, g);
    };
  }
}
