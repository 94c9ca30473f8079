package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * How the input of a convolution is laid out in parts, so that what a run of output elements sees
 * through a tap is a run of input elements: each tap is a shift. A product then reads its unfolded
 * operand where it lies (ADR 30).
 *
 * <p>A part is what a rectangle of at most {@code blockRows x blockColumns} output elements reads.
 * With a stride, rows and columns are dealt out to a plane for each remainder that a tap has. Rows
 * are {@code pitch} apart, which is wider than the rectangle: the elements between one row of it
 * and the next are computed, or multiplied with zeros, and mean nothing. Zeros of the padding to
 * the right of a row are those to the left of the next.
 *
 * @param top the input row that the first tap's row of the first output row reads; may be negative
 * @param downs for each plane of a channel, its first row, counted from {@code top}
 * @param rights for each plane of a channel, its first column, counted from {@code left}
 * @param shared zeros that a row shares with the next
 * @param plane elements of a plane
 * @param shifts for each tap, where in a channel the first output element reads
 */
public record ConvLayout(
    ConvStencil stencil,
    boolean isDepthwise,
    int top,
    int left,
    int[] downs,
    int[] rights,
    int blockRows,
    int blockColumns,
    int pitch,
    int shared,
    int plane,
    int[] shifts) {

  /** Output elements of a rectangle, roughly: the part and the result stay in the L2 cache. */
  private static final int POINTS = FloatMatMul.DEPTH;

  /** Elements that may be read past the last of a part that is used by itself: a long vector. */
  static final int SLACK = 16;

  /**
   * Lays out the input of a stencil.
   *
   * @param isDepthwise whether each channel is used by itself, so that larger parts fit the cache
   */
  static ConvLayout of(ConvStencil s, boolean isDepthwise) {
    int points = isDepthwise ? 8 * POINTS : POINTS;
    int top = Arrays.stream(s.dy()).min().orElse(0);
    int left = Arrays.stream(s.dx()).min().orElse(0);
    int deepest = Arrays.stream(s.dy()).max().orElse(0) - top;
    int widest = Arrays.stream(s.dx()).max().orElse(0) - left;
    int columns = Math.ceilDiv(s.columns(), Math.ceilDiv(s.columns(), points));
    int width = columns + widest / s.strideW();
    int rows = Math.clamp(points / width, 1, s.rows());
    rows = Math.ceilDiv(s.rows(), Math.ceilDiv(s.rows(), rows));
    boolean isWhole = s.strideW() == 1 && columns == s.columns();
    int most = isWhole ? Math.clamp(-left, 0, width - columns) : 0;
    int shared = Math.clamp(left + width - s.inW(), 0, most);
    int pitch = width - shared;
    int plane = Math.addExact(Math.multiplyExact(rows + deepest / s.strideH(), pitch), shared);
    int[] shifts = new int[s.taps()];
    int[] downs = new int[Math.max(1, s.taps())];
    int[] rights = new int[downs.length];
    int planes = 1 - Math.min(1, s.taps());
    for (int t = 0; t < shifts.length; t++) {
      int down = s.dy()[t] - top;
      int right = s.dx()[t] - left;
      downs[planes] = down % s.strideH();
      rights[planes] = right % s.strideW();
      int of = 0;
      while (downs[of] != downs[planes] || rights[of] != rights[planes]) {
        of++;
      }
      planes = Math.max(planes, of + 1);
      shifts[t] = of * plane + down / s.strideH() * pitch + right / s.strideW();
    }
    return new ConvLayout(
        s,
        isDepthwise,
        top,
        left,
        Arrays.copyOf(downs, planes),
        Arrays.copyOf(rights, planes),
        rows,
        columns,
        pitch,
        shared,
        plane,
        shifts);
  }

  /** A rectangle of output elements. */
  public record Block(int row, int rows, int column, int columns) {}

  /** Returns how many rectangles cover the output. */
  int blocks() {
    return Math.ceilDiv(stencil.rows(), blockRows) * blocksAcross();
  }

  private int blocksAcross() {
    return Math.ceilDiv(stencil.columns(), blockColumns);
  }

  Block block(int index) {
    int row = index / blocksAcross() * blockRows;
    int column = index % blocksAcross() * blockColumns;
    return new Block(
        row,
        Math.min(blockRows, stencil.rows() - row),
        column,
        Math.min(blockColumns, stencil.columns() - column));
  }

  /** Returns the number of elements from the first of a rectangle to its last. */
  int length(Block block) {
    return (block.rows - 1) * pitch + block.columns;
  }

  /** Returns whether the input lies so already, and is read where it is. */
  boolean isGiven() {
    return !isDepthwise
        && stencil.strideH() == 1
        && stencil.strideW() == 1
        && top == 0
        && left == 0
        && pitch == stencil.inW()
        && stencil.rows() + planeRows() - blockRows == stencil.inH();
  }

  /** Returns where rows of the unfolded input start: what each tap sees of the first channels. */
  int[] unfolded(int channels) {
    int taps = shifts.length;
    int[] rows = new int[channels * taps];
    Arrays.setAll(rows, i -> i / taps * channel() + shifts[i % taps]);
    return rows;
  }

  /** Returns the rows of a plane. */
  int planeRows() {
    return (plane - shared) / pitch;
  }

  /** Returns the distance of channels. */
  int channel() {
    return isGiven() ? stencil.inH() * stencil.inW() : downs.length * plane;
  }
}
