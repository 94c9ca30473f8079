package dev.adjoint.kernel;

/**
 * Convolution as a matrix product whose one operand, the unfolded input, is read where the input is
 * laid out. Every element of a result is added up in an order that sizes alone determine.
 */
final class FloatConv2d {

  private FloatConv2d() {}

  /** Computes a side of a convolution, as {@link Conv2d#run} says. */
  static void run(Conv2d side, Kernels kernels, ConvShape s, Span a, Span b, Span out) {
    int taps = s.kh() * s.kw();
    int in = s.groupInC();
    switch (side) {
      case FORWARD -> {
        Matrix w = new Matrix(b.data(), b.from(), s.groupOutC(), in, in * taps, taps);
        FloatLayout x = new FloatLayout(ConvLayout.of(ConvStencil.forward(s), s.isDepthwise()), a);
        new FloatCorrelation(kernels, x, s, w, s.outH(), s.outW(), out).run();
      }
      case INPUT_GRADIENT -> {
        Matrix w = new Matrix(b.data(), b.from(), in, s.groupOutC(), taps, in * taps);
        for (ConvStencil phase : ConvStencil.inputGradient(s)) {
          FloatLayout g = new FloatLayout(ConvLayout.of(phase, s.isDepthwise()), a);
          new FloatCorrelation(kernels, g, s, w, s.h(), s.w(), out).run();
        }
      }
      case WEIGHT_GRADIENT -> {
        FloatLayout x = new FloatLayout(ConvLayout.of(ConvStencil.forward(s), s.isDepthwise()), b);
        new FloatWeightGradient(kernels, s, x, a, out).run();
      }
    }
  }
}
