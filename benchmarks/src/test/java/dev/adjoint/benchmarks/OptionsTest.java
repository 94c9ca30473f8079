package dev.adjoint.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.benchmarks.Side.Digest;
import dev.adjoint.tensor.DType;
import org.junit.jupiter.api.Test;

class OptionsTest {

  @Test
  void rowsAreSelectedByAPatternInTheirNames() {
    Options options = Options.parse("--rows", "^layer norm 256", "--threads", "1,3", "--quick");
    assertThat(Cases.of(options)).extracting(Case::name).containsExactly("layer norm");
    assertThat(options.threads()).containsExactly(1, 3);
    assertThat(options.dtype()).isEqualTo(DType.FLOAT32);
  }

  @Test
  void anUnknownOptionIsRefusedWithThoseThatThereAre() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Options.parse("--fast"))
        .withMessageContaining("'--fast'")
        .withMessageContaining("--rows REGEX");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Options.parse("--rows"))
        .withMessageContaining("--rows has no value");
  }

  @Test
  void sumsDifferOnlyBeyondTheTolerance() {
    Digest digest = new Digest(1, 100);
    assertThat(digest.near(new Digest(1.05, 100), 1e-3)).isTrue();
    assertThat(digest.near(new Digest(1.2, 100), 1e-3)).isFalse();
    assertThat(digest.near(new Digest(1, 100.2), 1e-3)).isFalse();
    assertThat(digest.near(new Digest(Double.NaN, 100), 1e-3)).isFalse();
  }
}
