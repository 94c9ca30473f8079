package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * Applies one stencil to all images: the whole forward pass of a convolution, or a phase of the
 * gradient of its input. The left operand is the weights, packed once; the right one is the input,
 * read through the taps where it is laid out.
 *
 * @param layout of x
 * @param inC channels of x in a group
 * @param outC channels of y in a group
 */
record FloatCorrelation(
    Kernels kernels,
    FloatLayout layout,
    int images,
    int groups,
    int inC,
    int outC,
    int outH,
    int outW,
    float[] y,
    int yFrom) {

  /** Columns of a result are computed in multiples of this, roughly. */
  private static final int LANES = 16;

  /**
   * Computes y.
   *
   * @param wOut distance in w from one output channel of a group to the next
   * @param wIn distance in w from one input channel of a group to the next
   */
  void run(float[] w, int wFrom, int wOut, int wIn) {
    int points = stencil().points();
    int blocks = geometry().blocks();
    long weights = (long) groups * panelRows() * depth();
    float[] panels = FloatScratch.A.take(weights);
    int groupSize = (int) (weights / groups);
    packWeights(w, wFrom, wOut, wIn, panels);
    Parallel.run(
        images * groups * blocks,
        (long) images * groups * outC * depth() * points / 32,
        chunk -> {
          int plane = chunk / blocks; // which image and group
          block(plane, geometry().block(chunk % blocks), panels, plane % groups * groupSize);
        });
    FloatScratch.A.give(panels);
    if (!isFinite(w, wFrom, groups * groupWeights(wOut, wIn))) {
      leavePaddingOut(w, wFrom, wOut, wIn);
    }
  }

  private ConvLayout geometry() {
    return layout.layout();
  }

  private ConvStencil stencil() {
    return layout.layout().stencil();
  }

  /** Returns whether a run of elements has neither infinities nor NaN. */
  static boolean isFinite(float[] elements, int from, int count) {
    for (int i = from; i < from + count; i++) {
      if (!Float.isFinite(elements[i])) {
        return false;
      }
    }
    return true;
  }

  private int groupWeights(int wOut, int wIn) {
    return Math.max(wOut * outC, wIn * inC);
  }

  /**
   * Computes again what is NaN, of the elements alone that exist: a zero of the padding makes NaN
   * of an infinite weight.
   */
  private void leavePaddingOut(float[] w, int wFrom, int wOut, int wIn) {
    ConvStencil stencil = stencil();
    int plane = stencil.inH() * stencil.inW();
    Parallel.run(
        images * groups * outC,
        (long) images * groups * outC * depth() * stencil.points(),
        chunk -> {
          int imageAndGroup = chunk / outC;
          int weights =
              wFrom + imageAndGroup % groups * groupWeights(wOut, wIn) + chunk % outC * wOut;
          for (int point = 0; point < stencil.points(); point++) {
            int i = point / stencil.columns();
            int j = point % stencil.columns();
            int row = stencil.row() + i * stencil.rowStep();
            int column = stencil.column() + j * stencil.columnStep();
            int to = yFrom + (chunk * outH + row) * outW + column;
            if (Float.isNaN(y[to])) {
              int from = layout.xFrom() + imageAndGroup * inC * plane;
              y[to] = sum(w, weights, wIn, from, i, j);
            }
          }
        });
  }

  private float sum(float[] w, int wFrom, int wIn, int xFrom, int i, int j) {
    ConvStencil stencil = stencil();
    int plane = stencil.inH() * stencil.inW();
    float sum = 0f;
    for (int channel = 0; channel < inC && !Float.isNaN(sum); channel++) {
      for (int t = 0; t < stencil.taps(); t++) {
        if (stencil.reads(t, i, j)) {
          float x = layout.x()[xFrom + channel * plane + stencil.place(t, i, j)];
          sum = Fma.fma(w[wFrom + channel * wIn + stencil.tap()[t]], x, sum);
        }
      }
    }
    return sum;
  }

  /** Steps of k: taps of all input channels of a group. */
  private int depth() {
    return inC * stencil().taps();
  }

  /** Steps of k in one chain: all taps of as many channels as fit a block. */
  private int steps() {
    int taps = Math.max(1, stencil().taps());
    return Math.max(1, FloatMatMul.DEPTH / taps) * taps;
  }

  private int panelRows() {
    return Math.ceilDiv(outC, kernels.tileRows()) * kernels.tileRows();
  }

  /** Packs the weights of all groups; the panels of one block of steps lie together. */
  private void packWeights(float[] w, int wFrom, int wOut, int wIn, float[] panels) {
    int taps = stencil().taps();
    int depth = depth();
    int tileRows = kernels.tileRows();
    int rowBlocks = panelRows() / tileRows;
    int groupWeights = groupWeights(wOut, wIn);
    Parallel.run(
        groups * rowBlocks,
        (long) groups * outC * depth,
        chunk -> {
          int group = chunk / rowBlocks;
          int i = chunk % rowBlocks * tileRows;
          int count = Math.min(tileRows, outC - i);
          int from = wFrom + group * groupWeights + i * wOut;
          for (int k = 0; k < depth; k++) {
            int block = k / steps() * steps();
            int steps = Math.min(steps(), depth - block);
            int at = from + k / taps * wIn + stencil().tap()[k % taps];
            int to = (group * depth + block) * panelRows() + i * steps + (k - block) * tileRows;
            for (int q = 0; q < count; q++) {
              panels[to + q] = w[at + q * wOut];
            }
          }
        });
  }

  /** Computes all output channels of a group in a rectangle of an image. */
  private void block(int plane, ConvLayout.Block block, float[] panels, int panelsFrom) {
    int pitch = geometry().pitch();
    int out = yFrom + plane * outC * outH * outW;
    int rows = block.rows();
    int columns = block.columns();
    FloatLayout.Part part = layout.take(plane * inC, inC, block);
    if (stencil().isWhole() && (pitch == outW || isNearlyFull(columns))) {
      int to = out + block.row() * outW + block.column();
      boolean isOneRun = pitch == outW;
      FloatMatrix c = new FloatMatrix(y, to, outH * outW, 1);
      for (int i = 0; i < rows; i++) {
        new FloatMatrix(y, to + i * outW, outH * outW, 1).clear(outC, columns);
      }
      int runs = isOneRun ? 1 : rows;
      multiply(part, panels, panelsFrom, c, runs, isOneRun ? geometry().length(block) : columns);
    } else {
      int length = geometry().length(block);
      int stride = length + LANES; // a power of two would have rows compete for cache lines
      float[] product = FloatScratch.PRODUCT.take((long) outC * stride);
      Arrays.fill(product, 0, outC * stride, 0f);
      multiply(part, panels, panelsFrom, new FloatMatrix(product, 0, stride, 1), 1, length);
      for (int channel = 0; channel < outC; channel++) {
        scatter(product, channel * stride, block, out + channel * outH * outW);
      }
      FloatScratch.PRODUCT.give(product);
    }
    layout.give(part);
  }

  /** Returns whether rows of an image waste at most an eighth of the vectors that hold them. */
  private static boolean isNearlyFull(int columns) {
    return columns >= LANES && columns * 8 >= Math.ceilDiv(columns, LANES) * LANES * 7;
  }

  /** Computes runs of grid points: each a row of the rectangle, or all its rows as one run. */
  private void multiply(
      FloatLayout.Part part, float[] panels, int panelsFrom, FloatMatrix c, int runs, int length) {
    int depth = depth();
    int[] aRows = FloatTiles.multiples(kernels.tileRows(), 1);
    int channel = geometry().channel();
    for (int k = 0; k < depth; k += steps()) {
      int steps = Math.min(steps(), depth - k);
      int from = part.from() + k / stencil().taps() * channel;
      FloatTiles tiles =
          new FloatTiles(
              kernels,
              panels,
              aRows,
              aRows.length,
              steps,
              part.data(),
              channel,
              geometry().shifts(),
              1);
      for (int run = 0; run < runs; run++) {
        tiles.add(
            outC,
            length,
            steps,
            panelsFrom + k * panelRows(),
            from + run * geometry().pitch(),
            c.data(),
            c.at(0, run * outW),
            c.rowStride());
      }
    }
  }

  /** Puts a rectangle of one channel where it belongs. */
  private void scatter(float[] product, int from, ConvLayout.Block block, int out) {
    ConvStencil s = stencil();
    int to = out + (s.row() + block.row() * s.rowStep()) * outW + s.column();
    to += block.column() * s.columnStep();
    int at = from;
    for (int i = 0; i < block.rows(); i++, at += geometry().pitch(), to += s.rowStep() * outW) {
      if (s.columnStep() == 1) {
        System.arraycopy(product, at, y, to, block.columns());
      } else {
        for (int j = 0; j < block.columns(); j++) {
          y[to + j * s.columnStep()] = product[at + j];
        }
      }
    }
  }
}
