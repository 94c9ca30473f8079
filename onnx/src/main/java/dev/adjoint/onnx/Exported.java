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
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The graph of a model that was run twice, with another number of examples each time: what differs
 * in sizes follows that number, and what differs in constants is no constant.
 */
final class Exported {

  final Recorded a;
  final Recorded b;
  final long opset;
  private final int batchA;
  private final int batchB;
  private final @Nullable String batchInput;

  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, TensorData> initializers = new LinkedHashMap<>();
  private final Map<Integer, String> values = new HashMap<>(); // by the step that computed them
  private final Map<Object, String> constants = new HashMap<>();
  private final Set<String> names = new HashSet<>();
  private final Map<String, Integer> counts = new HashMap<>();
  private final Map<String, String> truths = new HashMap<>();
  private final Map<String, Node> producers = new HashMap<>();
  private final Map<List<Object>, List<String>> same = new HashMap<>(); // outputs of nodes

  /**
   * Begins.
   *
   * @param batchInput the input whose first axis counts the examples; null if their number is fixed
   */
  Exported(
      Recorded a, Recorded b, long opset, int batchA, int batchB, @Nullable String batchInput) {
    this.a = a;
    this.b = b;
    this.opset = opset;
    this.batchA = batchA;
    this.batchB = batchB;
    this.batchInput = batchInput;
    names.addAll(a.weightNames());
  }

  /** Writes all steps; returns the graph that computes the outputs of both runs. */
  Graph graph(String name, List<ValueInfo> inputs) {
    inputs.forEach(input -> names.add(input.name()));
    a.outputs().keySet().forEach(names::add);
    for (int i = 0; i < Math.min(a.steps.size(), b.steps.size()); i++) {
      if (!a.steps.get(i).key().equals(b.steps.get(i).key())) {
        break; // told below
      }
      if (a.isVariable(a.steps.get(i).output())) {
        value(i);
      }
    }
    if (a.steps.size() != b.steps.size()) {
      throw refuse(
          "%d steps for %d examples and %d for %d; expected the same steps for any number of them, or fixedBatch()"
              .formatted(a.steps.size(), batchA, b.steps.size(), batchB));
    }
    List<ValueInfo> outputs = new ArrayList<>();
    a.outputs()
        .forEach((output, tensor) -> {
          Tensor other = requireNonNull(b.outputs().get(output));
          nodes.add(
              new Node(
                  output, "Identity", "", List.of(name(tensor, other)), List.of(output), Map.of()));
          outputs.add(
              new ValueInfo(output, type(tensor.dtype()), dims(tensor.shape(), other.shape())));
        });
    return new Naming(a, nodes, values).graph(name, initializers.values(), inputs, outputs);
  }

  IllegalArgumentException refuse(String reason) {
    return new IllegalArgumentException(
        Quoted.message("export of %s: %s".formatted(a.name(), reason)));
  }

  static long type(DType dtype) {
    return (dtype == DType.FLOAT32 ? ElementType.FLOAT : ElementType.DOUBLE).number;
  }

  /** Returns the sizes of a value of the graph: "batch" where they follow it. */
  List<Object> dims(Shape first, Shape second) {
    List<Object> dims = new ArrayList<>();
    for (int axis = 0; axis < first.rank(); axis++) {
      int size = first.size(axis);
      boolean follows = size != second.size(axis);
      dims.add(!follows ? (Object) (long) size : size == batchA ? "batch" : "batch_" + axis);
    }
    return dims;
  }

  // ---- values ----------------------------------------------------------------------------------

  private String value(int step) {
    String known = values.get(step);
    if (known == null) {
      Recorded.Step first = a.steps.get(step);
      known = ExportRules.write(new Export(this, first, b.steps.get(step)));
      values.put(step, known);
    }
    return known;
  }

