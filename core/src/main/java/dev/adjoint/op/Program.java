package dev.adjoint.op;

import dev.adjoint.kernel.Kernels.Loop;
import dev.adjoint.kernel.ScratchPool;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;

/**
 * Runs a composition of elementwise functions in one pass over its operands: block by block, so
 * that what one step leaves to the next stays in the cache (ADR 28).
 *
 * <p>A step reads and writes <em>slots</em>: first come the inputs that are used, then the results,
 * the constants, and blocks of working memory. Each step has the same bits as the operation by
 * itself.
 */
final class Program {

  /** Elements of a block: some of 8 kB fit into the innermost cache. */
  private static final int BLOCK = 1 << 11;

  /** No more than a few threads of a few blocks need. */
  private static final long MOST_KEPT = 1 << 20;

  private static final ScratchPool<float[]> FLOATS = new ScratchPool<>(MOST_KEPT, a -> a.length);
  private static final ScratchPool<double[]> DOUBLES = new ScratchPool<>(MOST_KEPT, a -> a.length);

  /** A function, the slots of its operands (the last repeated up to three), and of its result. */
  record Step(Loop loop, int[] operands, int result) {}

  private final String name;
  private final DType dtype;
  private final int[] inputs;
  private final int[] outputs;
  private final double[] constants;
  private final Step[] steps;
  private final int blocks;
  private final int results;
  private final Object constantArray;

  /**
   * Makes a program.
   *
   * @param inputs which inputs are used
   * @param results how many outputs are results of steps
   * @param outputs the slots of all outputs
   * @param blocks how many blocks of working memory there are
   */
  Program(
      String name,
      DType dtype,
      int[] inputs,
      int results,
      int[] outputs,
      double[] constants,
      Step[] steps,
      int blocks) {
    this.name = name;
    this.dtype = dtype;
    this.inputs = inputs;
    this.results = results;
    this.outputs = outputs;
    this.constants = constants;
    this.steps = steps;
    this.blocks = blocks;
    this.constantArray = dtype == DType.FLOAT32 ? floats(constants) : constants;
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /** Tells whether the outputs are more than constants. */
  boolean dependsOnInputs() {
    return inputs.length > 0;
  }

  /** Returns the number of steps. */
  int steps() {
    return steps.length;
  }

  /**
   * Computes the outputs, of the shape to which the inputs that are used broadcast; constants have
   * that of the first input, if none is.
   */
  Tensor[] run(Tensor... operands) {
    Tensor[] x = new Tensor[inputs.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = operands[inputs[i]];
    }
    Shape shape = x.length == 0 ? operands[0].shape() : Elementwise.broadcast(name, x);
    Object[] arrays = new Object[x.length + results + constants.length + blocks];
    for (int i = 0; i < results; i++) {
      arrays[x.length + i] = Engine.uninitialized(dtype, shape.size());
    }
    Arrays.fill(arrays, x.length + results, x.length + results + constants.length, constantArray);
    if (steps.length > 0) {
      runSteps(shape, x, arrays);
    }
    for (Tensor each : x) {
      each.checkAfterReading();
    }
    Tensor[] made = new Tensor[outputs.length];
    for (int i = 0; i < made.length; i++) {
      int slot = outputs[i];
      if (slot < x.length) {
        made[i] = x[slot].view(x[slot].shape(), x[slot].strides(), x[slot].offset());
      } else if (slot < x.length + results) {
        made[i] = Engine.tensor(arrays[slot], dtype, shape);
      } else {
        made[i] = Tensors.full(shape, constants[slot - x.length - results], dtype);
      }
    }
    return made;
  }

  private void runSteps(Shape shape, Tensor[] x, Object[] arrays) {
    int[] from = new int[x.length];
    int[] apart = new int[x.length];
    boolean isOneRun = true;
    for (int i = 0; i < x.length; i++) {
      arrays[i] = Engine.array(x[i]);
      from[i] = x[i].offset();
      apart[i] = Elementwise.wholeStep(x[i], shape);
      isOneRun &= apart[i] >= 0;
    }
    if (isOneRun) {
      Elementwise.inChunks(
          shape.size(),
          steps.length,
          (at, count) -> {
            int[] here = from.clone();
            for (int i = 0; i < here.length; i++) {
              here[i] += at * apart[i];
            }
            run(arrays, here, apart, at, count);
          });
      return;
    }
    Runs runs = Runs.of(shape, x);
    for (int i = 0; i < x.length; i++) {
      arrays[i] = runs.array(i);
      apart[i] = runs.step(i);
    }
    runs.forEach(steps.length, (here, at, count) -> run(arrays, here, apart, at, count));
  }

  /** Runs the steps over elements of which neighbors are 0 or 1 apart in every input. */
  private void run(Object[] shared, int[] starts, int[] apart, int at, int count) {
    int block = Math.min(BLOCK, count);
    Object scratch = blocks == 0 ? constantArray : take(blocks * block);
    Object[] arrays = shared.clone();
    int[] from = Arrays.copyOf(starts, arrays.length);
    int[] step = Arrays.copyOf(apart, arrays.length);
    int firstResult = inputs.length;
    int firstConstant = firstResult + results;
    for (int i = 0; i < constants.length; i++) {
      from[firstConstant + i] = i;
    }
    for (int i = 0, slot = firstConstant + constants.length; i < blocks; i++, slot++) {
      arrays[slot] = scratch;
      from[slot] = i * block;
    }
    for (int done = 0; done < count; done += block) {
      int n = Math.min(block, count - done);
      for (int i = 0; i < firstResult; i++) {
        from[i] = starts[i] + done * step[i];
      }
      Arrays.fill(from, firstResult, firstConstant, at + done);
      for (Step each : steps) {
        int x = each.operands[0];
        int y = each.operands[1];
        int z = each.operands[2];
        int out = each.result;
        boolean isResult = out < firstConstant;
        int of = isResult ? 1 : step[x] | step[y] | step[z]; // one value where all operands are
        step[out] = of;
        each.loop.run(
            arrays[x],
            from[x],
            step[x],
            arrays[y],
            from[y],
            step[y],
            arrays[z],
            from[z],
            step[z],
            arrays[out],
            from[out],
            of == 0 ? 1 : n);
      }
    }
    if (scratch instanceof float[] floats && blocks > 0) {
      FLOATS.give(floats);
    } else if (blocks > 0) {
      DOUBLES.give((double[]) scratch);
    }
  }

  private Object take(int n) {
    return dtype == DType.FLOAT32
        ? FLOATS.take(n, () -> new float[n])
        : DOUBLES.take(n, () -> new double[n]);
  }
}
