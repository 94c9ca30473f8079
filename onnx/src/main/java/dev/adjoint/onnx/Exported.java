package dev.adjoint.onnx;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.adjoint.io.Quoted;
import dev.adjoint.onnx.Proto.Attribute;
import dev.adjoint.onnx.Proto.Graph;
import dev.adjoint.onnx.Proto.Node;
import dev.adjoint.onnx.Proto.TensorData;
import dev.adjoint.onnx.Proto.ValueInfo;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The graph of a model that was run several times, with another size of a free axis each time: what
 * differs in sizes follows that of the axis, and what differs in constants is no constant.
 */
final class Exported {

  final List<Recorded> runs;
  final Recorded a; // the first of them
  final FreeAxes axes;
  final long opset;
  final ExportSizes sizes;
  private final ExportConstants folded = new ExportConstants(this);

  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, TensorData> initializers = new LinkedHashMap<>();
  private final Map<Integer, String> values = new HashMap<>(); // by the step that computed them
  private final Map<Object, String> constants = new HashMap<>();
  private final Set<String> names = new HashSet<>();
  private final Set<String> buffers = new LinkedHashSet<>(); // of the initializers
  private final Map<String, Integer> counts = new HashMap<>();
  private final Map<String, String> truths = new HashMap<>();
  private final Map<String, Node> producers = new HashMap<>();
  private final Map<List<Object>, List<String>> same = new HashMap<>(); // outputs of nodes

  Exported(List<Recorded> runs, FreeAxes axes, long opset) {
    this.runs = runs;
    this.a = runs.getFirst();
    this.axes = axes;
    this.opset = opset;
    sizes = new ExportSizes(this, axes);
    names.addAll(a.weightNames());
  }

  /** Writes all steps; returns the graph that computes the outputs of both runs. */
  Graph graph(String name, List<ValueInfo> inputs) {
    inputs.forEach(input -> names.add(input.name()));
    a.outputs().keySet().forEach(names::add);
    requireSameSteps();
    for (int i = 0; i < a.steps.size(); i++) {
      if (a.isVariable(a.steps.get(i).output())) {
        value(i);
      }
    }
    List<ValueInfo> outputs = new ArrayList<>();
    for (String output : a.outputs().keySet()) {
      List<Tensor> computed =
          runs.stream().map(run -> requireNonNull(run.outputs().get(output))).toList();
      nodes.add(
          new Node(output, "Identity", "", List.of(name(computed)), List.of(output), Map.of()));
      outputs.add(
          new ValueInfo(
              output,
              type(computed.getFirst().dtype()),
              sizes.dims(computed.stream().map(Tensor::shape).toList())));
    }
    return new Naming(a, nodes, values).graph(name, initializers.values(), inputs, outputs);
  }

  private void requireSameSteps() {
    for (int run = 1; run < runs.size(); run++) {
      List<Recorded.Step> others = runs.get(run).steps;
      int i = 0;
      while (i < Math.min(a.steps.size(), others.size())
          && a.steps.get(i).key().equals(others.get(i).key())) {
        i++;
      }
      if (i < a.steps.size() || i < others.size()) {
        throw refuse(
            "step %d is %s, but %s with %s; expected the same steps for any size, or fixed ones"
                .formatted(i, key(a, i), key(runs.get(run), i), axes.words(run)));
      }
    }
  }

  private static String key(Recorded run, int step) {
    return step < run.steps.size() ? "'%s'".formatted(run.steps.get(step).key()) : "none";
  }

  IllegalArgumentException refuse(String reason) {
    return new IllegalArgumentException(
        Quoted.message("export of %s: %s".formatted(a.name(), reason)));
  }

  static long type(DType dtype) {
    return (dtype == DType.FLOAT32 ? ElementType.FLOAT : ElementType.DOUBLE).number;
  }

  // ---- values ----------------------------------------------------------------------------------

