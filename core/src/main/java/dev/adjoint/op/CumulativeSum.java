package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.Tensor;

/** Sums along an axis from its start to each position. */
public record CumulativeSum(int axis) implements Primitive {

  /** Returns the running sum along an axis. */
  public static Tensor apply(Tensor x, int axis) {
    return Recorder.apply(new CumulativeSum(x.shape().axis("cumsum", axis)), x);
  }

  @Override
  public String name() {
    return "cumsum";
  }

  @Override
  public Tensor forward(Tensor... x) {
    Tensor source = Engine.packed(x[0]);
    int n = source.size(axis);
    int inner = source.shape().strides()[axis];
    Object in = Engine.array(source);
    Object out = Engine.uninitialized(source.dtype(), source.size());
    for (int i = 0; i < source.size(); i++) {
      boolean first = i / inner % n == 0;
      if (in instanceof float[] floats) {
        float[] sums = (float[]) out;
        sums[i] =
            first ? floats[source.offset() + i] : sums[i - inner] + floats[source.offset() + i];
      } else {
        double[] sums = (double[]) out;
        double value = ((double[]) in)[source.offset() + i];
        sums[i] = first ? value : sums[i - inner] + value;
      }
    }
    return Engine.tensor(out, source.dtype(), source.shape());
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    return g.flip(axis).cumsum(axis).flip(axis);
  }
}
