package dev.adjoint.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ExamplesTest {

  @Test
  void everyCommandSaysHowToRunIt() {
    Map<String, CommandLine> commands = Examples.commandLine(System.out, false).getSubcommands();
    assertThat(commands.keySet())
        .containsExactly("class-names", "digits", "why-normalize", "text", "tabular", "physics");
    commands.forEach((name, command) ->
        assertThat(command.getUsageMessage())
            .contains(
                "mvn -q -P run -pl examples -am compile \"-Dargs=%s [OPTIONS]\"".formatted(name)));
  }
}
