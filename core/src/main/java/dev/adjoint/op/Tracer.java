package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.autodiff.Trace;
import dev.adjoint.kernel.Storage;
import dev.adjoint.op.Program.Step;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Learns the steps of an elementwise function by running it once, on samples.
 *
 * <p>The samples have a shape by which operations that are not elementwise give themselves away:
 * reductions, reshapes and transpositions of (2, 3) have another shape. Tensors are told apart by
 * their storage, since an operation may look at an input through a view without its history.
 */
final class Tracer implements Trace {

  private static final Shape SAMPLE = Shape.of(2, 3);

  /** A function with the values that it takes, of the values that there are. */
  private record Call(String function, int[] operands) {}

  private final String name;
  private final DType dtype;
  private final int inputs;
  private final Map<Storage, Integer> values = new HashMap<>();
  private final List<Call> calls = new ArrayList<>();

  /** Constants, numbered -1, -2, ... among the values; inputs come first, then results of calls. */
  private final List<Tensor> constants = new ArrayList<>();

  private Tracer(String name, DType dtype, int inputs) {
    this.name = name;
    this.dtype = dtype;
    this.inputs = inputs;
  }

  /**
   * Returns a program for a function.
   *
   * @throws IllegalArgumentException if it is not elementwise
   */
  static Program trace(
      String name, DType dtype, int inputs, Function<Tensor[], Tensor[]> function) {
    Tracer tracer = new Tracer(name, dtype, inputs);
    Tensor[] samples = new Tensor[inputs];
    for (int i = 0; i < inputs; i++) {
      samples[i] = Tensors.full(SAMPLE, 0.5, dtype).copy();
      tracer.values.put(samples[i].storage(), i);
    }
    Tensor[] outputs = Recorder.traced(tracer, () -> function.apply(samples));
    return tracer.program(outputs);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean isVariable(Tensor tensor) {
    return values.containsKey(tensor.storage());
  }

  @Override
  public void step(Tensor output, Primitive primitive, Tensor[] x) {
    if (Arrays.stream(x).noneMatch(this::isVariable)) {
      return; // a constant
    }
    if (isVariable(output) && output.shape().equals(SAMPLE)) {
      return; // its steps have been seen
    }
    String function =
        switch (primitive) {
          case Unary unary -> unary.function();
          case Binary binary -> binary.function();
          case Where where -> "where";
          default ->
              throw new IllegalArgumentException(
                  ("%s: '%s' is not elementwise: an element of its result depends on more, or on"
                          + " other places, than the same element of the inputs; expected arithmetic,"
                          + " comparisons, where(...) and functions of single values")
                      .formatted(name, primitive.name()));
        };
    int[] operands = Arrays.stream(x).mapToInt(this::value).toArray();
    values.put(output.storage(), inputs + calls.size());
    calls.add(new Call(function, operands));
  }

  private int value(Tensor x) {
    Integer known = values.get(x.storage());
    if (known != null) {
      return known;
    }
    if (x.isTracked()) {
      throw new IllegalArgumentException(
          ("%s: uses a tracked tensor of shape %s that is not one of its inputs, so that no"
                  + " gradient would flow to it; expected it as another input")
              .formatted(name, x.shape()));
    }
    if (x.size() != 1 && Arrays.stream(x.strides()).anyMatch(stride -> stride != 0)) {
      throw new IllegalArgumentException(
          ("%s: uses a tensor of shape %s that is not one of its inputs; expected single values, or"
                  + " it as another input")
              .formatted(name, x.shape()));
    }
    constants.add(x.view(Shape.of(), new int[0], x.offset()).copy()); // a parameter may change
    return -constants.size();
  }

  // ---- from values to slots --------------------------------------------------------------------

  private Program program(Tensor[] outputs) {
    int[] wanted = Arrays.stream(outputs).mapToInt(this::value).toArray();
    int[] lastUse = lastUses(wanted);
    int[] used = IntStream.range(0, inputs).filter(i -> lastUse[i] >= 0).toArray();
    int[] slots = new int[lastUse.length];
    Arrays.fill(slots, -1);
    for (int i = 0; i < used.length; i++) {
      slots[used[i]] = i;
    }
    int firstResult = used.length + constants.size();
    int firstBlock = firstResult;
    for (int value : wanted) {
      if (value >= inputs && slots[value] < 0) {
        slots[value] = firstBlock++;
      }
    }
    IntUnaryOperator slot = value -> value < 0 ? used.length - 1 - value : slots[value];
    Deque<Integer> free = new ArrayDeque<>();
    int blocks = 0;
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < calls.size(); i++) {
      int result = inputs + i;
      if (lastUse[result] < 0) {
        continue;
      }
      if (slots[result] < 0) {
        slots[result] = free.isEmpty() ? firstBlock + blocks++ : free.pop();
      }
      Call call = calls.get(i);
      int arity = call.operands.length;
      int[] operands = new int[3];
      Arrays.setAll(operands, k -> slot.applyAsInt(call.operands[Math.min(k, arity - 1)]));
      steps.add(
          new Step(Engine.kernels(dtype).loop(call.function, arity), operands, slots[result]));
      for (int value : Arrays.stream(call.operands).distinct().toArray()) {
        if (value >= inputs && lastUse[value] == i && slots[value] >= firstBlock) {
          free.push(slots[value]);
        }
      }
    }
    return new Program(
        name,
        dtype,
        used,
        constants.toArray(new Tensor[0]),
        firstBlock - firstResult,
        Arrays.stream(wanted).map(slot).toArray(),
        steps.toArray(new Step[0]),
        blocks);
  }

  /** Returns by which call each value is used last; -1 if by none that an output depends on. */
  private int[] lastUses(int[] wanted) {
    int[] lastUse = new int[inputs + calls.size()];
    Arrays.fill(lastUse, -1);
    for (int value : wanted) {
      if (value >= 0) {
        lastUse[value] = calls.size();
      }
    }
    for (int i = calls.size() - 1; i >= 0; i--) {
      if (lastUse[inputs + i] >= 0) {
        for (int value : calls.get(i).operands) {
          if (value >= 0) {
            lastUse[value] = Math.max(lastUse[value], i);
          }
        }
      }
    }
    return lastUse;
  }
}
