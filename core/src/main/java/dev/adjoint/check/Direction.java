package dev.adjoint.check;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * A line along which elements of an input move: one of them, or all at once.
 *
 * @param base the elements at 0
 * @param step what each moves by, of length about 1 in all; 0 for those that stay
 */
record Direction(double[] base, double[] step) {

  static Direction of(double[] base, int element) {
    double[] step = Buffers.zeroedDoubles(base.length);
    step[element] = 1;
    return new Direction(base, step);
  }

  /** Draws whole numbers over a power of two, so that moving is nearly exact. */
  static Direction draw(double[] base, Generator random) {
    return draw(base, 0, base.length, random);
  }

  static Direction draw(double[] base, int from, int to, Generator random) {
    IntTensor draws = random.integers(16, to - from);
    double unit = power(1 / (9.0 * Math.sqrt(to - from)));
    double[] step = Buffers.zeroedDoubles(base.length);
    for (int i = from; i < to; i++) {
      int draw = draws.get(i - from);
      step[i] = (draw < 8 ? draw - 12 : draw - 3) * unit;
    }
    return new Direction(base, step);
  }

  double[] at(double t) {
    double[] moved = base.clone();
    for (int i = 0; i < moved.length; i++) {
      moved[i] = step[i] == 0 ? base[i] : base[i] + t * step[i]; // -0 stays -0
    }
    return moved;
  }

  double derivative(double[] gradient) {
    double sum = 0;
    for (int i = 0; i < step.length; i++) {
      sum += step[i] == 0 ? 0 : gradient[i] * step[i];
    }
    return sum;
  }

  /** Returns the derivatives along the line of all elements, without their signs. */
  double variation(double[] gradient) {
    double sum = 0;
    for (int i = 0; i < step.length; i++) {
      sum += step[i] == 0 ? 0 : Math.abs(gradient[i] * step[i]);
    }
    return sum;
  }

  /** Returns the size of the largest element that moves. */
  double size() {
    return largest(
        IntStream.range(0, step.length).filter(i -> step[i] != 0).mapToDouble(i -> base[i]));
  }

  /** Returns the size of the largest finite number; 0 if there is none. */
  static double largest(double[] numbers) {
    return largest(Arrays.stream(numbers));
  }

  private static double largest(DoubleStream numbers) {
    return numbers.map(Math::abs).filter(Double::isFinite).max().orElse(0);
  }

  /** Returns the largest power of two that is not larger. */
  static double power(double x) {
    return Double.isFinite(x) ? Math.scalb(1.0, Math.getExponent(x)) : 1;
  }
}
