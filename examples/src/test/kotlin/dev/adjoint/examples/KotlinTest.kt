package dev.adjoint.examples

import dev.adjoint.autodiff.Autodiff
import dev.adjoint.check.GradientCheck
import dev.adjoint.tensor.Tensor
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

class KotlinTest {

  @Test
  fun operatorsOfKotlinAreThoseOfTensors() {
    val a = Tensor.of(1f, 2f, 3f)
    val b = Tensor.of(4f, 5f, 6f)
    val c = Tensor.of(7f, 8f, 9f)
    assertThat((a * b + c).toFloatArray()).containsExactly(11f, 18f, 27f)
    assertThat((a / b - 1.0).toFloatArray()).isEqualTo(a.div(b).minus(1.0).toFloatArray())
  }

  @Test
  fun lambdasAreFunctionsOfTensors() {
    val swish = Autodiff.elementwise("swish") { x -> x * x.sigmoid() }
    val x = Tensor.of(-1f, 0f, 2f)
    assertThat(swish.apply(x).toFloatArray()).isEqualTo((x * x.sigmoid()).toFloatArray())
  }

  @Test
  fun gradientsWrittenByHandAreChecked() {
    GradientCheck.of({ a -> a[0] * a[1] }, { a -> doubleArrayOf(a[1], a[0]) })
      .at(2.0, 3.0)
      .run()
      .assertOk()
  }
}
