package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * The gradient of a convolution's weights.
 *
 * <p>The product is computed transposed, (unfolded input) x (gradient): a row of the left operand
 * is what one tap sees of one channel, and the tile reads it where it is laid out. Parts of the
 * batch are added up separately, so that there is work for many threads.
 *
 * @param layout of the input
 * @param g the gradient of the output
 */
record FloatWeightGradient(Kernels kernels, ConvShape shape, FloatLayout layout, Span g, Span dw) {

  /** Partial gradients have at most this many elements in total. */
  private static final int PARTIALS = 1 << 20;

  /** At most this many partial gradients, one for each part of the batch. */
  private static final int MAX_PARTS = 16;

  /** Rows of partial gradients that are added up together: as columns they share cache lines. */
  private static final int ADDED_ROWS = 16;

  /** Rows of the transposed gradient that are computed together, roughly. */
  private static final int ROWS = 512;

  /** Computes dw. */
  void run() {
    int n = shape.n();
    int weights = shape.outC() * depth();
    int parts = Math.clamp(Math.min(n, PARTIALS / weights), 1, MAX_PARTS);
    float[] partials = Buffers.scratchFloats((long) parts * weights);
    Arrays.fill(partials, 0, parts * weights, 0f);
    int taps = stencil().taps();
    int inC = shape.groupInC();
    int channels = Math.clamp(ROWS / taps, 1, inC);
    int blocks = Math.ceilDiv(inC, channels);
    int chunksOfPart = shape.groups() * blocks;
    int[] rows = layout.layout().unfolded(channels);
    Parallel.run(
        parts * chunksOfPart,
        (long) n * weights * stencil().points() / 32,
        chunk -> {
          int part = chunk / chunksOfPart;
          int group = chunk % chunksOfPart / blocks;
          int channel = chunk % blocks * channels;
          int count = Math.min(channels, inC - channel);
          int to = part * weights + (group * depth() + channel * taps) * shape.groupOutC();
          Matrix c = Matrix.packed(partials, to, count * taps, shape.groupOutC());
          int first = (int) ((long) part * n / parts);
          int end = (int) ((part + 1L) * n / parts);
          if (shape.isDepthwise()) {
            addColumns(first, end, group, c);
          } else {
            for (int image = first; image < end; image++) {
              addImage(image, group, channel, count, rows, c);
            }
          }
        });
    addParts(parts, partials);
    Buffers.give(partials);
    if (!FloatCorrelation.isFinite(dw.data(), dw.from(), weights)) {
      leavePaddingOut();
    }
  }

  /** Computes one channel's share of some images: its columns are added up first. */
  private void addColumns(int firstImage, int endImage, int channel, Matrix c) {
    ConvLayout geometry = layout.layout();
    int columns = stencil().columns();
    int pitch = geometry.blockColumns() + ConvLayout.SLACK;
    float[] sums = Buffers.scratchFloats((long) c.rows() * pitch);
    Arrays.fill(sums, 0, c.rows() * pitch, 0f);
    for (int image = firstImage; image < endImage; image++) {
      int plane = image * shape.groups() + channel;
      for (int index = 0; index < geometry.blocks(); index++) {
        ConvLayout.Block block = geometry.block(index);
        FloatLayout.Part part = layout.take(plane, 1, block);
        int from = g.from() + plane * stencil().points() + block.row() * columns + block.column();
        kernels.correlateRows(
            geometry,
            new Matrix(part.data(), part.from(), 0, 0, geometry.pitch(), 1),
            new Matrix(g.data(), from, block.rows(), block.columns(), columns, 1),
            Matrix.packed(sums, 0, c.rows(), pitch));
        layout.give(part);
      }
    }
    Kernels.Reduction sum = kernels.reduction("sum");
    for (int t = 0; t < c.rows(); t++) {
      sum.rows(sums, t * pitch, 1, geometry.blockColumns(), c.data(), c.at(t, 0));
    }
    Buffers.give(sums);
  }

  private ConvStencil stencil() {
    return layout.layout().stencil();
  }

  /**
   * Computes again what is NaN, of the elements alone that exist: a zero of the padding, or between
   * two rows, makes NaN of an infinity.
   */
  private void leavePaddingOut() {
    float[] out = (float[]) dw.data();
    int weights = shape.outC() * depth();
    Parallel.run(
        weights,
        (long) shape.n() * weights * stencil().points(),
        weight -> {
          if (Float.isNaN(out[dw.from() + weight])) {
            out[dw.from() + weight] = sum(weight / depth(), weight % depth());
          }
        });
  }

