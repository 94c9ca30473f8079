package dev.adjoint.kernel;

/**
 * Applies one stencil to all images: the whole forward pass of a convolution, or a phase of the
 * gradient of its input. The left operand is the weights, packed once; the right one is the input,
 * read through the taps where it is laid out.
 *
 * @param layout of x
 * @param w where the taps of an output and an input channel of a group lie
 */
record FloatCorrelation(
    Kernels kernels, FloatLayout layout, ConvShape shape, Matrix w, int outH, int outW, Span y) {

  /** Columns of a result are computed in multiples of this, roughly. */
  private static final int LANES = 16;

  /** Computes y. */
  void run() {
    int planes = shape.n() * shape.groups();
    int blocks = geometry().blocks();
    long weights = (long) shape.groups() * panelRows() * depth();
    float[] panels = Buffers.scratchFloats(weights);
    int groupSize = (int) (weights / shape.groups());
    if (!shape.isDepthwise()) {
      packWeights(panels);
    }
    int[] unfolded = geometry().unfolded(Math.min(w.columns(), channelsAtOnce()));
    Parallel.run(
        planes * blocks,
        (long) planes * w.rows() * depth() * stencil().points() / 32,
        chunk -> {
          int plane = chunk / blocks; // which image and group
          int panelsFrom = plane % shape.groups() * groupSize;
          block(plane, geometry().block(chunk % blocks), unfolded, panels, panelsFrom);
        });
    Buffers.give(panels);
    if (!isFinite(w.data(), w.from(), shape.groups() * groupWeights())) {
      leavePaddingOut();
    }
  }

  private ConvLayout geometry() {
    return layout.layout();
  }

  private ConvStencil stencil() {
    return layout.layout().stencil();
  }

  /** Returns whether a run of elements has neither infinities nor NaN. */
  static boolean isFinite(Object array, int from, int count) {
    float[] elements = (float[]) array;
    for (int i = from; i < from + count; i++) {
      if (!Float.isFinite(elements[i])) {
        return false;
      }
    }
    return true;
  }

  private float[] out() {
    return (float[]) y.data();
  }

  /** Returns the number of weights of a group. */
  private int groupWeights() {
    return Math.max(w.rowStride() * w.rows(), w.columnStride() * w.columns());
  }

  /**
   * Computes again what is NaN, of the elements alone that exist: a zero of the padding makes NaN
   * of an infinite weight.
   */
  private void leavePaddingOut() {
    ConvStencil stencil = stencil();
    int outC = w.rows();
    int outputs = shape.n() * shape.groups() * outC;
    Parallel.run(
        outputs,
        (long) outputs * depth() * stencil.points(),
        chunk -> {
          int plane = chunk / outC;
          int weights = plane % shape.groups() * groupWeights() + w.at(chunk % outC, 0);
          for (int point = 0; point < stencil.points(); point++) {
            int i = point / stencil.columns();
            int j = point % stencil.columns();
            int row = stencil.row() + i * stencil.rowStep();
            int column = stencil.column() + j * stencil.columnStep();
            int to = y.from() + (chunk * outH + row) * outW + column;
            if (Float.isNaN(out()[to])) {
              out()[to] = sum(weights, plane * w.columns(), i, j);
            }
          }
        });
  }

  private float sum(int weights, int inChannel, int i, int j) {
    ConvStencil stencil = stencil();
    int plane = stencil.inH() * stencil.inW();
    float sum = 0f;
    for (int channel = 0; channel < w.columns() && !Float.isNaN(sum); channel++) {
      int from = layout.x().from() + (inChannel + channel) * plane;
      for (int t = 0; t < stencil.taps(); t++) {
        if (stencil.reads(t, i, j)) {
          float weight =
              ((float[]) w.data())[weights + channel * w.columnStride() + stencil.tap()[t]];
          sum = Fma.fma(weight, layout.data()[from + stencil.place(t, i, j)], sum);
        }
      }
    }
    return sum;
  }

  /** Steps of k: taps of all input channels of a group. */
  private int depth() {
    return w.columns() * stencil().taps();
  }

  /** Channels whose taps make one chain: as many as fit a block of steps. */
  private int channelsAtOnce() {
    return Math.max(1, FloatMatMul.DEPTH / Math.max(1, stencil().taps()));
  }

  /** Steps of k in one chain. */
  private int steps() {
    return channelsAtOnce() * Math.max(1, stencil().taps());
  }

  private int panelRows() {
    return Math.ceilDiv(w.rows(), kernels.tileRows()) * kernels.tileRows();
  }

  /** Packs the weights of all groups; the panels of one block of steps lie together. */
  private void packWeights(float[] panels) {
    float[] data = (float[]) w.data();
    int taps = stencil().taps();
    int depth = depth();
    int tileRows = kernels.tileRows();
    int rowBlocks = panelRows() / tileRows;
    Parallel.run(
        shape.groups() * rowBlocks,
        (long) shape.groups() * w.rows() * depth,
        chunk -> {
          int group = chunk / rowBlocks;
          int i = chunk % rowBlocks * tileRows;
          int count = Math.min(tileRows, w.rows() - i);
          int from = group * groupWeights() + w.at(i, 0);
          for (int k = 0; k < depth; k++) {
            int block = k / steps() * steps();
            int steps = Math.min(steps(), depth - block);
            int at = from + k / taps * w.columnStride() + stencil().tap()[k % taps];
            int to = (group * depth + block) * panelRows() + i * steps + (k - block) * tileRows;
            for (int q = 0; q < count; q++) {
              panels[to + q] = data[at + q * w.rowStride()];
            }
          }
        });
  }

  /** Computes all output channels of a group in a rectangle of an image. */
  private void block(
      int plane, ConvLayout.Block block, int[] unfolded, float[] panels, int panelsFrom) {
    int outC = w.rows();
    int out = y.from() + plane * outC * outH * outW;
    int length = geometry().length(block);
    FloatLayout.Part part = layout.take(plane * w.columns(), w.columns(), block);
    boolean isOneRun = geometry().pitch() == outW;
    if (shape.isDepthwise()) {
      correlate(plane, part, block, out);
    } else if (stencil().isWhole() && (isOneRun || isNearlyFull(outC, block.columns()))) {
      int to = out + block.row() * outW + block.column();
      int runs = isOneRun ? 1 : block.rows();
      int columns = isOneRun ? length : block.columns();
      Matrix c = new Matrix(y.data(), to, outC, columns, outH * outW, 1);
      multiply(part, unfolded, panels, panelsFrom, c, runs);
    } else {
      int stride = length + LANES; // a power of two would have rows compete for cache lines
      float[] product = Buffers.scratchFloats((long) outC * stride);
      multiply(
          part, unfolded, panels, panelsFrom, new Matrix(product, 0, outC, length, stride, 1), 1);
      for (int channel = 0; channel < outC; channel++) {
        scatter(product, channel * stride, geometry().pitch(), block, out + channel * outH * outW);
      }
      Buffers.give(product);
    }
    layout.give(part);
  }

  /** Computes a rectangle of a channel from the same channel of the input. */
  private void correlate(int plane, FloatLayout.Part part, ConvLayout.Block block, int out) {
    int rows = block.rows();
    int columns = block.columns();
    Matrix x = new Matrix(part.data(), part.from(), rows, columns, geometry().pitch(), 1);
    Span weights = new Span(w.data(), w.from() + plane % shape.groups() * groupWeights());
    if (stencil().isWhole()) {
      int to = out + block.row() * outW + block.column();
      kernels.correlate(geometry(), x, weights, new Matrix(y.data(), to, rows, columns, outW, 1));
    } else {
      float[] result = Buffers.scratchFloats((long) rows * columns);
      kernels.correlate(geometry(), x, weights, Matrix.packed(result, 0, rows, columns));
      scatter(result, 0, columns, block, out);
      Buffers.give(result);
    }
  }

  /**
   * Returns whether rows of an image waste at most an eighth of the vectors that hold them. Tiles
   * of a single channel are wider than that.
   */
  private static boolean isNearlyFull(int channels, int columns) {
    return channels > 1
        && columns >= LANES
        && columns * 8 >= Math.ceilDiv(columns, LANES) * LANES * 7;
  }

  /**
   * Computes runs of grid points: each a row of the rectangle, or all its rows as one run.
   *
   * @param c the first run, a row for each output channel; the next is a row of the image further
   */
  private void multiply(
      FloatLayout.Part part, int[] unfolded, float[] panels, int panelsFrom, Matrix c, int runs) {
    for (int run = 0; run < runs; run++) {
      FloatMatMul.clear(c.block(0, run * outW, c.rows(), c.columns()));
    }
    int depth = depth();
    int[] aRows = Tiles.multiples(kernels.tileRows(), 1);
    int channel = geometry().channel();
    for (int k = 0; k < depth; k += steps()) {
      int steps = Math.min(steps(), depth - k);
      Tiles tiles =
          new Tiles(
              panels,
              aRows,
              aRows.length,
              steps,
              part.data(),
              0,
              unfolded,
              1,
              c.data(),
              c.rowStride());
      int aFrom = panelsFrom + k * panelRows();
      int bFrom = part.from() + k / stencil().taps() * channel;
      for (int run = 0; run < runs; run++, bFrom += geometry().pitch()) {
        tiles.add(kernels, c.rows(), c.columns(), steps, aFrom, bFrom, c.at(0, run * outW));
      }
    }
  }

  /** Puts a rectangle of one channel where it belongs. */
  private void scatter(float[] product, int from, int pitch, ConvLayout.Block block, int out) {
    ConvStencil s = stencil();
    int to = out + (s.row() + block.row() * s.rowStep()) * outW + s.column();
    to += block.column() * s.columnStep();
    int at = from;
    for (int i = 0; i < block.rows(); i++, at += pitch, to += s.rowStep() * outW) {
      FloatCopy.scatter(block.columns(), product, at, out(), to, s.columnStep());
    }
  }
}
