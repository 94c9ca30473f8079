package dev.adjoint.kernel;

import static dev.adjoint.kernel.TestKernels.assertSameBits;
import static dev.adjoint.kernel.TestKernels.filled;
import static dev.adjoint.kernel.TestKernels.get;
import static dev.adjoint.kernel.TestKernels.random;
import static dev.adjoint.kernel.TestKernels.set;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Strided copies against walking the elements one by one. */
class StridedCopyTest {

  /** Sees an element: its place in row-major order, and in the array. */
  @FunctionalInterface
  private interface Visitor {
    void visit(int element, int at);
  }

  /** Where a view of an array has its elements. */
  private record View(int[] shape, int[] strides, int from, int length, boolean overlaps) {

    int size() {
      return Arrays.stream(shape).reduce(1, (x, y) -> x * y);
    }

    void forEach(Visitor visitor) {
      for (int element = 0; element < size(); element++) {
        int at = from;
        int rest = element;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
          at += rest % shape[axis] * strides[axis];
          rest /= shape[axis];
        }
        visitor.visit(element, at);
      }
    }

    /** Returns a view with permuted, flipped, stepped and expanded axes. */
    static View random(SplittableRandom random, int rank, int maxSize) {
      List<Integer> order = new ArrayList<>();
      for (int axis = 0; axis < rank; axis++) {
        order.add(random.nextInt(axis + 1), axis);
      }
      int[] shape = new int[rank];
      int[] strides = new int[rank];
      int from = 2;
      int stride = 1;
      boolean overlaps = false;
      for (int axis : order) {
        shape[axis] = random.nextInt(30) == 0 ? 0 : 1 + random.nextInt(maxSize);
        int step = random.nextInt(4) == 0 ? 2 : 1;
        strides[axis] = stride * step;
        if (random.nextInt(5) == 0) {
          strides[axis] = 0;
          overlaps = true;
        } else {
          if (random.nextInt(4) == 0) {
            from += strides[axis] * Math.max(0, shape[axis] - 1);
            strides[axis] = -strides[axis];
          }
          stride *= step * Math.max(1, shape[axis]);
        }
      }
      return new View(shape, strides, from, stride + 4, overlaps);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void smallViewsOfAnyRankAreCopied(Kernels kernels) {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 2000; i++) {
      check(kernels, View.random(random, random.nextInt(7), 5));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void largeViewsAreCopiedOnAnyNumberOfThreads(Kernels kernels) {
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < 20; i++) {
      View view = View.random(random, 1 + random.nextInt(3), 90);
      Parallel.withThreads(1, () -> check(kernels, view));
      Parallel.withThreads(4, () -> check(kernels, view));
    }
  }

  @Test
  void theElementsOfAStripOfTheLongestRowsAreCounted() {
    assertThat(StridedCopy.elementsOfStrip(1 << 28)).isEqualTo(1L << 34);
    assertThat(StridedCopy.elementsOfStrip(Integer.MAX_VALUE - 8)).isEqualTo(64 * 2147483639L);
  }

  private static void check(Kernels kernels, View view) {
    int[] shape = view.shape;
    Object strided = random(kernels, view.length, 1);
    Object dense = random(kernels, view.size() + 3, 2);

    Object gathered = filled(kernels, view.size(), Double.NaN);
    StridedCopy.GATHER.run(
        shape, new Span(gathered, 0), new Span(strided, view.from), view.strides);
    Object expected = filled(kernels, view.size(), Double.NaN);
    view.forEach((element, at) -> set(expected, element, get(strided, at)));
    assertSameBits(gathered, expected, "gathered from " + view);

    Object whole = filled(kernels, view.size() + 3, 0); // small whole numbers: sums are exact
    view.forEach((element, at) -> set(whole, 1 + element, element % 7));
    Object expectedSums = filled(kernels, view.length, 3);
    view.forEach((element, at) -> set(expectedSums, at, get(expectedSums, at) + element % 7));
    Object sums = filled(kernels, view.length, 3);
    StridedCopy.ADD.run(shape, new Span(whole, 1), new Span(sums, view.from), view.strides);
    assertSameBits(sums, expectedSums, "added to " + view);

    if (!view.overlaps) {
      Object scattered = random(kernels, view.length, 1);
      StridedCopy.SCATTER.run(
          shape, new Span(dense, 1), new Span(scattered, view.from), view.strides);
      Object expectedStrided = random(kernels, view.length, 1);
      view.forEach((element, at) -> set(expectedStrided, at, get(dense, 1 + element)));
      assertSameBits(scattered, expectedStrided, "scattered to " + view);
    }
  }

  @Test
  void columnsThatCompeteForPlacesInTheCacheAreCopiedAsOthersAre() {
    int rows = 19;
    int columns = 21; // no multiple of what is copied at a time
    float[] x = new float[columns * 512];
    for (int i = 0; i < x.length; i++) {
      x[i] = i;
    }
    float[] out = new float[rows * columns];
    StridedCopy.GATHER.run(
        new int[] {rows, columns}, new Span(out, 0), new Span(x, 3), new int[] {1, 512});
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        assertThat(out[i * columns + j]).isEqualTo(3 + i + j * 512);
      }
    }
  }
}
