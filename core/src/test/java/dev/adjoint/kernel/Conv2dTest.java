package dev.adjoint.kernel;

import static dev.adjoint.kernel.TestKernels.assertSameBits;
import static dev.adjoint.kernel.TestKernels.filled;
import static dev.adjoint.kernel.TestKernels.get;
import static dev.adjoint.kernel.TestKernels.isFloat32;
import static dev.adjoint.kernel.TestKernels.portableTwin;
import static dev.adjoint.kernel.TestKernels.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Convolution and its gradients against seven loops in double precision. */
class Conv2dTest {

  /** The three results of one convolution. */
  private record Results(Object y, Object dx, Object dw) {}

  /** The operands of one convolution. */
  private record Operands(ConvShape shape, Object x, Object w, Object g) {

    static Operands random(Kernels kernels, ConvShape s) {
      return new Operands(
          s,
          TestKernels.random(kernels, s.n() * s.inC() * s.h() * s.w(), 1),
          TestKernels.random(kernels, s.outC() * s.inC() / s.groups() * s.kh() * s.kw(), 2),
          TestKernels.random(kernels, s.n() * s.outC() * s.outH() * s.outW(), 3));
    }

    Results compute(Kernels kernels) {
      Object y = filled(kernels, Array.getLength(g), Double.NaN);
      Object dx = filled(kernels, Array.getLength(x), Double.NaN);
      Object dw = filled(kernels, Array.getLength(w), Double.NaN);
      Conv2d.FORWARD.run(kernels, shape, new Span(x, 0), new Span(w, 0), new Span(y, 0));
      Conv2d.INPUT_GRADIENT.run(kernels, shape, new Span(g, 0), new Span(w, 0), new Span(dx, 0));
      Conv2d.WEIGHT_GRADIENT.run(kernels, shape, new Span(g, 0), new Span(x, 0), new Span(dw, 0));
      return new Results(y, dx, dw);
    }
  }

