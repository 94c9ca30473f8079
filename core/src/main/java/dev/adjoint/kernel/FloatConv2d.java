package dev.adjoint.kernel;

import dev.adjoint.kernel.FloatPanels.Slot;
import java.util.Arrays;

/**
 * Convolution as a matrix product whose right operand, the unfolded input, only ever exists in
 * parts that fit a cache. Every element of a result is added up in an order that sizes alone
 * determine.
 */
final class FloatConv2d {

  /** Steps of k in one panel, as in the matrix product. */
  private static final int DEPTH = 256;

  /** Grid points of one chunk of work: as many unfolded columns are in the cache at a time. */
  private static final int POINTS = 256;

  /** Unfolded rows of one chunk of the weights' gradient. */
  private static final int UNFOLDED_ROWS = 256;

  /** Partial gradients of the weights have at most this many elements in total. */
  private static final int PARTIALS = 1 << 22;

  /** At most this many partial gradients of the weights, one for each part of the batch. */
  private static final int MAX_PARTS = 16;

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
    Correlation correlation =
        new Correlation(
            kernels,
            ConvStencil.forward(s),
            s.n(),
            s.groups(),
            s.groupInC(),
            x,
            xFrom,
            s.groupOutC(),
            s.outH(),
            s.outW(),
            y,
            yFrom);
    correlation.run(w, wFrom, s.groupInC() * taps, taps);
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
      Correlation correlation =
          new Correlation(
              kernels,
              phase,
              s.n(),
              s.groups(),
              s.groupOutC(),
              g,
              gFrom,
              s.groupInC(),
              s.h(),
              s.w(),
              dx,
              dxFrom);
      correlation.run(w, wFrom, taps, s.groupInC() * taps);
    }
  }

  /** Applies one stencil to all images: the forward pass, or a phase of the input's gradient. */
  private record Correlation(
      Kernels kernels,
      ConvStencil stencil,
      int images,
      int groups,
      int inC,
      float[] x,
      int xFrom,
      int outC,
      int outH,
      int outW,
      float[] y,
      int yFrom) {

    /**
     * Runs the correlation.
     *
     * @param wOut distance in w from one output channel of a group to the next
     * @param wIn distance in w from one input channel of a group to the next
     */
    void run(float[] w, int wFrom, int wOut, int wIn) {
      int depth = inC * stencil.taps();
      int rows = kernels.tileRows();
      int groupPanels = Math.ceilDiv(outC, rows) * rows * depth;
      float[] panels = FloatPanels.scratch(Slot.A, groups * groupPanels);
      packWeights(w, wFrom, wOut, wIn, panels, groupPanels);
      int blocks = Math.ceilDiv(stencil.points(), POINTS);
      long work = (long) images * groups * outC * depth * stencil.points();
      Parallel.run(
          images * groups * blocks,
          work / 16,
          chunk -> {
            int plane = chunk / blocks; // which image and group
            block(plane, chunk % blocks * POINTS, panels, plane % groups * groupPanels);
          });
    }

    /** Packs the weights of all groups; the panels of one block of steps lie together. */
    private void packWeights(
        float[] w, int wFrom, int wOut, int wIn, float[] panels, int groupPanels) {
      int taps = stencil.taps();
      int depth = inC * taps;
      int rows = kernels.tileRows();
      int rowBlocks = Math.ceilDiv(outC, rows);
      int groupWeights = Math.max(wOut * outC, wIn * inC);
      Parallel.run(
          groups * rowBlocks,
          (long) groups * outC * depth,
          chunk -> {
            int group = chunk / rowBlocks;
            int i = chunk % rowBlocks * rows;
            int count = Math.min(rows, outC - i);
            int from = wFrom + group * groupWeights + i * wOut;
            for (int k = 0; k < depth; k++) {
              int k0 = k / DEPTH * DEPTH;
              int steps = Math.min(DEPTH, depth - k0);
              int at = from + k / taps * wIn + stencil.tap()[k % taps];
              int to = group * groupPanels + k0 * rowBlocks * rows + i * steps + (k - k0) * rows;
              for (int q = 0; q < count; q++) {
                panels[to + q] = w[at + q * wOut];
              }
            }
          });
    }

    /** Computes all output channels of a group at some grid points of an image. */
    private void block(int plane, int point, float[] panels, int panelsFrom) {
      int count = Math.min(POINTS, stencil.points() - point);
      int outPlane = outH * outW;
      int out = yFrom + plane * outC * outPlane;
      if (stencil.isWhole()) {
        multiply(plane, point, count, panels, panelsFrom, y, out + point, outPlane);
      } else {
        float[] c = FloatPanels.scratch(Slot.PRODUCT, outC * POINTS);
        multiply(plane, point, count, panels, panelsFrom, c, 0, POINTS);
        for (int channel = 0; channel < outC; channel++) {
          scatter(c, channel * POINTS, point, count, out + channel * outPlane);
        }
      }
    }

    private void multiply(
        int plane,
        int point,
        int count,
        float[] panels,
        int panelsFrom,
        float[] c,
        int cFrom,
        int cRowStride) {
      new FloatMatrix(c, cFrom, cRowStride, 1).clear(outC, count);
      int depth = inC * stencil.taps();
      int rows = kernels.tileRows();
      int columns = kernels.tileColumns();
      int panelRows = Math.ceilDiv(outC, rows) * rows;
      float[] patches =
          FloatPanels.scratch(
              Slot.PATCHES, Math.min(DEPTH, depth) * Math.ceilDiv(POINTS, columns) * columns);
      for (int k0 = 0; k0 < depth; k0 += DEPTH) {
        int steps = Math.min(DEPTH, depth - k0);
        unfold(plane, point, count, k0, steps, patches);
        int a = panelsFrom + k0 * panelRows;
        for (int j = 0; j < count; j += columns) {
          for (int i = 0; i < outC; i += rows) {
            kernels.tile(
                Math.min(rows, outC - i),
                Math.min(columns, count - j),
                steps,
                panels,
                a + i * steps,
                1,
                rows,
                patches,
                j * steps,
                columns,
                c,
                cFrom + i * cRowStride + j,
                cRowStride);
          }
        }
      }
    }

    private void unfold(int plane, int point, int count, int k0, int steps, float[] patches) {
      int columns = kernels.tileColumns();
      int taps = stencil.taps();
      int inPlane = stencil.inH() * stencil.inW();
      for (int j = 0; j < count; j += columns) {
        for (int k = 0; k < steps; k++) {
          int channel = plane * inC + (k0 + k) / taps;
          FloatPatches.unfold(
              stencil,
              (k0 + k) % taps,
              x,
              xFrom + channel * inPlane,
              point + j,
              Math.min(columns, count - j),
              patches,
              j * steps + k * columns);
        }
      }
    }

    private void scatter(float[] c, int from, int point, int count, int out) {
      for (int q = 0; q < count; q++) {
        int i = stencil.row() + (point + q) / stencil.columns() * stencil.rowStep();
        int j = stencil.column() + (point + q) % stencil.columns() * stencil.columnStep();
        y[out + i * outW + j] = c[from + q];
      }
    }
  }

  // ---- the gradient of the weights
  // -----------------------------------------------------------------

  /**
   * Computes the gradient of the convolution's weights, given that of its output.
   *
   * <p>The product is computed transposed, (unfolded input) x (gradient), because then the unfolded
   * input is the left operand, which the tile reads in place. Parts of the batch are added up
   * separately, so that there is work for many threads.
   */
  static void weightGradient(
      Kernels kernels,
      ConvShape s,
      float[] g,
      int gFrom,
      float[] x,
      int xFrom,
      float[] dw,
      int dwFrom) {
    ConvStencil stencil = ConvStencil.forward(s);
    int depth = s.groupInC() * stencil.taps();
    int weights = s.outC() * depth;
    int parts = Math.clamp(Math.min(s.n(), PARTIALS / weights), 1, MAX_PARTS);
    float[] partials = FloatPanels.scratch(Slot.PRODUCT, parts * weights);
    Arrays.fill(partials, 0, parts * weights, 0f);
    int blocks = Math.ceilDiv(depth, UNFOLDED_ROWS);
    long work = (long) s.n() * weights * stencil.points();
    Parallel.run(
        parts * s.groups() * blocks,
        work / 16,
        chunk -> {
          int part = chunk / (s.groups() * blocks);
          int group = chunk / blocks % s.groups();
          int k0 = chunk % blocks * UNFOLDED_ROWS;
          int end = (int) ((part + 1L) * s.n() / parts);
          for (int image = (int) ((long) part * s.n() / parts); image < end; image++) {
            addImage(
                kernels,
                s,
                stencil,
                image,
                group,
                k0,
                Math.min(UNFOLDED_ROWS, depth - k0),
                g,
                gFrom,
                x,
                xFrom,
                partials,
                part * weights + (group * depth + k0) * s.groupOutC());
          }
        });
    addParts(s, depth, parts, partials, dw, dwFrom);
  }

  /** Adds one image's share to some rows of the transposed gradient of one group. */
  private static void addImage(
      Kernels kernels,
      ConvShape s,
      ConvStencil stencil,
      int image,
      int group,
      int k0,
      int count,
      float[] g,
      int gFrom,
      float[] x,
      int xFrom,
      float[] c,
      int cFrom) {
    int rows = kernels.tileRows();
    int columns = kernels.tileColumns();
    int outC = s.groupOutC();
    int points = stencil.points();
    int inPlane = s.h() * s.w();
    int rowStride = POINTS + 16; // rows a power of two apart would compete for the same cache lines
    float[] patches = FloatPanels.scratch(Slot.PATCHES, count * rowStride);
    float[] panel = FloatPanels.scratch(Slot.B, POINTS * columns);
    for (int point = 0; point < points; point += POINTS) {
      int steps = Math.min(POINTS, points - point);
      for (int k = 0; k < count; k++) {
        int channel = image * s.inC() + group * s.groupInC() + (k0 + k) / stencil.taps();
        FloatPatches.unfold(
            stencil,
            (k0 + k) % stencil.taps(),
            x,
            xFrom + channel * inPlane,
            point,
            steps,
            patches,
            k * rowStride);
      }
      for (int j = 0; j < outC; j += columns) {
        int width = Math.min(columns, outC - j);
        int channel = image * s.outC() + group * outC + j;
        FloatMatrix gradient = new FloatMatrix(g, gFrom + channel * points, points, 1);
        FloatPanels.pack(gradient, 0, width, point, steps, panel, 0, columns);
        for (int i = 0; i < count; i += rows) {
          kernels.tile(
              Math.min(rows, count - i),
              width,
              steps,
              patches,
              i * rowStride,
              rowStride,
              1,
              panel,
              0,
              columns,
              c,
              cFrom + i * outC + j,
              outC);
        }
      }
    }
  }

  /** Adds up the parts, in their order, and turns rows into columns. */
  private static void addParts(
      ConvShape s, int depth, int parts, float[] partials, float[] dw, int dwFrom) {
    int weights = s.outC() * depth;
    int outC = s.groupOutC();
    Parallel.run(
        s.outC(),
        (long) parts * weights,
        channel -> {
          int from = channel / outC * depth * outC + channel % outC;
          int to = dwFrom + channel * depth;
          for (int k = 0; k < depth; k++) {
            float sum = partials[from + k * outC];
            for (int part = 1; part < parts; part++) {
              sum += partials[from + k * outC + part * weights];
            }
            dw[to + k] = sum;
          }
        });
  }
}
