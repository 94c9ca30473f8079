package dev.adjoint.op;

import com.google.common.primitives.Ints;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Formula;
import dev.adjoint.kernel.Formula.Call;
import dev.adjoint.kernel.Storage;
import dev.adjoint.op.Program.Step;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Learns the steps of an elementwise function by running it once, on samples.
 *
 * <p>The samples have a shape by which operations that are not elementwise give themselves away:
 * reductions, reshapes and transpositions of (2, 3) have another shape. Tensors are told apart by
 * their storage, since an operation may look at an input through a view without its history.
 */
final class Tracer implements Recorder.Trace {

  private static final Shape SAMPLE = Shape.of(2, 3);

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
    try {
      return tracer.program(Recorder.traced(tracer, () -> function.apply(samples)));
    } catch (IllegalArgumentException e) {
      String message = e.getMessage();
      if (message != null && message.startsWith(name + ":")) {
        throw e;
      }
      throw new IllegalArgumentException(
          "%s: run on samples of shape %s, to learn its steps, fails, as it does if a tensor that it uses is not an input: %s"
              .formatted(name, SAMPLE, message),
          e);
    }
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
                      .formatted(name, primitive.title()));
        };
    Call call = new Call(function, Arrays.stream(x).map(this::value).toList());
    if (!calls.contains(call)) { // else it is computed already
      calls.add(call);
    }
    values.put(output.storage(), inputs + calls.indexOf(call));
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

  // ---- from values to loops --------------------------------------------------------------------

  private Program program(Tensor[] outputs) {
    List<Integer> wanted = Arrays.stream(outputs).map(this::value).toList();
    BitSet needed = needed(wanted);
    List<List<Integer>> loops = loops(needed);
    List<Integer> used = IntStream.range(0, inputs).filter(needed::get).boxed().toList();
    List<Integer> results = wanted.stream().filter(x -> x >= inputs).distinct().toList();
    List<Integer> slots = new ArrayList<>(used);
    slots.addAll(results);
    List<Step> steps = new ArrayList<>();
    for (List<Integer> values : loops) {
      Predicate<Integer> isReadLater =
          x ->
              loops.stream()
                  .filter(other -> !other.equals(values))
                  .flatMap(List::stream)
                  .anyMatch(later -> call(later).operands().contains(x));
      values.stream().filter(x -> !slots.contains(x)).filter(isReadLater).forEach(slots::add);
      steps.add(step(values, slots));
    }
    return new Program(
        name,
        dtype,
        loops.stream().mapToInt(List::size).sum(),
        Ints.toArray(used),
        results.size(),
        slots.size() - used.size() - results.size(),
        steps,
        wanted.stream().map(x -> x < 0 ? x : slots.indexOf(x)).mapToInt(x -> x).toArray(),
        constants);
  }

  private Call call(int value) {
    return calls.get(value - inputs);
  }

  /** Returns the inputs and results of calls that outputs depend on. */
  private BitSet needed(List<Integer> wanted) {
    BitSet needed = new BitSet();
    wanted.stream().filter(x -> x >= 0).forEach(needed::set);
    for (int i = inputs + calls.size() - 1; i >= inputs; i--) {
      if (needed.get(i)) {
        call(i).operands().stream().filter(x -> x >= 0).forEach(needed::set);
      }
    }
    return needed;
  }

  /** Divides the results of calls into those of one loop after another. */
  private List<List<Integer>> loops(BitSet needed) {
    List<List<Integer>> loops = new ArrayList<>();
    double share = 1;
    for (int i = needed.nextSetBit(inputs); i >= 0; i = needed.nextSetBit(i + 1)) {
      double more = Engine.kernels(dtype).share(call(i).function(), call(i).operands().size());
      share += more;
      if (share > 1) {
        share = more;
        loops.add(new ArrayList<>());
      }
      loops.getLast().add(i);
    }
    return loops;
  }

  /** Makes the loop that computes some values, and writes those that have slots. */
  private Step step(List<Integer> values, List<Integer> slots) {
    List<Integer> read = new ArrayList<>();
    List<Double> numbers = new ArrayList<>();
    Map<Integer, Integer> places = new HashMap<>();
    for (int value : values) {
      for (int x : call(value).operands()) {
        if (x < 0 && !places.containsKey(x)) {
          numbers.add(constants.get(-1 - x).item());
          places.put(x, -numbers.size());
        } else if (!values.contains(x) && !places.containsKey(x)) {
          places.put(x, read.size());
          read.add(x);
        }
      }
    }
    values.forEach(value -> places.put(value, places.size() - numbers.size()));
    List<Integer> written = values.stream().filter(slots::contains).toList();
    Formula formula =
        new Formula(
            read.size(),
            numbers,
            values.stream().map(this::call).map(call -> call.on(places)).toList(),
            written.stream().map(places::get).toList());
    return new Step(
        Engine.kernels(dtype).loop(formula),
        Stream.concat(read.stream(), written.stream()).mapToInt(slots::indexOf).toArray());
  }
}