  private static List<ConvShape> shapes() {
    List<ConvShape> shapes = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(5);
    while (shapes.size() < 60) {
      int groups = 1 + random.nextInt(3);
      int kh = 1 + random.nextInt(4);
      int kw = 1 + random.nextInt(4);
      int dilationH = 1 + random.nextInt(2);
      int dilationW = 1 + random.nextInt(2);
      shapes.add(
          new ConvShape(
              random.nextInt(4),
              groups * (1 + random.nextInt(4)),
              dilationH * (kh - 1) + 1 + random.nextInt(12),
              dilationW * (kw - 1) + 1 + random.nextInt(12),
              groups * (1 + random.nextInt(10)),
              kh,
              kw,
              1 + random.nextInt(3),
              1 + random.nextInt(3),
              random.nextInt(3),
              random.nextInt(3),
              dilationH,
              dilationW,
              groups));
    }
    shapes.add(new ConvShape(2, 6, 9, 11, 6, 3, 3, 1, 1, 1, 1, 1, 1, 6)); // depthwise
    shapes.add(new ConvShape(2, 2, 80, 61, 2, 3, 2, 1, 1, 1, 1, 1, 1, 2)); // and several blocks
    shapes.add(new ConvShape(1, 2, 1, 9000, 2, 1, 5, 1, 2, 0, 2, 1, 1, 2)); // of rows, of columns
    shapes.add(new ConvShape(2, 3, 1, 700, 5, 1, 5, 1, 1, 0, 2, 1, 1, 1)); // 1-D, several blocks
    shapes.add(new ConvShape(17, 33, 6, 6, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1)); // several blocks of k
    shapes.add(new ConvShape(1, 2, 5, 5, 3, 1, 1, 3, 3, 0, 0, 1, 1, 1)); // inputs that nobody reads
    return shapes;
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void resultsAreThoseOfSevenLoops(Kernels kernels) {
    double tolerance = isFloat32(kernels) ? 1e-5 : 1e-14;
    for (ConvShape shape : shapes()) {
      Operands operands = Operands.random(kernels, shape);
      Results actual = operands.compute(kernels);
      Sums y = new Sums(Array.getLength(actual.y));
      Sums dx = new Sums(Array.getLength(actual.dx));
      Sums dw = new Sums(Array.getLength(actual.dw));
      convolve(operands, y, dx, dw);
      y.assertClose(actual.y, tolerance, "y of " + shape);
      dx.assertClose(actual.dx, tolerance, "dx of " + shape);
      dw.assertClose(actual.dw, tolerance, "dw of " + shape);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void bitsDoNotDependOnThreadsOrProvider(Kernels kernels) {
    for (ConvShape shape : shapes()) {
      Operands operands = Operands.random(kernels, shape);
      Results one = Parallel.withThreads(1, () -> operands.compute(kernels));
      Results four = Parallel.withThreads(4, () -> operands.compute(kernels));
      Results twin = operands.compute(portableTwin(kernels));
      for (Results other : List.of(four, twin)) {
        assertSameBits(other.y, one.y, "y of " + shape);
        assertSameBits(other.dx, one.dx, "dx of " + shape);
        assertSameBits(other.dw, one.dw, "dw of " + shape);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void anInfinityMeetsOnlyWhatItMultiplies(Kernels kernels) {
    SplittableRandom random = new SplittableRandom(6);
    for (ConvShape shape : shapes().subList(0, 40)) {
      for (int operand = 0; operand < 3; operand++) {
        Operands operands = Operands.random(kernels, shape);
        Object spoiled = List.of(operands.x, operands.w, operands.g).get(operand);
        int n = Array.getLength(spoiled);
        if (n > 0) {
          TestKernels.set(spoiled, random.nextInt(n), Double.NEGATIVE_INFINITY);
        }
        Results actual = operands.compute(kernels);
        Sums y = new Sums(Array.getLength(actual.y));
        Sums dx = new Sums(Array.getLength(actual.dx));
        Sums dw = new Sums(Array.getLength(actual.dw));
        convolve(operands, y, dx, dw);
        double tolerance = isFloat32(kernels) ? 1e-5 : 1e-14;
        y.assertClose(actual.y, tolerance, "y of " + shape);
        dx.assertClose(actual.dx, tolerance, "dx of " + shape);
        dw.assertClose(actual.dw, tolerance, "dw of " + shape);
      }
    }
  }

  @Test
  void operandsMayLieAnywhereInTheirArrays() {
    Kernels kernels = KernelProvider.float64();
    ConvShape shape = new ConvShape(2, 3, 7, 6, 4, 3, 2, 2, 1, 1, 1, 1, 1, 1);
    Operands operands = Operands.random(kernels, shape);
    Results expected = operands.compute(kernels);
    Object x = shifted(kernels, operands.x);
    Object w = shifted(kernels, operands.w);
    Object g = shifted(kernels, operands.g);
    Object y = random(kernels, Array.getLength(g), 4);
    Object dx = random(kernels, Array.getLength(x), 5);
    Object dw = random(kernels, Array.getLength(w), 6);
    Conv2d.FORWARD.run(kernels, shape, new Span(x, 5), new Span(w, 5), new Span(y, 5));
    Conv2d.INPUT_GRADIENT.run(kernels, shape, new Span(g, 5), new Span(w, 5), new Span(dx, 5));
    Conv2d.WEIGHT_GRADIENT.run(kernels, shape, new Span(g, 5), new Span(x, 5), new Span(dw, 5));
    assertThat(get(y, 4)).isEqualTo(get(random(kernels, 5, 4), 4));
    assertThat(get(y, 5)).isEqualTo(get(expected.y, 0));
    assertThat(get(dx, 5)).isEqualTo(get(expected.dx, 0));
    assertThat(get(dw, 5)).isEqualTo(get(expected.dw, 0));
  }

  private static Object shifted(Kernels kernels, Object array) {
    int n = Array.getLength(array);
    Object shifted = filled(kernels, n + 5, Double.NaN);
    System.arraycopy(array, 0, shifted, 5, n);
    return shifted;
  }

  @Test
  void sizesThatFitNothingAreRefused() {
    assertThatThrownBy(() -> new ConvShape(1, 4, 8, 8, 6, 3, 3, 1, 1, 0, 0, 1, 1, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("groups must divide the channels");
    assertThatThrownBy(() -> new ConvShape(1, 4, 8, 8, 4, 3, 3, 1, 1, 0, 0, 4, 1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the kernel must fit into the padded input");
    assertThatThrownBy(() -> new ConvShape(1, 4, 8, 8, 4, 3, 3, 0, 1, 0, 0, 1, 1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("strides must be at least 1");
  }

  /** Sums of products, and what their rounding errors are measured by. */
  private static final class Sums {
    private final double[] sums;
    private final double[] magnitudes;

    Sums(int n) {
      sums = new double[n];
      magnitudes = new double[n];
    }

    void add(int at, double product) {
      sums[at] += product;
      magnitudes[at] += Math.abs(product);
    }

    void assertClose(Object actual, double tolerance, String what) {
      for (int i = 0; i < sums.length; i++) {
        double error = Math.abs(get(actual, i) - sums[i]);
        if (!(error <= tolerance * magnitudes[i]) || Double.isInfinite(error)) {
          assertThat(get(actual, i)).as("%s at %d", what, i).isEqualTo(sums[i]);
        }
      }
    }
  }

  private static void convolve(Operands operands, Sums y, Sums dx, Sums dw) {
    ConvShape s = operands.shape;
    int inC = s.inC() / s.groups();
    int outC = s.outC() / s.groups();
    for (int n = 0; n < s.n(); n++) {
      for (int o = 0; o < s.outC(); o++) {
        for (int i = 0; i < s.outH(); i++) {
          for (int j = 0; j < s.outW(); j++) {
            for (int c = 0; c < inC; c++) {
              for (int p = 0; p < s.kh(); p++) {
                for (int q = 0; q < s.kw(); q++) {
                  int row = i * s.strideH() + p * s.dilationH() - s.padH();
                  int column = j * s.strideW() + q * s.dilationW() - s.padW();
                  if (row >= 0 && row < s.h() && column >= 0 && column < s.w()) {
                    int channel = n * s.inC() + o / outC * inC + c;
                    int xAt = (channel * s.h() + row) * s.w() + column;
                    int wAt = ((o * inC + c) * s.kh() + p) * s.kw() + q;
                    int yAt = ((n * s.outC() + o) * s.outH() + i) * s.outW() + j;
                    y.add(yAt, get(operands.x, xAt) * get(operands.w, wAt));
                    dx.add(xAt, get(operands.g, yAt) * get(operands.w, wAt));
                    dw.add(wAt, get(operands.g, yAt) * get(operands.x, xAt));
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