  private float sum(int outChannel, int k) {
    ConvStencil stencil = stencil();
    int t = k % stencil.taps();
    int inChannel = outChannel / shape.groupOutC() * shape.groupInC() + k / stencil.taps();
    int plane = stencil.inH() * stencil.inW();
    int points = stencil.points();
    float sum = 0f;
    for (int image = 0; image < shape.n() && !Float.isNaN(sum); image++) {
      int from = layout.x().from() + (image * shape.inC() + inChannel) * plane;
      int gradients = g.from() + (image * shape.outC() + outChannel) * points;
      for (int point = 0; point < points; point++) {
        int i = point / stencil.columns();
        int j = point % stencil.columns();
        if (stencil.reads(t, i, j)) {
          sum =
              Fma.fma(
                  layout.data()[from + stencil.place(t, i, j)],
                  ((float[]) g.data())[gradients + point],
                  sum);
        }
      }
    }
    return sum;
  }

  /** Rows of the transposed gradient of a group: taps of all its input channels. */
  private int depth() {
    return shape.groupInC() * stencil().taps();
  }

  /** Adds one image's share to the rows of some channels of one group. */
  private void addImage(int image, int group, int channel, int channels, int[] aRows, Matrix c) {
    int width = kernels.tileColumns();
    int outC = shape.groupOutC();
    int inChannel = image * shape.inC() + group * shape.groupInC() + channel;
    int points = stencil().points();
    int from = g.from() + (image * shape.outC() + group * outC) * points;
    Matrix gradient = Matrix.packed(g.data(), from, outC, points);
    for (int index = 0; index < layout.layout().blocks(); index++) {
      ConvLayout.Block block = layout.layout().block(index);
      int length = layout.layout().length(block);
      FloatLayout.Part part = layout.take(inChannel, channels, block);
      float[] panels = Buffers.scratchFloats((long) length * Math.ceilDiv(outC, width) * width);
      for (int j = 0; j < outC; j += width) {
        pack(gradient, j, block, panels, j * length);
      }
      new Tiles(
              part.data(),
              aRows,
              1,
              0,
              panels,
              width,
              Tiles.NO_TABLE,
              length,
              c.data(),
              c.rowStride())
          .add(kernels, c.rows(), outC, length, part.from(), 0, c.from());
      Buffers.give(panels);
      layout.give(part);
    }
  }

  /** Packs a panel of a rectangle of the gradient, with zeros between its rows. */
  private void pack(
      Matrix gradient, int channel, ConvLayout.Block block, float[] panels, int panelsFrom) {
    int width = kernels.tileColumns();
    int channels = Math.min(width, gradient.rows() - channel);
    int k = block.row() * stencil().columns() + block.column();
    int points = block.rows() * block.columns(); // that lie together: whole rows, or one
    kernels.pack(gradient.block(channel, k, channels, points), panels, panelsFrom, width);
    int row = block.columns() * width;
    int pitch = layout.layout().pitch() * width;
    for (int i = pitch == row ? 0 : block.rows() - 1; i > 0; i--) {
      int to = panelsFrom + i * pitch;
      System.arraycopy(panels, panelsFrom + i * row, panels, to, row);
      Arrays.fill(panels, to - pitch + row, to, 0f);
    }
  }

  /** Adds up the parts, in their order, and turns rows into columns. */
  private void addParts(int parts, float[] partials) {
    int outC = shape.groupOutC();
    int weights = shape.outC() * depth();
    int blocks = Math.ceilDiv(depth(), ADDED_ROWS);
    Loop plus = kernels.loop("plus", 2);
    Parallel.run(
        shape.groups() * blocks,
        (long) parts * weights / 8,
        chunk -> {
          int group = chunk / blocks;
          int k = chunk % blocks * ADDED_ROWS;
          int rows = Math.min(ADDED_ROWS, depth() - k);
          int from = (group * depth() + k) * outC;
          for (int part = 1; part < parts; part++) {
            int other = from + part * weights;
            plus.run(partials, from, 1, partials, other, 1, partials, from, rows * outC);
          }
          int to = dw.from() + group * outC * depth() + k;
          for (int i = 0; i < rows; i++) {
            FloatCopy.scatter(
                outC, partials, from + i * outC, (float[]) dw.data(), to + i, depth());
          }
        });
  }
}
