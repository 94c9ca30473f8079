package dev.adjoint.kernel;

/**
 * Applies one stencil to all images: the whole forward pass of a convolution, or a phase of the
 * gradient of its input. The left operand is the weights, packed once; the right one is unfolded.
 *
 * @param patches the unfolded x
 * @param inC channels of x in a group
 * @param outC channels of y in a group
 */
record FloatCorrelation(
    Kernels kernels,
    FloatPatches patches,
    int images,
    int groups,
    int inC,
    int outC,
    int outH,
    int outW,
    float[] y,
    int yFrom) {

  private static final int POINTS = FloatPatches.POINTS;
  private static final int DEPTH = FloatPatches.DEPTH;

  /**
   * Computes y.
   *
   * @param wOut distance in w from one output channel of a group to the next
   * @param wIn distance in w from one input channel of a group to the next
   */
  void run(float[] w, int wFrom, int wOut, int wIn) {
    int points = patches.stencil().points();
    int blocks = Math.ceilDiv(points, POINTS);
    long weights = (long) groups * panelRows() * depth();
    float[] panels = FloatScratch.A.take(weights);
    int groupSize = (int) (weights / groups);
    packWeights(w, wFrom, wOut, wIn, panels);
    Parallel.run(
        images * groups * blocks,
        (long) images * groups * outC * depth() * points / 16,
        chunk -> {
          int plane = chunk / blocks; // which image and group
          block(plane, chunk % blocks * POINTS, panels, plane % groups * groupSize);
        });
    FloatScratch.A.give(panels);
    if (!isFinite(w, wFrom, groups * groupWeights(wOut, wIn))) {
      leavePaddingOut(w, wFrom, wOut, wIn);
    }
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
    ConvStencil stencil = patches.stencil();
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
              int from = patches.xFrom() + imageAndGroup * inC * plane;
              y[to] = sum(w, weights, wIn, from, i, j);
            }
          }
        });
  }

  private float sum(float[] w, int wFrom, int wIn, int xFrom, int i, int j) {
    ConvStencil stencil = patches.stencil();
    int plane = stencil.inH() * stencil.inW();
    float sum = 0f;
    for (int channel = 0; channel < inC && !Float.isNaN(sum); channel++) {
      for (int t = 0; t < stencil.taps(); t++) {
        if (stencil.reads(t, i, j)) {
          float x = patches.x()[xFrom + channel * plane + stencil.place(t, i, j)];
          sum = Fma.fma(w[wFrom + channel * wIn + stencil.tap()[t]], x, sum);
        }
      }
    }
    return sum;
  }

  /** Steps of k: taps of all input channels of a group. */
  private int depth() {
    return inC * patches.stencil().taps();
  }

  private int panelRows() {
    return Math.ceilDiv(outC, kernels.tileRows()) * kernels.tileRows();
  }

  /** Packs the weights of all groups; the panels of one block of steps lie together. */
  private void packWeights(float[] w, int wFrom, int wOut, int wIn, float[] panels) {
    ConvStencil stencil = patches.stencil();
    int taps = stencil.taps();
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
            int block = k / DEPTH * DEPTH;
            int steps = Math.min(DEPTH, depth - block);
            int at = from + k / taps * wIn + stencil.tap()[k % taps];
            int to = (group * depth + block) * panelRows() + i * steps + (k - block) * tileRows;
            for (int q = 0; q < count; q++) {
              panels[to + q] = w[at + q * wOut];
            }
          }
        });
  }

  /** Computes all output channels of a group at some grid points of an image. */
  private void block(int plane, int point, float[] panels, int panelsFrom) {
    ConvStencil stencil = patches.stencil();
    int points = Math.min(POINTS, stencil.points() - point);
    int out = yFrom + plane * outC * outH * outW;
    if (stencil.isWhole()) {
      FloatMatrix c = new FloatMatrix(y, out + point, outH * outW, 1);
      multiply(plane, point, points, panels, panelsFrom, c);
    } else {
      float[] product = FloatScratch.PRODUCT.take((long) outC * POINTS);
      multiply(plane, point, points, panels, panelsFrom, new FloatMatrix(product, 0, POINTS, 1));
      for (int channel = 0; channel < outC; channel++) {
        scatter(product, channel * POINTS, point, points, out + channel * outH * outW);
      }
      FloatScratch.PRODUCT.give(product);
    }
  }

  private void multiply(
      int plane, int point, int points, float[] panels, int panelsFrom, FloatMatrix c) {
    int tileRows = kernels.tileRows();
    int tileColumns = kernels.tileColumns();
    int depth = depth();
    float[] unfolded = FloatPatches.take(depth);
    c.clear(outC, points);
    for (int k = 0; k < depth; k += DEPTH) {
      int steps = Math.min(DEPTH, depth - k);
      patches.unfold(plane * inC, k, steps, point, points, unfolded);
      for (int j = 0; j < points; j += tileColumns) {
        for (int i = 0; i < outC; i += tileRows) {
          kernels.tile(
              Math.min(tileRows, outC - i),
              Math.min(tileColumns, points - j),
              steps,
              panels,
              panelsFrom + k * panelRows() + i * steps,
              1,
              tileRows,
              unfolded,
              j,
              FloatPatches.STRIDE,
              c.data(),
              c.at(i, j),
              c.rowStride());
        }
      }
    }
    FloatScratch.PATCHES.give(unfolded);
  }

  /** Puts grid points of one channel where they belong. */
  private void scatter(float[] product, int from, int point, int points, int out) {
    ConvStencil stencil = patches.stencil();
    int i = point / stencil.columns();
    int j = point % stencil.columns();
    for (int q = 0; q < points; q++) {
      int row = stencil.row() + i * stencil.rowStep();
      int column = stencil.column() + j * stencil.columnStep();
      y[out + row * outW + column] = product[from + q];
      j++;
      if (j == stencil.columns()) {
        j = 0;
        i++;
      }
    }
  }
}
