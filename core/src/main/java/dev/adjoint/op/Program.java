package dev.adjoint.op;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Kernels.Loop;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * A composition of elementwise functions, which runs in one pass over its operands: block by block,
 * so that what one step leaves to the next stays in the cache (ADR 28). Each step has the same bits
 * as the operation by itself.
 *
 * <p>A step reads and writes <em>slots</em>: first come the inputs that are used, then constants,
 * the results of steps that are outputs, and blocks of working memory.
 *
 * @param inputs which inputs are used
 * @param constants tensors of one value
 * @param results how many outputs are results of steps
 * @param outputs the slots of all outputs
 * @param blocks how many blocks of working memory there are
 */
record Program(
    String name,
    DType dtype,
    int[] inputs,
    Tensor[] constants,
    int results,
    int[] outputs,
    Step[] steps,
    int blocks) {

  /** Elements of a block: some of 8 kB fit into the innermost cache. */
  private static final int BLOCK = 1 << 11;

  /** A function, the slots of its operands (the last repeated up to three), and of its result. */
  record Step(Loop loop, int[] operands, int result) {}

  /** Computes the outputs, of the shape to which the inputs that are used broadcast. */
  Tensor[] run(Tensor... operands) {
    Tensor[] x = Arrays.copyOf(constants, inputs.length + constants.length);
    System.arraycopy(constants, 0, x, inputs.length, constants.length);
    for (int i = 0; i < inputs.length; i++) {
      x[i] = operands[inputs[i]];
    }
    // A program of constants alone has the shape of what it was given.
    Shape shape = Elementwise.broadcast(name, inputs.length == 0 ? operands : x);
    Object[] arrays = new Object[x.length + results + blocks];
    for (int i = 0; i < results; i++) {
      arrays[x.length + i] = Engine.uninitialized(dtype, shape.size());
    }
    if (results > 0) {
      runSteps(shape, x, arrays);
    }
    Tensor[] made = new Tensor[outputs.length];
    for (int i = 0; i < made.length; i++) {
      int slot = outputs[i];
      made[i] =
          slot < x.length
              ? x[slot].view(shape, Runs.broadcastStrides(x[slot], shape), x[slot].offset())
              : Engine.tensor(arrays[slot], dtype, shape);
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
    } else {
      Runs runs = Runs.of(shape, x);
      for (int i = 0; i < x.length; i++) {
        arrays[i] = runs.array(i);
        apart[i] = runs.step(i);
      }
      runs.forEach(steps.length, (here, at, count) -> run(arrays, here, apart, at, count));
    }
    for (Tensor each : x) {
      each.checkAfterReading();
    }
  }

  /** Runs the steps over elements of which neighbors are 0 or 1 apart in every input. */
  private void run(Object[] shared, int[] starts, int[] apart, int at, int count) {
    int block = Math.min(BLOCK, count);
    Object[] arrays = shared.clone();
    int[] from = Arrays.copyOf(starts, arrays.length);
    int[] step = Arrays.copyOf(apart, arrays.length);
    int firstResult = apart.length;
    int firstBlock = firstResult + results;
    int needed = blocks * block;
    Object scratch = Engine.elements(dtype).scratch(needed);
    for (int i = 0; i < blocks; i++) {
      arrays[firstBlock + i] = scratch;
      from[firstBlock + i] = i * block;
    }
    for (int done = 0; done < count; done += block) {
      int n = Math.min(block, count - done);
      for (int i = 0; i < firstResult; i++) {
        from[i] = starts[i] + done * apart[i];
      }
      Arrays.fill(from, firstResult, firstBlock, at + done);
      for (Step each : steps) {
        int x = each.operands[0];
        int y = each.operands[1];
        int z = each.operands[2];
        int out = each.result;
        boolean isResult = out < firstBlock;
        step[out] = isResult ? 1 : step[x] | step[y] | step[z]; // one value if all operands are
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
            step[out] == 0 ? 1 : n);
      }
    }
    Buffers.give(scratch);
  }
}