  private String value(int step) {
    String known = values.get(step);
    if (known == null) {
      known = ExportRules.write(step(step));
      values.put(step, known);
    }
    return known;
  }

  /** Returns a step of all runs. */
  Export step(int step) {
    return new Export(this, runs.stream().map(run -> run.steps.get(step)).toList());
  }

  /** Returns the name of a tensor that is the same one in all runs. */
  String name(Tensor weight) {
    return name(runs.stream().map(_ -> weight).toList());
  }

  /** Returns the name of a tensor, of which there is one in each run. */
  String name(List<Tensor> x) {
    Tensor first = x.getFirst();
    String input = a.inputOf(first);
    if (input != null) {
      return input;
    }
    String weight = a.weightOf(first);
    if (weight != null) {
      initializers.computeIfAbsent(weight, name -> data(name, first));
      if (a.isBuffer(weight)) {
        buffers.add(weight);
      }
      return weight;
    }
    int step = a.stepOf(first);
    boolean isStep = step >= 0;
    for (int run = 0; run < x.size(); run++) {
      isStep &= runs.get(run).stepOf(x.get(run)) == step;
    }
    if (a.isVariable(first)) {
      if (!isStep) {
        throw refuse(
            "a tensor of shape %s that depends on the input, but comes from no operation"
                .formatted(first.shape()));
      }
      return value(step);
    }
    String origin = a.originOf(first);
    if (origin == null) {
      return folded.of(x, constant -> constant(data("", constant), place(constant)));
    }
    boolean isSized = x.stream().anyMatch(each -> !each.shape().equals(first.shape()));
    if (isStep && (isSized || a.steps.get(step).key().startsWith("Movement."))) {
      return value(step);
    }
    return folded.of(
        x,
        constant ->
            once(
                place(constant),
                () -> {
                  String computed = initializer(origin + ".computed", constant);
                  if (a.isBuffer(origin)) {
                    buffers.add(computed);
                  }
                  return computed;
                }));
  }

  /** Returns the names of the initializers that are not to be trained. */
  Set<String> buffers() {
    return buffers;
  }

  /** Adds a tensor that can be trained further, and returns its name. */
  String initializer(String wanted, Tensor value) {
    String name = fresh(wanted);
    initializers.put(name, data(name, value));
    return name;
  }

  private String fresh(String wanted) {
    String name = wanted;
    while (!names.add(name)) {
      name = wanted + "_" + counts.merge(wanted, 1, Integer::sum);
    }
    return name;
  }

  // ---- constants -------------------------------------------------------------------------------

  private static Object place(Tensor x) {
    return List.of(
        x.dtype(),
        x.shape(),
        x.size() == 1 ? x.untracked().item() : x.ownStorage(),
        x.offset(),
        Arrays.toString(x.strides()));
  }

  private String constant(TensorData data, Object key) {
    return once(key, () -> node("Constant", List.of(), "value", data));
  }

  /** Returns a number of a type. */
  String number(double value, DType dtype) {
    Tensor scalar = Tensor.scalar(value, dtype);
    return constant(data("", scalar), List.of(dtype, scalar.shape(), scalar.item()));
  }

  /** Returns integers, as axes and sizes are given. */
  String ints(int... values) {
    return ints(new int[] {values.length}, values);
  }

