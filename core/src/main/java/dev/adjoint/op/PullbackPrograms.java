package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Runs the pullbacks of an elementwise primitive in one pass, where nothing is recorded: a program
 * for each element type and each set of inputs that need a cotangent, made when it is first needed.
 */
final class PullbackPrograms {

  /** Computes cotangents in tensor operations. */
  interface Rule {
    @Nullable Tensor[] apply(boolean[] needed, Tensor g, Tensor[] x, Tensor y);
  }

  private final String name;
  private final int arity;
  private final int least;
  private final Rule rule;
  private final PerType<AtomicReferenceArray<@Nullable Program>> programs;

  /**
   * Makes programs of a rule.
   *
   * @param least the fewest calls that are worth a program; with fewer the rule is applied as it is
   */
  PullbackPrograms(String name, int arity, int least, Rule rule) {
    this.name = name;
    this.arity = arity;
    this.least = least;
    this.rule = rule;
    this.programs = new PerType<>(dtype -> new AtomicReferenceArray<>(1 << arity));
  }

  /** Returns the cotangents of the inputs that need one, null for others. */
  @Nullable Tensor[] apply(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
    if (Recorder.isOn() || Recorder.isTracing()) {
      return rule.apply(needed, g, x, y);
    }
    Program program = program(needed, g.dtype());
    if (program.calls() < least) {
      return rule.apply(needed, g, x, y);
    }
    Tensor[] operands = new Tensor[arity + 2];
    operands[0] = g;
    System.arraycopy(x, 0, operands, 1, arity);
    operands[arity + 1] = y;
    Tensor[] made = program.run(operands);
    @Nullable Tensor[] cotangents = new Tensor[arity];
    for (int i = 0, next = 0; i < arity; i++) {
      cotangents[i] = needed[i] ? made[next++] : null;
    }
    return cotangents;
  }

  private Program program(boolean[] needed, DType dtype) {
    AtomicReferenceArray<@Nullable Program> made = programs.of(dtype);
    int key = 0;
    for (boolean each : needed) {
      key = 2 * key + (each ? 1 : 0);
    }
    Program program = made.get(key);
    if (program == null) {
      program = Tracer.trace(name, dtype, arity + 2, samples -> trace(needed.clone(), samples));
      made.set(key, program);
    }
    return program;
  }

  private Tensor[] trace(boolean[] needed, Tensor[] samples) {
    Tensor[] x = Arrays.copyOfRange(samples, 1, arity + 1);
    List<Tensor> wanted = new ArrayList<>();
    for (Tensor cotangent : rule.apply(needed, samples[0], x, samples[arity + 1])) {
      if (cotangent != null) {
        wanted.add(cotangent);
      }
    }
    return wanted.toArray(new Tensor[0]);
  }
}
