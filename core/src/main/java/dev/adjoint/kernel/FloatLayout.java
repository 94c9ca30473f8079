package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * Lays out parts of the input of a convolution, as {@link ConvLayout} says.
 *
 * @param x images of channels
 */
record FloatLayout(ConvLayout layout, Span x) {

  /** A part: its channels are {@code layout.channel()} apart. */
  record Part(float[] data, int from) {}

  float[] data() {
    return (float[]) x.data();
  }

  /** Returns what a rectangle of output elements reads of some channels; to be given back. */
  Part take(int channel, int channels, ConvLayout.Block block) {
    ConvStencil s = layout.stencil();
    int plane = s.inH() * s.inW();
    if (layout.isGiven()) {
      return new Part(data(), x.from() + channel * plane + block.row() * s.inW());
    }
    float[] out = Buffers.scratchFloats((long) channels * layout.channel());
    int rows = layout.plane() / layout.pitch();
    int to = 0;
    for (int c = 0; c < channels; c++) {
      int from = x.from() + (channel + c) * plane;
      for (int p = 0; p < layout.downs().length; p++) {
        int y = block.row() * s.strideH() + layout.top() + layout.downs()[p];
        int left = block.column() * s.strideW() + layout.left() + layout.rights()[p];
        for (int i = 0; i < rows; i++, y += s.strideH(), to += layout.pitch()) {
          row(from + y * s.inW(), y >= 0 && y < s.inH(), left, out, to);
        }
      }
    }
    return new Part(out, 0);
  }

  /** Lays out every {@code strideW}th element of a row, with zeros where there is none. */
  private void row(int from, boolean exists, int left, float[] out, int to) {
    ConvStencil s = layout.stencil();
    int step = s.strideW();
    int pitch = layout.pitch();
    int first = exists ? Math.clamp(Math.ceilDiv(-left, step), 0, pitch) : pitch;
    int last = Math.clamp(Math.ceilDiv(s.inW() - left, step), first, pitch);
    Arrays.fill(out, to, to + first, 0f);
    if (step == 1 && last > first) {
      System.arraycopy(x.data(), from + left + first, out, to + first, last - first);
    } else {
      float[] data = data();
      for (int j = first; j < last; j++) {
        out[to + j] = data[from + left + j * step];
      }
    }
    Arrays.fill(out, to + last, to + pitch, 0f);
  }

  void give(Part part) {
    if (!layout.isGiven()) {
      Buffers.give(part.data);
    }
  }
}