  String ints(int[] shape, int... values) {
    ByteBuffer raw = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      raw.putLong(
          value == Integer.MAX_VALUE
              ? Long.MAX_VALUE
              : value == Integer.MIN_VALUE ? Long.MIN_VALUE + 1 : value);
    }
    return constant(
        new TensorData("", longs(shape), ElementType.INT64.number, bytes(raw), null, Map.of()),
        List.of(Arrays.toString(shape), Arrays.toString(values)));
  }

  /** Returns a constant that is there already, or a new one, which may need others. */
  String once(Object key, Supplier<String> made) {
    String known = constants.get(key);
    if (known == null) {
      known = made.get();
      constants.put(key, known);
    }
    return known;
  }

  /** Returns indices, which are those of an input or the same in both runs. */
  String indices(List<IntTensor> x) {
    String input = a.inputOf(x.getFirst());
    return input == null
        ? folded.ofIndices(x)
        : node(
            "Reshape", List.of(input, sizes.of(x.stream().map(i -> i.shape().toArray()).toList())));
  }

  private static long[] longs(int[] values) {
    return Arrays.stream(values).asLongStream().toArray();
  }

  private static ByteString bytes(ByteBuffer buffer) {
    return UnsafeByteOperations.unsafeWrap(buffer.clear()); // all of it
  }

  private static TensorData data(String name, Tensor x) {
    Tensor value = x.untracked();
    ByteBuffer raw =
        ByteBuffer.allocate(Math.multiplyExact(value.size(), value.dtype().bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    if (value.dtype() == DType.FLOAT32) {
      raw.asFloatBuffer().put(value.toFloatArray());
    } else {
      raw.asDoubleBuffer().put(value.toDoubleArray());
    }
    return new TensorData(
        name, longs(value.shape().toArray()), type(value.dtype()), bytes(raw), null, Map.of());
  }

  // ---- nodes -----------------------------------------------------------------------------------

  /** Adds a node, and returns the name of its output. */
  String node(String op, List<String> inputs, Object... attributes) {
    return nodes(op, 1, inputs, attributes).getFirst();
  }

  /** Returns a constant that is not to be trained. */
  String constant(Tensor value) {
    return node("Constant", List.of(), "value", data("", value));
  }

  /** Adds a node with the attributes of another one. */
  String like(Node node, List<String> inputs) {
    List<Object> attributes = new ArrayList<>();
    node.attributes()
        .forEach((name, attribute) -> attributes.addAll(List.of(name, attribute.value())));
    return node(node.op(), inputs, attributes.toArray());
  }

  /** Adds a node with several outputs. */
  List<String> nodes(String op, int outputs, List<String> inputs, Object... attributes) {
    Map<String, Attribute> all = new LinkedHashMap<>();
    for (int i = 0; i < attributes.length; i += 2) {
      Object value =
          switch (attributes[i + 1]) {
            case Integer number -> (long) number;
            case Double number -> (float) (double) number;
            case String text -> ByteString.copyFromUtf8(text);
            case int[] numbers -> longs(numbers);
            case Object other -> other;
          };
      String name = (String) attributes[i];
      all.put(name, new Attribute(name, value, ""));
    }
    List<Object> key = new ArrayList<>(List.of(op, inputs));
    all.values().forEach(attribute -> key.add(keyOf(attribute)));
    List<String> before = same.get(key);
    if (before != null) {
      return before; // a model that is run twice is written once
    }
    List<String> results = new ArrayList<>();
    same.put(key, results);
    for (int i = 0; i < outputs; i++) {
      results.add(fresh(op + "_" + nodes.size()));
    }
    Node node = new Node("", op, "", inputs, results, all);
    nodes.add(node);
    results.forEach(result -> producers.put(result, node));
    return results;
  }

  private static Object keyOf(Attribute attribute) {
    return attribute.value() instanceof long[] values
        ? attribute.name() + Arrays.toString(values)
        : List.of(attribute.name(), attribute.value());
  }

  /** Returns the node that computes a value, if it is one of this operation. */
  @Nullable Node producer(String name, String op) {
    Node node = producers.get(name);
    return node != null && node.op().equals(op) ? node : null;
  }

  /** Returns 1 and 0 of a type for true and false. */
  String fromTruth(String truth, DType dtype) {
    String number = node("Cast", List.of(truth), "to", (int) type(dtype));
    truths.put(number, truth);
    return number;
  }

  /** Returns true where a number is not 0. */
  String toTruth(String number) {
    String truth = truths.get(number);
    return truth != null ? truth : node("Cast", List.of(number), "to", ElementType.BOOL.number);
  }
}
