package dev.adjoint.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Which input elements an output element of a convolution is made of: output {@code (i, j)} of a
 * grid reads, for each tap {@code t}, input {@code (i * strideH + dy[t], j * strideW + dx[t])},
 * where that exists.
 *
 * <p>The forward convolution is one stencil over the whole output. The input's gradient is one per
 * phase of the stride: the elements {@code (row + i * rowStep, column + j * columnStep)} of the
 * input were all read by the same part of the kernel, and by no other. So no multiplication with
 * zeros is done for a stride.
 *
 * @param row first output row of the grid
 * @param column first output column of the grid
 * @param tap place of each tap in the kernel, in row-major order
 */
public record ConvStencil(
    int row,
    int rowStep,
    int rows,
    int column,
    int columnStep,
    int columns,
    int strideH,
    int strideW,
    int inH,
    int inW,
    int[] tap,
    int[] dy,
    int[] dx) {

  static ConvStencil forward(ConvShape s) {
    int[] tap = IntStream.range(0, s.kh() * s.kw()).toArray();
    int[] dy = each(tap, t -> t / s.kw() * s.dilationH() - s.padH());
    int[] dx = each(tap, t -> t % s.kw() * s.dilationW() - s.padW());
    return new ConvStencil(
        0, 1, s.outH(), 0, 1, s.outW(), s.strideH(), s.strideW(), s.h(), s.w(), tap, dy, dx);
  }

  /** Returns the stencils that together make the input's gradient out of the output's. */
  static List<ConvStencil> inputGradient(ConvShape s) {
    List<ConvStencil> phases = new ArrayList<>();
    for (int y = 0; y < Math.min(s.strideH(), s.h()); y++) {
      for (int x = 0; x < Math.min(s.strideW(), s.w()); x++) {
        phases.add(phase(s, y, x));
      }
    }
    return phases;
  }

  private static ConvStencil phase(ConvShape s, int y, int x) {
    // Input row y was read by output row (y + pad - ky * dilation) / stride, if that is whole.
    IntUnaryOperator up = t -> y + s.padH() - t / s.kw() * s.dilationH();
    IntUnaryOperator left = t -> x + s.padW() - t % s.kw() * s.dilationW();
    int[] tap =
        IntStream.range(0, s.kh() * s.kw())
            .filter(t -> up.applyAsInt(t) % s.strideH() == 0)
            .filter(t -> left.applyAsInt(t) % s.strideW() == 0)
            .toArray();
    return new ConvStencil(
        y,
        s.strideH(),
        Math.ceilDiv(s.h() - y, s.strideH()),
        x,
        s.strideW(),
        Math.ceilDiv(s.w() - x, s.strideW()),
        1,
        1,
        s.outH(),
        s.outW(),
        tap,
        each(tap, t -> up.applyAsInt(t) / s.strideH()),
        each(tap, t -> left.applyAsInt(t) / s.strideW()));
  }

  private static int[] each(int[] taps, IntUnaryOperator function) {
    return Arrays.stream(taps).map(function).toArray();
  }

  int taps() {
    return tap.length;
  }

  /** Returns the number of output elements of the grid. */
  int points() {
    return rows * columns;
  }

  /** Returns whether there is an input element for a tap at row i and column j of the grid. */
  boolean reads(int t, int i, int j) {
    int y = i * strideH + dy[t];
    int x = j * strideW + dx[t];
    return y >= 0 && y < inH && x >= 0 && x < inW;
  }

  /** Returns the place of that element in its channel. */
  int place(int t, int i, int j) {
    return (i * strideH + dy[t]) * inW + j * strideW + dx[t];
  }

  /** Returns whether the grid is the whole output, in its order. */
  boolean isWhole() {
    return rowStep == 1 && columnStep == 1;
  }
}
