package dev.adjoint.nn.reparam;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Reparametrization;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Weight;
import dev.adjoint.op.Reductions;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;

/** Gives the weights of each output length 1, if centred after subtracting their mean. */
final class UnitWeight extends Reparametrization {

  private final Weight original = parameter("original");
  private final Setting<Boolean> centred = flag("centred");
  private final int[] axes = Lengths.allBut(0, original.shape());

  UnitWeight(Description from) {
    super(from);
  }

  static UnitWeight of(Weight original, boolean centred) {
    return new UnitWeight(
        Description.of(UnitWeight::new).with("original", original).set("centred", centred));
  }

  @Override
  protected Tensor compute() {
    Tensor w = original.value();
    Tensor vectors = centred.get() ? Reductions.centred(w, axes) : w;
    return vectors.div(Lengths.divisor(vectors.norm(2, Keep.AXES, axes)));
  }
}
