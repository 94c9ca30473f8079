package dev.adjoint.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import picocli.CommandLine;

class ExamplesTest {

  /** Files of no use or little, and options beyond their limits. */
  private static final List<String> REFUSED =
      List.of(
          "nothing",
          "--what",
          "class-names more",
          "class-names --data",
          "class-names --seed x",
          "class-names --epochs 2147483647",
          "class-names --norm what",
          "digits --data nowhere",
          "digits --epochs -1",
          "why-normalize --seeds 1,x",
          "why-normalize --only z",
          "why-normalize --only f --report /",
          "text --steps 0",
          "text --length -1",
          "text --data nowhere",
          "tabular --data nowhere --label a --numeric b",
          "tabular --epochs 0",
          "physics --adam -1",
          "physics --report /",
          "search",
          "search --methods 1",
          "search --open nowhere");

  @ParameterizedTest
  @FieldSource("REFUSED")
  void whatIsOfNoUseIsRefusedInOneLine(String arguments) {
    Program program = new Program();
    assertThat(program.run(arguments.split(" "))).isEqualTo(2);
    assertThat(program.err()).hasLineCount(1).doesNotContain("Exception");
    assertThat(program.out()).isEmpty();
  }

  @Test
  void everyCommandHasHelp() {
    for (String name : Examples.commandLine(System.out, false).getSubcommands().keySet()) {
      Program program = new Program(name);
      assertThat(program.run("--help")).isZero();
      assertThat(program.err()).isEmpty();
    }
  }

  @Test
  void everyCommandSaysHowToRunIt() {
    Map<String, CommandLine> commands = Examples.commandLine(System.out, false).getSubcommands();
    assertThat(commands.keySet())
        .containsExactly(
            "class-names", "digits", "why-normalize", "text", "tabular", "physics", "search");
    commands.forEach((name, command) ->
        assertThat(command.getUsageMessage())
            .contains(
                "mvn -q -P run%s -pl examples -am compile \"-Dargs=%s [OPTIONS]\""
                    .formatted(name.equals("search") ? ",search" : "", name)));
  }
}
