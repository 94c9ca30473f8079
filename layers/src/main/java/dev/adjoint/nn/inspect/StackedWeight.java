package dev.adjoint.nn.inspect;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.Tensor;

/** A block of rows of a weight, which can be all: the rows are of outputs and lie along axis 0. */
final class StackedWeight {

  final Parameter parameter;
  private final int outputAxis;
  private final int from;
  private final int to;
  private final Tensor original;
  private final boolean frozen;

  StackedWeight(Parameter parameter, int outputAxis, int from, int to) {
    this.parameter = parameter;
    this.outputAxis = outputAxis;
    this.from = from;
    this.to = to;
    original = parameter.value().untracked().copy();
    frozen = parameter.isFrozen();
  }

  /** Returns the block of the weight as it was at first. */
  Tensor block() {
    return block(original);
  }

  /** Returns the block of a tensor of the weight's shape, such as its gradient. */
  Tensor block(Tensor whole) {
    return whole.transpose(0, outputAxis).slice(0, from, to);
  }

  /** Replaces the block, and lets gradients be computed. */
  void assign(Tensor block) {
    Tensor rows = original.transpose(0, outputAxis);
    Tensor all = Joining.concat(0, rows.slice(0, 0, from), block, rows.slice(0, to, rows.size(0)));
    parameter.assign(all.transpose(0, outputAxis));
    parameter.unfreeze();
  }

  void restore() {
    parameter.assign(original);
    if (frozen) {
      parameter.freeze();
    }
  }
}
