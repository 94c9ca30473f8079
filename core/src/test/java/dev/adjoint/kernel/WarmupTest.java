package dev.adjoint.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class WarmupTest {

  /**
   * Prints, in a JVM of its own, the kernels at the first operation and later, and how many
   * different results the same computation had before, between and after; or computes once.
   */
  public static void main(String[] args) {
    if (Boolean.getBoolean("once")) {
      System.out.println(Tensor.of(1f, 2f).times(3));
      return;
    }
    String first = KernelProvider.float32().name();
    Tensor x = Generator.seeded(1).normal(0, 1, Shape.of(35, 67), DType.FLOAT32);
    Tensor y = Generator.seeded(2).normal(0, 1, Shape.of(67, 19), DType.FLOAT32);
    Set<String> results = new HashSet<>();
    long end = Long.MAX_VALUE;
    while (System.nanoTime() < end) {
      results.add(x.tanh().matmul(y).softmax(-1).plus(y.sum()).toString());
      if (end == Long.MAX_VALUE && KernelProvider.float32().name().startsWith("vector")) {
        end = System.nanoTime() + 200_000_000;
      }
    }
    System.out.printf(
        "%s, then %s and %s: %d%n",
        first, KernelProvider.float32().name(), KernelProvider.float64().name(), results.size());
  }

  @Test
  @Tag("vector")
  void a_program_begins_on_portable_kernels_and_goes_on_with_the_same_bits_on_vector_kernels()
      throws Exception {
    assertThat(KernelProviderTest.run(WarmupTest.class, "--add-modules", "jdk.incubator.vector"))
        .contains("portable float32, then vector float32 and vector float64: 1");
  }

  @Test
  @Tag("vector")
  void a_program_of_one_type_loads_no_class_of_the_other_and_a_short_one_no_vectors()
      throws Exception {
    String loaded =
        KernelProviderTest.run(
            WarmupTest.class,
            "--add-modules",
            "jdk.incubator.vector",
            "-verbose:class",
            "-Donce=true");
    assertThat(loaded)
        .contains("dev.adjoint.kernel.portable.FloatPortableKernels ")
        .doesNotContain("dev.adjoint.kernel.portable.Double", "jdk.incubator.vector.FloatVector");
  }
}
