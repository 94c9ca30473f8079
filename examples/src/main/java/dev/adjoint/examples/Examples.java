package dev.adjoint.examples;

import static java.util.stream.Collectors.joining;

import java.io.Console;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Runs the examples, one command for each. */
@Command(
    name = "examples",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Programs that show the library at work.",
    footer = "%nCOMMAND --help tells more of each.")
public final class Examples {

  private Examples() {}

  /** Runs the program; exit code 2 says that an argument or a file is of no use. */
  @SuppressWarnings("SystemConsoleNull") // it is null where a jlinked runtime has no console module
  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true"); // pictures need no screen
    Console console = System.console();
    boolean terminal = console != null && console.isTerminal();
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(commandLine(System.out, terminal).setErr(err).execute(args));
  }

  /**
   * Returns all commands.
   *
   * @param out where they print
   * @param terminal whether a line can be written over there
   */
  static CommandLine commandLine(PrintStream out, boolean terminal) {
    CommandLine all =
        new CommandLine(new Examples())
            .addSubcommand(new ClassNames(out, terminal))
            .addSubcommand(new Digits(out, terminal))
            .addSubcommand(new WhyNormalize(out))
            .addSubcommand(new Text(out, terminal))
            .addSubcommand(new Tabular(out, terminal))
            .addSubcommand(new Physics(out))
            .addSubcommand(new Search(out, terminal))
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setParameterExceptionHandler(Examples::refuse)
            .setExecutionExceptionHandler(Examples::explain);
    all.getSubcommands()
        .forEach((name, command) ->
            command
                .getCommandSpec()
                .usageMessage()
                .footer(
                    "",
                    "Run it by",
                    "  mvn -q -P %s -pl examples -am compile \"-Dargs=%s [OPTIONS]\""
                        .formatted(name.equals("search") ? "run,search" : "run", name)));
    return all;
  }

  private static int refuse(CommandLine.ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    String message = String.valueOf(e.getMessage()).lines().collect(joining(" "));
    err.printf("%s: %s; --help says more%n", command.getCommandSpec().name(), message);
    return CommandLine.ExitCode.USAGE;
  }

  /** Says in one line what is wrong with a file; anything else is a fault of the program. */
  private static int explain(Exception e, CommandLine command, CommandLine.ParseResult parsed)
      throws Exception {
    if (e instanceof IOException
        || e instanceof UncheckedIOException
        || e instanceof UsageException) {
      command.getErr().printf("%s: %s%n", command.getCommandSpec().name(), e.getMessage());
      return CommandLine.ExitCode.USAGE;
    }
    throw e;
  }
}
