package dev.adjoint.kernel;

import static dev.adjoint.kernel.TestKernels.filled;
import static dev.adjoint.kernel.TestKernels.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.AllocatedBytes;
import dev.adjoint.kernel.Formula.Call;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Loops over formulas of several functions. */
class LoopTest {

  /** Two results of four inputs: {@code a = tanh(x0 + x1)} and {@code where(x2, 0.1 a, x3)}. */
  private static final Formula TWO =
      new Formula(
          4,
          List.of(0.1),
          List.of(
              new Call("plus", List.of(0, 1)),
              new Call("tanh", List.of(4)),
              new Call("times", List.of(5, -1)),
              new Call("where", List.of(2, 6, 3))),
          List.of(5, 7));

  /** Long enough for calls that are not inlined to leave vectors on the heap. */
  private static final Formula DEEP =
      new Formula(
          1,
          List.of(),
          List.of(
              new Call("softplus", List.of(0)),
              new Call("tanh", List.of(1)),
              new Call("gelu", List.of(2)),
              new Call("erf", List.of(3))),
          List.of(4));

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aFormulaHasTheBitsOfItsFunctionsOneByOne(Kernels kernels) {
    int n = 77;
    Object[] x = new Object[4];
    for (int i = 0; i < 4; i++) {
      x[i] = random(kernels, n + i, i);
    }
    for (long repeated = 0; repeated < 16; repeated++) {
      Object a = filled(kernels, n, 0);
      Object b = filled(kernels, n + 5, 7);
      int[] from = {0, 1, 2, 3, 0, 5};
      kernels.loop(TWO).run(new Object[] {x[0], x[1], x[2], x[3], a, b}, from, repeated, n);
      int[] step = new int[4];
      for (int i = 0; i < 4; i++) {
        step[i] = (int) (1 - (repeated >> i & 1));
      }
      Object sum = filled(kernels, n, 0);
      Object expected = filled(kernels, n + 5, 7);
      Object tenth = filled(kernels, 1, 0.1);
      kernels.loop("plus", 2).run(x[0], 0, step[0], x[1], 1, step[1], sum, 0, n);
      kernels.loop("tanh", 1).run(sum, 0, sum, 0, n);
      assertThat(a).as("a, %d", repeated).isEqualTo(sum);
      kernels.loop("times", 2).run(sum, 0, 1, tenth, 0, 0, sum, 0, n);
      kernels.loop("where", 3).run(x[2], 2, step[2], sum, 0, 1, x[3], 3, step[3], expected, 5, n);
      assertThat(b).as("b, %d", repeated).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void compiledFormulasAllocateNothing(Kernels kernels) {
    int n = 1029;
    Object x = random(kernels, n, 1);
    Object out = filled(kernels, n, 0);
    Object[] arrays = {x, x, x, x, out, filled(kernels, n, 0)};
    int[] from = new int[6];
    Loop two = kernels.loop(TWO);
    Loop deep = kernels.loop(DEEP);
    AllocationTest.assertAllocatesLessThan(16, "two", () -> two.run(arrays, from, 2, n));
    AllocationTest.assertAllocatesLessThan(16, "deep", () -> deep.run(x, 0, out, 0, n));
  }

  @Test
  @EnabledIf("dev.adjoint.kernel.KernelProvider#isVectorAvailable")
  void a_loop_begins_portable_and_goes_over_to_vectors_in_any_case() {
    int n = 1029;
    Loop loop = KernelProvider.patientKernels().float32().loop(DEEP);
    Kernels vector = KernelProvider.float32("vector");
    Object x = random(vector, n, 1);
    Object expected = filled(vector, n, 0);
    vector.loop(DEEP).run(x, 0, expected, 0, n);
    Object out = filled(vector, n, 0);
    loop.run(x, 0, out, 0, n);
    assertThat(out).isEqualTo(expected);
    assertThat(loop.isInVectors()).isFalse();
    for (long start = System.nanoTime();
        !loop.isInVectors() && System.nanoTime() - start < AllocatedBytes.PATIENCE_NANOS; ) {
      loop.run(x, 0, out, 0, n);
    }
    assertThat(loop.isInVectors()).isTrue();
    // Of a formula this long C2 may leave some vectors on the heap; not compiled, it makes
    // hundreds.
    AllocationTest.assertAllocatesLessThan(32 * n, "deep", () -> loop.run(x, 0, out, 0, n));
    assertThat(out).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void equalFormulasShareALoop(Kernels kernels) {
    Loop loop = kernels.loop(DEEP);
    assertThat(kernels.loop(new Formula(1, List.of(), DEEP.calls(), DEEP.results())))
        .isSameAs(loop);
    assertThat(kernels.loop(TWO)).isNotSameAs(loop);
  }

  @Test
  void moreInputsThanThereAreBitsAreRefused() {
    Formula wide = new Formula(63, List.of(), DEEP.calls(), List.of(66));
    assertThatThrownBy(() -> KernelProvider.float32().loop(wide))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a formula of 63 inputs; expected at most 62");
  }
}
