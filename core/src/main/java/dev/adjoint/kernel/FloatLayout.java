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
    long size = (long) channels * layout.channel();
    float[] out = Buffers.scratchFloats(size + ConvLayout.SLACK);
    Arrays.fill(out, 0, (int) size, 0f);
    int step = s.strideW();
    int pitch = layout.pitch();
    int to = 0;
    for (int c = 0; c < channels; c++) {
      int from = x.from() + (channel + c) * plane;
      for (int p = 0; p < layout.downs().length; p++, to += layout.shared()) {
        int y = block.row() * s.strideH() + layout.top() + layout.downs()[p];
        int left = block.column() * step + layout.left() + layout.rights()[p];
        int first = Math.clamp(Math.ceilDiv(-left, step), 0, pitch);
        int count = Math.clamp(Math.ceilDiv(s.inW() - left, step), first, pitch) - first;
        for (int i = 0; i < layout.planeRows(); i++, y += s.strideH(), to += pitch) {
          if (count > 0 && y >= 0 && y < s.inH()) {
            FloatCopy.gather(
                count, data(), from + y * s.inW() + left + first * step, step, out, to + first);
          }
        }
      }
    }
    return new Part(out, 0);
  }

  void give(Part part) {
    if (!layout.isGiven()) {
      Buffers.give(part.data);
    }
  }
}
