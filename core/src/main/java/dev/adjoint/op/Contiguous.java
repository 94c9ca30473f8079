package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Span;
import dev.adjoint.kernel.StridedCopy;
import dev.adjoint.tensor.Tensor;

/** Copies elements so that they lie one after another. */
public enum Contiguous implements Primitive.Broadcasting {
  /** The same elements. */
  COPY;

  /** Returns the tensor itself if it is contiguous, else a copy. */
  public static Tensor apply(Tensor x) {
    return x.isContiguous() ? x : Recorder.apply(COPY, x);
  }

  /** Returns a copy, whatever the layout, which stays when the region ends that computes it. */
  public static Tensor copy(Tensor x) {
    Tensor copy = Recorder.apply(COPY, x);
    copy.ownStorage().keep();
    return copy;
  }

  /** Copies without recording. */
  static Tensor pack(Tensor x) {
    Object out = Engine.uninitialized(x.dtype(), x.size());
    StridedCopy.GATHER.run(x.shape().toArray(), new Span(out, 0), Engine.span(x), x.strides());
    return Engine.tensor(out, x.dtype(), x.shape());
  }

  @Override
  public Tensor forward(Tensor... x) {
    return pack(x[0]);
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    return g;
  }
}
