package dev.adjoint.benchmarks;

import dev.adjoint.autodiff.Memory;
import dev.adjoint.tensor.DType;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Measures Adjoint's side of any row by JMH, which also says what a call allocates. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 10, time = 1)
@Measurement(iterations = 5, time = 1)
public class CaseBenchmarks {

  /** A row of the table: the name of a case, and one of its sizes. */
  @Param({"layer norm 256x1024", "step: LeNet + BN, Adam, batch 64"})
  public String row = "";

  /** The element type. */
  @Param({"FLOAT32", "FLOAT64"})
  public DType dtype = DType.FLOAT32;

  private AdjointSide side = new AdjointSide(DType.FLOAT32);

  /** Constructs the state. */
  public CaseBenchmarks() {}

  /**
   * Runs JMH.
   *
   * @param args perhaps {@code --rows REGEX}, for the rows in which this is found; then JMH's own
   */
  public static void main(String[] args) throws RunnerException, CommandLineOptionException {
    boolean chosen = args.length > 1 && args[0].equals("--rows");
    String[] rest = chosen ? Arrays.copyOfRange(args, 2, args.length) : args;
    ChainedOptionsBuilder options = new OptionsBuilder().parent(new CommandLineOptions(rest));
    if (chosen) { // not by JMH's -p, which splits at commas
      options.param("row", rows(args[1]));
    }
    new Runner(options.build()).run();
  }

  private static String[] rows(String regex) {
    return Cases.rows().stream()
        .map(Case.Row::name)
        .filter(Pattern.compile(regex).asPredicate())
        .toArray(String[]::new);
  }

  /** Draws what is computed on. */
  @Setup
  public void prepare() {
    side = new AdjointSide(dtype);
    side.prepare(Cases.row(row));
  }

  /** Leaves its memory to the garbage collector. */
  @Benchmark
  public Object call() {
    return side.call();
  }

  /** Uses the memory of the call before: only what is returned is new. */
  @Benchmark
  public Object callInMemoryStep() {
    return Memory.step(side::call);
  }
}
