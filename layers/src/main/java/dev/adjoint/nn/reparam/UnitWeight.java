package dev.adjoint.nn.reparam;

import dev.adjoint.nn.Copies;
import dev.adjoint.nn.Reparametrization;
import dev.adjoint.nn.Weight;
import dev.adjoint.op.Reductions;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;

/** Gives the weights of each output length 1, if centred after subtracting their mean. */
final class UnitWeight extends Reparametrization {

  private final Weight original;
  private final boolean centred;
  private final int[] axes;

  UnitWeight(Weight original, boolean centred) {
    this.original = weight("original", original);
    this.centred = centred;
    axes = Lengths.allBut(0, original.shape());
  }

  @Override
  protected Tensor compute() {
    Tensor w = original.value();
    Tensor vectors = centred ? Reductions.centred(w, axes) : w;
    return vectors.div(Lengths.divisor(vectors.norm(2, Keep.AXES, axes)));
  }

  @Override
  protected UnitWeight copy(Copies copies) {
    return new UnitWeight(copies.of(original), centred);
  }

  @Override
  public String toString() {
    return "UnitWeight" + original.shape();
  }
}