  /** Returns the name of a tensor of the first run, which is another one in the second. */
  String name(Tensor first, Tensor second) {
    String input = a.inputOf(first);
    if (input != null) {
      return input;
    }
    String weight = a.weightOf(first);
    if (weight != null) {
      initializers.computeIfAbsent(weight, name -> data(name, first));
      return weight;
    }
    int step = a.stepOf(first);
    if (a.isVariable(first)) {
      if (step < 0 || step != b.stepOf(second)) {
        throw refuse(
            "a tensor of shape %s that depends on the input, but comes from no operation"
                .formatted(first.shape()));
      }
      return value(step);
    }
    String origin = a.originOf(first);
    if (origin == null) {
      return constant(first, second);
    }
    if (step >= 0 && a.steps.get(step).key().startsWith("Movement.") && step < b.steps.size()) {
      return value(step);
    }
    return followed(
        first,
        second,
        constant -> once(place(constant), () -> initializer(origin + ".computed", constant)));
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

  private void requireSame(Tensor first, Tensor second) {
    boolean isOne =
        first.sharesElements(second)
            && first.offset() == second.offset()
            && Arrays.equals(first.strides(), second.strides());
    if (!first.shape().equals(second.shape())
        || !isOne
            && !Arrays.equals(
                first.untracked().toDoubleArray(), second.untracked().toDoubleArray())) {
      throw refuse(
          "a constant of shape %s differs from one run to the next, where its shape is %s; expected no random numbers, nothing that Java code computes from elements of the input or from indices, and no number of examples among the numbers"
              .formatted(first.shape(), second.shape()));
    }
  }

  private static Object place(Tensor x) {
    return List.of(
        x.dtype(),
        x.shape(),
        x.size() == 1 ? x.untracked().item() : x.ownStorage(),
        x.offset(),
        Arrays.toString(x.strides()));
  }

  private String constant(Tensor first, Tensor second) {
    return followed(first, second, x -> constant(data("", x), place(x)));
  }

  /** Returns a constant, which is repeated for each example if its shape follows their number. */
  private String followed(Tensor first, Tensor second, Function<Tensor, String> constant) {
    if (first.shape().equals(second.shape())) {
      requireSame(first, second);
      return constant.apply(first);
    }
    Tensor one = first.untracked();
    Tensor other = second.untracked();
    for (int axis = 0; first.rank() == second.rank() && axis < first.rank(); axis++) {
      if (first.size(axis) != second.size(axis)) {
        one = one.slice(axis, 0, 1);
        other = other.slice(axis, 0, 1);
      }
    }
    requireSame(one, other);
    requireSame(one.expand(first.shape()), first);
    requireSame(other.expand(second.shape()), second);
    String sizes = sizes(first.shape().toArray(), second.shape().toArray());
    return node("Expand", List.of(constant.apply(one), sizes));
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
  private String once(Object key, Supplier<String> made) {
    String known = constants.get(key);
    if (known == null) {
      known = made.get();
      constants.put(key, known);
    }
    return known;
  }

  /** Returns indices, which are those of an input or the same in both runs. */
  String indices(IntTensor first, IntTensor second) {
    String input = a.inputOf(first);
    if (input != null) {
      return node(
          "Reshape", List.of(input, sizes(first.shape().toArray(), second.shape().toArray())));
    }
    if (!first.equals(second)) {
      throw refuse(
          "indices of shape %s differ from one run to the next; expected those of an input, or constants"
              .formatted(first.shape()));
    }
    return ints(first.shape().toArray(), first.toArray());
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

  // ---- sizes -----------------------------------------------------------------------------------

  /** Returns sizes, computed from the number of examples where they differ between the runs. */
  String sizes(int[] first, int[] second) {
    if (Arrays.equals(first, second)) {
      return ints(first);
    }
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < first.length; i++) {
      parts.add(first[i] == second[i] ? ints(first[i]) : size(first[i], second[i]));
    }
    return parts.size() == 1 ? parts.getFirst() : node("Concat", parts, "axis", 0);
  }

  private String size(int first, int second) {
    int factor = (second - first) / Math.max(1, batchB - batchA);
    int rest = first - factor * batchA;
    if (batchInput == null || second != factor * batchB + rest) {
      throw refuse("a size is %d in one run and %d in the next".formatted(first, second));
    }
    return once(
        "size %d %d".formatted(factor, rest),
        () -> {
          String size =
              once("batch", () -> node("Shape", List.of(batchInput), "start", 0, "end", 1));
          size = factor == 1 ? size : node("Mul", List.of(size, ints(factor)));
          return rest == 0 ? size : node("Add", List.of(size, ints(rest)));
        });
  }

  /** Returns a tensor in another shape: the one size that differs is what is left. */
  String reshaped(String x, int[] first, int[] second) {
    int[] sizes = first.clone();
    int differing = 0;
    boolean isEmpty = false;
    for (int i = 0; i < sizes.length; i++) {
      isEmpty |= sizes[i] == 0;
      if (sizes[i] != second[i]) {
        differing++;
        sizes[i] = -1;
      }
    }
    return node(
        "Reshape", List.of(x, differing == 1 && !isEmpty ? ints(sizes) : sizes(first, second)));
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
