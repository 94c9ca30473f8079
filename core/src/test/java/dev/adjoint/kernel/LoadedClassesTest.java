package dev.adjoint.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.tensor.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class LoadedClassesTest {

  /** Computes once, in a JVM of its own. */
  public static void main(String[] args) {
    System.out.println(Tensor.of(1f, 2f).times(3));
  }

  @Test
  @Tag("vector")
  void aProgramOfOneTypeLoadsNoKernelsOfTheOther() throws Exception {
    String loaded =
        KernelProviderTest.run(
            LoadedClassesTest.class, "--add-modules", "jdk.incubator.vector", "-verbose:class");
    assertThat(loaded)
        .contains("dev.adjoint.kernel.vector.FloatVectorKernels ")
        .doesNotContain("dev.adjoint.kernel.vector.Double", "dev.adjoint.kernel.portable.Double");
  }
}
