package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.ConvLayout;
import dev.adjoint.kernel.Fma;
import dev.adjoint.kernel.Matrix;
import dev.adjoint.kernel.Span;
import java.util.Arrays;

/** Convolution of one channel by itself, in plain loops. */
final class FloatPortableStencil {

  private FloatPortableStencil() {}

  /** Computes y, as {@code Kernels.correlate} says. */
  static void correlate(ConvLayout layout, Matrix x, Span w, Matrix y) {
    float[] in = (float[]) x.data();
    float[] weights = (float[]) w.data();
    float[] out = (float[]) y.data();
    for (int i = 0; i < y.rows(); i++) {
      int to = y.at(i, 0);
      Arrays.fill(out, to, to + y.columns(), 0f);
      for (int t = 0; t < layout.shifts().length; t++) {
        int from = x.at(i, layout.shifts()[t]);
        float weight = weights[w.from() + layout.stencil().tap()[t]];
        for (int j = 0; j < y.columns(); j++) {
          out[to + j] = Fma.fma(weight, in[from + j], out[to + j]);
        }
      }
    }
  }

  /** Adds to sums, as {@code Kernels.correlateRows} says. */
  static void correlateRows(ConvLayout layout, Matrix x, Matrix g, Matrix sums) {
    float[] in = (float[]) x.data();
    float[] gradients = (float[]) g.data();
    float[] out = (float[]) sums.data();
    for (int t = 0; t < layout.shifts().length; t++) {
      for (int j = 0; j < g.columns(); j++) {
        float sum = 0f;
        for (int i = 0; i < g.rows(); i++) {
          sum = Fma.fma(gradients[g.at(i, j)], in[x.at(i, layout.shifts()[t] + j)], sum);
        }
        out[sums.at(t, j)] += sum;
      }
    }
  }
}
