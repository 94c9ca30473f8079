package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Loop;
import dev.adjoint.kernel.Storage;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A composition of elementwise functions, which runs in one pass over its operands: one loop, in
 * which what a function leaves to the next stays in a register, or several, of which each leaves
 * blocks in the cache to the next (ADR 28). Each function has the same bits as by itself.
 *
 * <p>A step reads and writes <em>slots</em>: first come the inputs that are used, then the results,
 * and blocks of working memory.
 *
 * @param calls how many functions are called
 * @param inputs which inputs are used
 * @param results how many outputs are results of steps
 * @param blocks how many blocks of working memory there are
 * @param outputs the slots of all outputs; constants are -1, -2, ...
 * @param constants tensors of one value
 */
record Program(
    String name,
    DType dtype,
    int calls,
    int[] inputs,
    int results,
    int blocks,
    List<Step> steps,
    int[] outputs,
    List<Tensor> constants) {

  /** Elements of a block: some of 8 kB fit into the innermost cache. */
  private static final int BLOCK = 1 << 11;

  /**
   * Elements between blocks: where these lie a multiple of 4,096 bytes apart, a load waits for a
   * store to another block (ADR 41).
   */
  private static final int SKEW = 96;

  /** A loop, and the slots of what it reads and writes. */
  record Step(Loop loop, int[] slots) {}

  /** Computes the outputs, of the shape to which the inputs that are used broadcast. */
  Tensor[] run(Tensor... operands) {
    Tensor[] x = new Tensor[inputs.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = operands[inputs[i]];
    }
    // A program of constants alone has the shape of what it was given.
    Shape shape = Elementwise.broadcast(name, inputs.length == 0 ? operands : x);
    Object[] arrays = new Object[x.length + results + blocks];
    for (int i = 0; i < results; i++) {
      arrays[x.length + i] = Buffers.uninitializedLike(operands[0].storage().array(), shape.size());
    }
    if (results > 0) {
      runSteps(shape, x, arrays);
    }
    Tensor[] made = new Tensor[outputs.length];
    for (int i = 0; i < made.length; i++) {
      int slot = outputs[i];
      made[i] =
          slot < x.length
              ? expanded(slot < 0 ? constants.get(-1 - slot) : x[slot], shape)
              : Tensor.contiguous(Storage.ofResult(arrays[slot]), dtype, shape);
    }
    return made;
  }

  /**
   * Replaces the elements of the first arrays by the outputs, each of which is a result of its own.
   *
   * @param given the arrays that are inputs
   * @param numbers an array of the other inputs, one value each
   */
  void update(Object[] given, Object numbers, int n) {
    Object[] arrays = new Object[inputs.length + results + blocks];
    int[] from = new int[inputs.length];
    int[] apart = new int[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      boolean isNumber = inputs[i] >= given.length;
      arrays[i] = isNumber ? numbers : given[inputs[i]];
      from[i] = isNumber ? inputs[i] - given.length : 0;
      apart[i] = isNumber ? 0 : 1;
    }
    for (int i = 0; i < outputs.length; i++) {
      if (outputs[i] < inputs.length) {
        throw new IllegalArgumentException(
            "%s: new value %d does not depend on the inputs; expected one that does"
                .formatted(name, i));
      }
      arrays[outputs[i]] = given[i];
    }
    inChunks(n, from, apart, arrays, steps.size() > 1);
  }

  private void inChunks(int n, int[] from, int[] apart, Object[] arrays, boolean isLate) {
    Elementwise.inChunks(
        n,
        nanos(),
        (at, count) -> {
          int[] here = from.clone();
          for (int i = 0; i < here.length; i++) {
            here[i] += at * apart[i];
          }
          run(arrays, here, apart, at, count, isLate);
        });
  }

  private double nanos() {
    double nanos = 0;
    for (Step step : steps) {
      nanos += step.loop.nanos();
    }
    return nanos;
  }

  private static Tensor expanded(Tensor x, Shape shape) {
    return x.view(shape, Runs.broadcastStrides(x, shape), x.offset());
  }

  private void runSteps(Shape shape, Tensor[] x, Object[] arrays) {
    int[] from = new int[x.length];
    int[] apart = new int[x.length];
    boolean isOneRun = true;
    for (int i = 0; i < x.length; i++) {
      arrays[i] = x[i].storage().array();
      from[i] = x[i].offset();
      apart[i] = Elementwise.wholeStep(x[i], shape);
      isOneRun &= apart[i] >= 0;
    }
    if (isOneRun) {
      inChunks(shape.size(), from, apart, arrays, false);
    } else {
      Runs runs = Runs.of(shape, x);
      for (int i = 0; i < x.length; i++) {
        arrays[i] = runs.array(i);
        apart[i] = runs.step(i);
      }
      runs.forEach(nanos(), (here, at, count) -> run(arrays, here, apart, at, count, false));
    }
    for (Tensor each : x) {
      each.checkAfterReading();
    }
  }

  /**
   * Runs the steps over elements of which neighbors are 0 or 1 apart in every input.
   *
   * @param isLate whether results are put into place after all steps, since they replace inputs
   */
  private void run(Object[] shared, int[] starts, int[] apart, int at, int count, boolean isLate) {
    int firstBlock = starts.length + (isLate ? 0 : results);
    int working = shared.length - firstBlock;
    if (working == 0) {
      for (Step step : steps) {
        run(step, shared, starts, at, apart, count);
      }
      return;
    }
    int block = Math.min(BLOCK, count);
    Object[] arrays = shared.clone();
    int[] here = Arrays.copyOf(starts, arrays.length);
    Object all = Engine.elements(dtype).scratch((long) working * (block + SKEW));
    for (int i = 0; i < working; i++) {
      arrays[firstBlock + i] = all;
      here[firstBlock + i] = i * (block + SKEW);
    }
    for (int done = 0; done < count; done += block) {
      int n = Math.min(block, count - done);
      for (int i = 0; i < firstBlock; i++) {
        here[i] = i < starts.length ? starts[i] + done * apart[i] : at + done;
      }
      for (Step step : steps) {
        run(step, arrays, here, at, apart, n);
      }
      for (int i = firstBlock; i < starts.length + results; i++) {
        System.arraycopy(all, here[i], shared[i], at + done, n);
      }
    }
    Buffers.give(all);
  }

  /** Runs a step over slots that start where they are said to, or else at one place. */
  private static void run(Step step, Object[] shared, int[] starts, int at, int[] apart, int n) {
    int[] slots = step.slots;
    Object[] arrays = new Object[slots.length];
    int[] from = new int[slots.length];
    long repeated = 0;
    for (int i = 0; i < slots.length; i++) {
      int slot = slots[i];
      arrays[i] = shared[slot];
      from[i] = slot < starts.length ? starts[slot] : at;
      repeated |= slot < apart.length ? (1L - apart[slot]) << i : 0;
    }
    step.loop.run(arrays, from, repeated, n);
  }

  /** Keeps the programs of a function, one for each type and key, traced when first needed. */
  static final class Cache {

    /** What is traced, for one of several keys. */
    interface Function {
      Tensor[] apply(int key, Tensor[] samples);
    }

    private final String name;
    private final int inputs;
    private final Function function;
    private final AtomicReferenceArray<@Nullable Program> made;

    Cache(String name, int inputs, int keys, Function function) {
      this.name = name;
      this.inputs = inputs;
      this.function = function;
      this.made = new AtomicReferenceArray<>(2 * keys);
    }

    /** Returns a program; two threads that ask first may both trace it, to the same steps. */
    Program of(DType dtype, int key) {
      int place = 2 * key + (dtype == DType.FLOAT32 ? 0 : 1);
      Program program = made.get(place);
      if (program == null) {
        program = Tracer.trace(name, dtype, inputs, samples -> function.apply(key, samples));
        made.set(place, program);
      }
      return program;
    }
  }

  /** Runs the pullbacks of an elementwise primitive in one pass, where nothing is recorded. */
  static final class Pullbacks {

    /** Computes cotangents in tensor operations. */
    interface Rule {
      @Nullable Tensor[] apply(boolean[] needed, Tensor g, Tensor[] x, Tensor y);
    }

    private final int arity;
    private final int least;
    private final Rule rule;
    private final Cache programs; // the bits of a key say which inputs need a cotangent

    /**
     * Makes programs of a rule.
     *
     * @param least the fewest calls that are worth a program; with fewer the rule is applied as it
     *     is
     */
    Pullbacks(String name, int arity, int least, Rule rule) {
      this.arity = arity;
      this.least = least;
      this.rule = rule;
      this.programs = new Cache(name, arity + 2, 1 << arity, this::trace);
    }

    /** Returns the cotangents of the inputs that need one, null for others. */
    @Nullable Tensor[] apply(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
      if (Recorder.isRecording() || Recorder.isTracing()) {
        return rule.apply(needed, g, x, y);
      }
      int key = 0;
      for (int i = 0; i < arity; i++) {
        key |= (needed[i] ? 1 : 0) << i;
      }
      Program program = programs.of(g.dtype(), key);
      if (program.calls < least) {
        return rule.apply(needed, g, x, y);
      }
      Tensor[] operands = new Tensor[arity + 2];
      operands[0] = g;
      System.arraycopy(x, 0, operands, 1, arity);
      operands[arity + 1] = y;
      Tensor[] made = Recorder.elementwise(program::run, operands);
      @Nullable Tensor[] cotangents = new Tensor[arity];
      for (int i = 0, next = 0; i < arity; i++) {
        cotangents[i] = needed[i] ? made[next++] : null;
      }
      return cotangents;
    }

    private Tensor[] trace(int key, Tensor[] samples) {
      boolean[] needed = new boolean[arity];
      for (int i = 0; i < arity; i++) {
        needed[i] = (key >> i & 1) != 0;
      }
      Tensor[] x = Arrays.copyOfRange(samples, 1, arity + 1);
      return Arrays.stream(rule.apply(needed, samples[0], x, samples[arity + 1]))
          .filter(Objects::nonNull)
          .toArray(Tensor[]::new);
    }
  }
}
