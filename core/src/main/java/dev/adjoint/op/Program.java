package dev.adjoint.op;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Loop;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;

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

  /** A loop, and the slots of what it reads and of what it writes. */
  record Step(Loop loop, int operands, int[] slots) {}

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
              ? expanded(slot < 0 ? constants.get(-1 - slot) : x[slot], shape)
              : Engine.tensor(arrays[slot], dtype, shape);
    }
    return made;
  }

  private static Tensor expanded(Tensor x, Shape shape) {
    return x.view(shape, Runs.broadcastStrides(x, shape), x.offset());
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
    int cost = (calls + 1) / 2;
    if (isOneRun) {
      Elementwise.inChunks(
          shape.size(),
          cost,
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
      runs.forEach(cost, (here, at, count) -> run(arrays, here, apart, at, count));
    }
    for (Tensor each : x) {
      each.checkAfterReading();
    }
  }

  /** Runs the steps over elements of which neighbors are 0 or 1 apart in every input. */
  private void run(Object[] shared, int[] starts, int[] apart, int at, int count) {
    if (blocks == 0) {
      steps.forEach(step -> run(step, shared, starts, apart, at, count));
      return;
    }
    Object[] arrays = shared.clone();
    int block = Math.min(BLOCK, count);
    for (int i = arrays.length - blocks; i < arrays.length; i++) {
      arrays[i] = Engine.elements(dtype).scratch(block);
    }
    int[] here = starts.clone();
    for (int done = 0; done < count; done += block) {
      int n = Math.min(block, count - done);
      for (int i = 0; i < here.length; i++) {
        here[i] = starts[i] + done * apart[i];
      }
      for (Step step : steps) {
        run(step, arrays, here, apart, at + done, n);
      }
    }
    for (int i = arrays.length - blocks; i < arrays.length; i++) {
      Buffers.give(arrays[i]);
    }
  }

  private void run(Step step, Object[] shared, int[] starts, int[] apart, int at, int n) {
    int[] slots = step.slots;
    Object[] arrays = new Object[slots.length];
    int[] from = new int[slots.length];
    long repeated = 0;
    for (int i = 0; i < slots.length; i++) {
      int slot = slots[i];
      arrays[i] = shared[slot];
      if (slot < starts.length) {
        from[i] = starts[slot];
        repeated |= (1L - apart[slot]) << i;
      } else {
        from[i] = slot < starts.length + results ? at : 0;
      }
    }
    step.loop.run(arrays, from, repeated, n);
  }
}
