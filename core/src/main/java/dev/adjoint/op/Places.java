package dev.adjoint.op;

import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.Shape;
import java.util.Arrays;

/**
 * Says where the elements lie that an index picks: those of different lines along the axis never
 * meet, so lines can be walked on different threads.
 */
final class Places {

  final int[] outer; // place of each combination of the axes before
  final int[] inner; // distance of each combination of the axes after
  final int n; // indices along the axis
  final int step; // distance of neighbors along the axis
  final int block; // inner combinations to walk at a time

  private Places(int[] outer, int[] inner, int n, int step, int block) {
    this.block = Math.clamp(block, 1, 512);
    this.outer = outer;
    this.inner = inner;
    this.n = n;
    this.step = step;
  }

  static Places of(Shape index, int axis, int[] strides, int offset, int block) {
    int[] outer = Indexing.offsets(index, strides, 0, axis);
    Arrays.setAll(outer, i -> offset + outer[i]);
    int[] inner = Indexing.offsets(index, strides, axis + 1, index.rank());
    return new Places(outer, inner, index.size(axis), strides[axis], block);
  }

  /** Returns the position in the index of the j-th line of inner elements. */
  int start(int outerIndex, int j) {
    return (outerIndex * n + j) * inner.length;
  }

  /** Receives one outer combination and a range of inner ones. */
  interface Body {
    void run(int outer, int from, int to);
  }

  void forEach(Body body) {
    int blocks = Math.ceilDiv(inner.length, block);
    Parallel.runRanges(
        outer.length * blocks,
        (long) n * Math.min(block, inner.length),
        1 << 13,
        (long) outer.length * n * inner.length * 2,
        (first, end) -> {
          for (int unit = first; unit < end; unit++) {
            int from = unit % blocks * block;
            body.run(unit / blocks, from, from + Math.min(block, inner.length - from));
          }
        });
  }
}
