package dev.adjoint.kernel;

/**
 * Convolution as a matrix product whose one operand, the unfolded input, is read where the input is
 * laid out. Every element of a result is added up in an order that sizes alone determine.
 */
final class FloatConv2d {

  private FloatConv2d() {}

  /** Computes the convolution of x with w. */
  static void forward(
      Kernels kernels,
      ConvShape s,
      float[] x,
      int xFrom,
      float[] w,
      int wFrom,
      float[] y,
      int yFrom) {
    int taps = s.kh() * s.kw();
    FloatLayout layout = new FloatLayout(ConvLayout.of(ConvStencil.forward(s)), x, xFrom);
    new FloatCorrelation(
            kernels,
            layout,
            s.n(),
            s.groups(),
            s.groupInC(),
            s.groupOutC(),
            s.outH(),
            s.outW(),
            y,
            yFrom)
        .run(w, wFrom, s.groupInC() * taps, taps);
  }

  /** Computes the gradient of the convolution's input, given that of its output. */
  static void inputGradient(
      Kernels kernels,
      ConvShape s,
      float[] g,
      int gFrom,
      float[] w,
      int wFrom,
      float[] dx,
      int dxFrom) {
    int taps = s.kh() * s.kw();
    for (ConvStencil phase : ConvStencil.inputGradient(s)) {
      FloatLayout layout = new FloatLayout(ConvLayout.of(phase), g, gFrom);
      new FloatCorrelation(
              kernels,
              layout,
              s.n(),
              s.groups(),
              s.groupOutC(),
              s.groupInC(),
              s.h(),
              s.w(),
              dx,
              dxFrom)
          .run(w, wFrom, taps, s.groupInC() * taps);
    }
  }

  /** Computes the gradient of the convolution's weights, given that of its output. */
  static void weightGradient(
      Kernels kernels,
      ConvShape s,
      float[] g,
      int gFrom,
      float[] x,
      int xFrom,
      float[] dw,
      int dwFrom) {
    FloatLayout layout = new FloatLayout(ConvLayout.of(ConvStencil.forward(s)), x, xFrom);
    new FloatWeightGradient(kernels, s, layout, g, gFrom).run(dw, dwFrom);
  }
}
