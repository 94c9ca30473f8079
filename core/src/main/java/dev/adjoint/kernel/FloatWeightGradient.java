package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * The gradient of a convolution's weights.
 *
 * <p>The product is computed transposed, (unfolded input) x (gradient), because then the unfolded
 * input is the left operand, which the tile reads in place. Parts of the batch are added up
 * separately, so that there is work for many threads.
 *
 * @param patches the unfolded input
 * @param g the gradient of the output
 */
record FloatWeightGradient(
    Kernels kernels, ConvShape shape, FloatPatches patches, float[] g, int gFrom) {

  /** Partial gradients have at most this many elements in total. */
  private static final int PARTIALS = 1 << 22;

  /** At most this many partial gradients, one for each part of the batch. */
  private static final int MAX_PARTS = 16;

  /** Channels whose partial gradients are added up together: they share cache lines. */
  private static final int ADDED_CHANNELS = 16;

  private static final int POINTS = FloatPatches.POINTS;
  private static final int DEPTH = FloatPatches.DEPTH;

  /** Computes the gradient. */
  void run(float[] dw, int dwFrom) {
    int n = shape.n();
    int weights = shape.outC() * depth();
    int parts = Math.clamp(Math.min(n, PARTIALS / weights), 1, MAX_PARTS);
    float[] partials = FloatScratch.PRODUCT.take(parts * weights);
    Arrays.fill(partials, 0, parts * weights, 0f);
    int blocks = Math.ceilDiv(depth(), DEPTH);
    int chunksOfPart = shape.groups() * blocks;
    Parallel.run(
        parts * chunksOfPart,
        (long) n * weights * patches.stencil().points() / 16,
        chunk -> {
          int part = chunk / chunksOfPart;
          int group = chunk % chunksOfPart / blocks;
          int k = chunk % blocks * DEPTH;
          int to = part * weights + (group * depth() + k) * shape.groupOutC();
          FloatMatrix c = new FloatMatrix(partials, to, shape.groupOutC(), 1);
          int end = (int) ((part + 1L) * n / parts);
          for (int image = (int) ((long) part * n / parts); image < end; image++) {
            addImage(image, group, k, Math.min(DEPTH, depth() - k), c);
          }
        });
    addParts(parts, partials, dw, dwFrom);
    FloatScratch.PRODUCT.give(partials);
    if (!FloatCorrelation.isFinite(dw, dwFrom, weights)
        && !FloatCorrelation.isFinite(g, gFrom, n * shape.outC() * patches.stencil().points())) {
      leavePaddingOut(dw, dwFrom);
    }
  }

  /**
   * Computes again what is NaN, of the elements alone that exist: a zero of the padding makes NaN
   * of an infinite gradient.
   */
  private void leavePaddingOut(float[] dw, int dwFrom) {
    int weights = shape.outC() * depth();
    Parallel.run(
        weights,
        (long) shape.n() * weights * patches.stencil().points(),
        weight -> {
          if (Float.isNaN(dw[dwFrom + weight])) {
            dw[dwFrom + weight] = sum(weight / depth(), weight % depth());
          }
        });
  }

  private float sum(int outChannel, int k) {
    ConvStencil stencil = patches.stencil();
    int t = k % stencil.taps();
    int inChannel = outChannel / shape.groupOutC() * shape.groupInC() + k / stencil.taps();
    int plane = stencil.inH() * stencil.inW();
    int points = stencil.points();
    float sum = 0f;
    for (int image = 0; image < shape.n() && !Float.isNaN(sum); image++) {
      int from = patches.xFrom() + (image * shape.inC() + inChannel) * plane;
      int gradients = gFrom + (image * shape.outC() + outChannel) * points;
      for (int point = 0; point < points; point++) {
        int i = point / stencil.columns();
        int j = point % stencil.columns();
        if (stencil.reads(t, i, j)) {
          sum = Fma.fma(patches.x()[from + stencil.place(t, i, j)], g[gradients + point], sum);
        }
      }
    }
    return sum;
  }

  /** Rows of the transposed gradient of a group: taps of all its input channels. */
  private int depth() {
    return shape.groupInC() * patches.stencil().taps();
  }

  /** Adds one image's share to some rows of the transposed gradient of one group. */
  private void addImage(int image, int group, int k, int rows, FloatMatrix c) {
    int tileRows = kernels.tileRows();
    int tileColumns = kernels.tileColumns();
    int outC = shape.groupOutC();
    int points = patches.stencil().points();
    int inChannel = image * shape.inC() + group * shape.groupInC();
    int outChannel = image * shape.outC() + group * outC;
    FloatMatrix gradient = new FloatMatrix(g, gFrom + outChannel * points, points, 1);
    float[] unfolded = FloatPatches.take(rows);
    float[] panel = FloatScratch.B.take(POINTS * tileColumns);
    for (int point = 0; point < points; point += POINTS) {
      int steps = Math.min(POINTS, points - point);
      patches.unfold(inChannel, k, rows, point, steps, unfolded);
      for (int j = 0; j < outC; j += tileColumns) {
        int columns = Math.min(tileColumns, outC - j);
        FloatPanels.pack(gradient, j, columns, point, steps, panel, 0, tileColumns);
        for (int i = 0; i < rows; i += tileRows) {
          kernels.tile(
              Math.min(tileRows, rows - i),
              columns,
              steps,
              unfolded,
              i * FloatPatches.STRIDE,
              FloatPatches.STRIDE,
              1,
              panel,
              0,
              tileColumns,
              c.data(),
              c.at(i, j),
              c.rowStride());
        }
      }
    }
    FloatScratch.PATCHES.give(unfolded);
    FloatScratch.B.give(panel);
  }

  /** Adds up the parts, in their order, and turns rows into columns. */
  private void addParts(int parts, float[] partials, float[] dw, int dwFrom) {
    int outC = shape.groupOutC();
    int weights = shape.outC() * depth();
    int blocks = Math.ceilDiv(outC, ADDED_CHANNELS);
    Parallel.run(
        shape.groups() * blocks,
        (long) parts * weights,
        chunk -> {
          int group = chunk / blocks;
          int first = chunk % blocks * ADDED_CHANNELS;
          int last = Math.min(outC, first + ADDED_CHANNELS);
          for (int k = 0; k < depth(); k++) {
            int from = (group * depth() + k) * outC;
            int to = dwFrom + group * outC * depth() + k;
            for (int channel = first; channel < last; channel++) {
              float sum = partials[from + channel];
              for (int part = 1; part < parts; part++) {
                sum += partials[from + channel + part * weights];
              }
              dw[to + channel * depth()] = sum;
            }
          }
        });
  }
}
