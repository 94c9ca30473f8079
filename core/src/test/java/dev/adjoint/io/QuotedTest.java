package dev.adjoint.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuotedTest {

  @Test
  void whatATerminalWouldObeyIsEscaped() {
    assertThat(Quoted.text("a b\u00e4\ud83d\ude00")).isEqualTo("'a b\u00e4\ud83d\ude00'");
    assertThat(Quoted.text("\n\r\t\0\u001b[31m\u0085"))
        .isEqualTo("'\\n\\r\\t\\u0000\\u001b[31m\\u0085'");
    assertThat(Quoted.text("\u202e\u2028\ufeff\ud83d")).isEqualTo("'\\u202e\\u2028\\ufeff\\ud83d'");
    assertThat(Quoted.text("\udb40\udc41")).isEqualTo("'\\u{e0041}'"); // an invisible letter
  }

  @Test
  void whatIsLongIsCut() {
    assertThat(Quoted.text("x".repeat(100))).isEqualTo("'" + "x".repeat(100) + "'");
    assertThat(Quoted.text("x".repeat(5_000_000))).isEqualTo("'" + "x".repeat(100) + "...'");
    assertThat(Quoted.message("x".repeat(5_000_000))).hasSize(2003);
    assertThat(Quoted.list(List.of("a", "b\n"))).isEqualTo("['a', 'b\\n']");
    assertThat(Quoted.list(Collections.nCopies(1_000_000, "x")))
        .isEqualTo("['x'" + ", 'x'".repeat(9) + " and 999990 more]");
  }
}
