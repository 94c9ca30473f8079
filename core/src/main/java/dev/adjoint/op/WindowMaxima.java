package dev.adjoint.op;

import dev.adjoint.autodiff.Examples;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Formula;
import dev.adjoint.kernel.Formula.Call;
import dev.adjoint.kernel.Loop;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.List;

/**
 * Finds the largest element of each window of planes. A NaN is larger than all numbers, and the
 * first of equals wins.
 *
 * <p>Which of a few elements is the largest is random, so that a branch on it would be slow (ADR
 * 85). A window has taps: its first element, the second, and so on. What many windows see through
 * one tap is laid side by side, and a loop compares it with the largest so far.
 *
 * @param type of the elements of x
 * @param from where the first plane starts
 */
record WindowMaxima(Elements type, Object x, int from, Bins slices, Bins rows, Bins columns) {

  /** Windows whose maxima are found together, roughly. */
  private static final int BLOCK = 1024;

  /** Taps are counted exactly in float32 up to here. */
  private static final int MOST_TAPS = 1 << 24;

  /** Of the largest so far and its tap, and of what a tap sees and that tap, the larger. */
  private static final Formula LARGER =
      new Formula(
          4,
          List.of(),
          List.of(
              new Call("isLarger", List.of(2, 0)),
              new Call("where", List.of(4, 2, 0)),
              new Call("where", List.of(4, 3, 1))),
          List.of(5, 6));

  /** Returns where in its plane the largest element of each window is: a row for each plane. */
  static IntTensor places(Tensor x, int planes, Bins[] bins) {
    Examples<Tensor> examples = x.examples();
    if (examples != null) {
      IntTensor all = places(examples.all(), examples.size() * planes, bins);
      int each = all.shape().size(1);
      return IntTensor.example(examples.with(all.reshape(examples.size(), planes, each)));
    }
    int axes = bins.length;
    Tensor source = Engine.packed(x);
    Object array = Engine.array(source);
    WindowMaxima maxima =
        new WindowMaxima(
            Elements.of(array),
            array,
            source.offset(),
            axes < 3 ? Bins.ONE : bins[0],
            axes < 2 ? Bins.ONE : bins[axes - 2],
            bins[axes - 1]);
    int windows = maxima.slices.count() * maxima.rows.count() * maxima.columns.count();
    int[] places = new int[planes * windows];
    if (windows == 1 && maxima.taps() == maxima.volume()) {
      maxima.ofPlanes(places);
    } else if (maxima.taps() > MOST_TAPS && x.dtype() == DType.FLOAT32) {
      return places(x.to(DType.FLOAT64), planes, bins);
    } else {
      maxima.ofWindows(places);
    }
    return IntTensor.of(places, planes, windows);
  }

  private void ofPlanes(int[] places) {
    int n = volume();
    Parallel.runRanges(
        places.length,
        n,
        4096,
        2L * places.length * n,
        (first, end) -> {
          for (int plane = first; plane < end; plane++) {
            places[plane] = ArgExtreme.first(type, x, from + plane * n, n, 1);
          }
        });
  }

  private void ofWindows(int[] places) {
    int width = columns.count();
    int across = columns.longest();
    int down = rows.longest();
    int taps = taps();
    Object numbers = type.uninitialized(taps);
    int[] distances = new int[taps];
    for (int t = 0; t < taps; t++) {
      type.set(numbers, t, t);
      distances[t] = distance(t / across / down, t / across % down) + t % across * columns.step();
    }
    Loop larger = type.kernels().loop(LARGER);
    Parallel.runRanges(
        places.length / width,
        (long) width * taps,
        4096,
        2L * places.length * taps,
        (first, end) -> {
          int most = Math.clamp(BLOCK / width, 1, end - first);
          Object best = type.scratch((long) most * width);
          Object chosen = type.scratch((long) most * width);
          Object seen = type.scratch((long) most * width);
          Object[] operands = {best, chosen, seen, numbers, best, chosen};
          for (int line = first; line < end; line += most) {
            int n = Math.min(most, end - line);
            type.fill(chosen, 0, n * width, 0);
            for (int t = 0; t < taps; t++) {
              int[] lines = lines(line, n, t / across / down, t / across % down);
              type.pick(x, lines, columns(t % across), t == 0 ? best : seen);
              if (t > 0) {
                larger.run(operands, new int[] {0, 0, 0, t, 0, 0}, 1 << 3, n * width);
              }
            }
            locate(chosen, distances, line, n, places);
          }
          Buffers.give(best);
          Buffers.give(chosen);
          Buffers.give(seen);
        });
  }

  /** Returns where in its line each window of a line sees through a tap; or -1. */
  private int[] columns(int tap) {
    int shift = tap * columns.step();
    int[] places = new int[columns.count()];
    for (int i = 0; i < places.length; i++) {
      places[i] = columns.has(i, shift) ? columns.from()[i] + shift : -1;
    }
    return places;
  }

  /** Returns where the line starts that each of n lines of windows sees through a tap; or -1. */
  private int[] lines(int first, int n, int sliceTap, int rowTap) {
    int[] starts = new int[n];
    int row = first % rows.count();
    int slice = first / rows.count() % slices.count();
    int plane = first / rows.count() / slices.count();
    for (int i = 0; i < n; i++) {
      boolean isThere =
          slices.has(slice, sliceTap * slices.step()) && rows.has(row, rowTap * rows.step());
      int start = from + plane * volume() + start(slice, row) + distance(sliceTap, rowTap);
      starts[i] = isThere ? start : -1;
      row++;
      if (row == rows.count()) {
        row = 0;
        slice++;
      }
      if (slice == slices.count()) {
        slice = 0;
        plane++;
      }
    }
    return starts;
  }

  /**
   * Computes where the elements are that n lines of windows chose by their taps.
   *
   * @param distances of the taps from the first
   */
  private void locate(Object chosen, int[] distances, int first, int n, int[] places) {
    int width = columns.count();
    int[] starts = columns.from();
    for (int line = first; line < first + n; line++) {
      int start = start(line / rows.count() % slices.count(), line % rows.count());
      for (int i = 0; i < width; i++) {
        int tap = (int) type.get(chosen, (line - first) * width + i);
        places[line * width + i] = start + starts[i] + distances[tap];
      }
    }
  }

  private int taps() {
    return slices.longest() * rows.longest() * columns.longest();
  }

  private int volume() {
    return slices.size() * rows.size() * columns.size();
  }

  /** Returns where in its plane a line of windows starts. */
  private int start(int slice, int row) {
    return (slices.from()[slice] * rows.size() + rows.from()[row]) * columns.size();
  }

  /** Returns how far the line of a tap is from the first line of its window. */
  private int distance(int sliceTap, int rowTap) {
    return (sliceTap * slices.step() * rows.size() + rowTap * rows.step()) * columns.size();
  }
}
