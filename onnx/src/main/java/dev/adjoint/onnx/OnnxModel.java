package dev.adjoint.onnx;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dev.adjoint.io.Quoted;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.onnx.Proto.Graph;
import dev.adjoint.onnx.Proto.Model;
import dev.adjoint.onnx.Proto.TensorData;
import dev.adjoint.onnx.Proto.ValueInfo;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A model of an ONNX file as a layer, whose floating-point initializers are parameters: it computes
 * what the file says, and can be trained further.
 *
 * <pre>{@code
 * OnnxModel model = OnnxModel.load(Path.of("squeezenet.onnx"));
 * Tensor scores = model.forward(images);
 * }</pre>
 *
 * <p>{@link #operators} says which operators it may have, {@code If} and functions of its own
 * besides. Floats are computed in float32 (half floats, too), after {@code to(DType.FLOAT64)} in
 * float64, doubles in float64, and integers exactly up to 2^53. Norms and dropout compute what they
 * compute in inference, as the file says.
 */
public final class OnnxModel extends Layer implements Transform {

  private final Graph graph;
  private final GraphRun run;
  private final Map<String, Value> constants = new HashMap<>();
  private final Map<String, Weight> weights = new LinkedHashMap<>();
  private final List<String> inputs;
  private final Set<String> kept = new HashSet<>();

  private OnnxModel(Model model, ExternalData files) throws IOException {
    graph = model.graph();
    run = GraphRun.of(model);
    run.check(graph.nodes());
    for (TensorData data : graph.initializers()) {
      Value value = Value.read(data, files);
      if (value.type() == ElementType.FLOAT || value.type() == ElementType.DOUBLE) {
        weights.put(data.name(), parameter(nameOf(data), value.tensor()));
      } else {
        constants.put(data.name(), value);
      }
      kept.add(data.name());
    }
    inputs =
        graph.inputs().stream().map(ValueInfo::name).filter(name -> !kept.contains(name)).toList();
    graph.outputs().forEach(output -> kept.add(output.name()));
    for (ValueInfo input : graph.inputs()) {
      ElementType.require(input.type(), "input " + Quoted.text(input.name()));
    }
  }

  /**
   * Reads a model; large tensors may be in files beside it.
   *
   * @param outputs values of the graph to compute instead of its outputs, as what stands before the
   *     last layer, which is to be another one; none for its outputs
   * @throws TensorFormatException if the file is damaged
   * @throws UnsupportedOnnxException if it needs an operator or an element type that is not
   *     supported; the message names them
   */
  public static OnnxModel load(Path file, String... outputs) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    return read(file.toString(), Files.readAllBytes(file), new ExternalData(directory), outputs);
  }

  /** Reads a model from the bytes of a file, as {@link #load} does from a file. */
  public static OnnxModel of(byte[] bytes, String... outputs) throws IOException {
    return read("the model", bytes, new ExternalData(null), outputs);
  }

  private static OnnxModel read(String name, byte[] bytes, ExternalData files, String... outputs)
      throws IOException {
    try {
      Model model = ProtoReader.model(UnsafeByteOperations.unsafeWrap(bytes));
      return new OnnxModel(outputs.length == 0 ? model : model.with(outputs), files);
    } catch (InvalidProtocolBufferException e) {
      throw new TensorFormatException(name, "no ONNX model: " + e.getMessage(), e);
    } catch (TensorFormatException e) {
      throw e;
    } catch (IOException e) {
      throw new TensorFormatException(name, String.valueOf(e.getMessage()), e);
    }
  }

  /** Returns a name without dots, which separate the names of a path, that no weight has yet. */
  private String nameOf(TensorData data) throws IOException {
    if (data.name().isEmpty() || weights.containsKey(data.name())) {
      throw new IOException(
          "an initializer named %s; expected names that differ"
              .formatted(Quoted.text(data.name())));
    }
    String name = data.name().replace('.', '_');
    while (namedParameters().containsKey(name)) {
      name += "_";
    }
    return name;
  }

  /** Returns the tensors of a graph inside of a node. */
  static Map<String, Value> constants(Graph graph) {
    Map<String, Value> constants = new HashMap<>();
    try {
      for (TensorData data : graph.initializers()) {
        constants.put(data.name(), Value.read(data, new ExternalData(null)));
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    return constants;
  }

  /** Returns the names of the operators that are supported; those of another domain with it. */
  public static Set<String> operators() {
    return Operators.names();
  }

  /** Returns the names of the inputs, in order; initializers are none. */
  public List<String> inputs() {
    return inputs;
  }

  /** Returns the names of the outputs, in order. */
  public List<String> outputs() {
    return graph.outputs().stream().map(ValueInfo::name).toList();
  }

  /**
   * Computes the first output of a model with one input.
   *
   * @throws IllegalArgumentException if it has several inputs, or does not fit
   */
  @Override
  public Tensor forward(Tensor x) {
    if (inputs.size() != 1) {
      throw new IllegalArgumentException(
          "forward: one tensor for the inputs %s; expected forward(Map)"
              .formatted(Quoted.list(inputs)));
    }
    Map<String, Tensor> outputs = forward(Map.of(inputs.getFirst(), x));
    return observed(outputs.values().iterator().next());
  }

  /**
   * Computes all outputs.
   *
   * @param given a tensor for each input, by name; integers as whole numbers
   * @return by name, in order
   * @throws IllegalArgumentException if an input is missing or unknown, or does not fit; the
   *     message names the node
   */
  public Map<String, Tensor> forward(Map<String, Tensor> given) {
    if (!given.keySet().equals(Set.copyOf(inputs))) {
      throw new IllegalArgumentException(
          "forward: inputs %s; expected %s"
              .formatted(Quoted.list(given.keySet()), Quoted.list(inputs)));
    }
    Map<String, Value> values = new HashMap<>();
    for (ValueInfo input : graph.inputs()) {
      Tensor x = given.get(input.name());
      if (x != null) {
        ElementType type = ElementType.require(input.type(), "input " + Quoted.text(input.name()));
        values.put(
            input.name(), type.isFloat() ? Value.of(x) : new Value(x.to(DType.FLOAT64), type));
      }
    }
    return forwardAll(values).entrySet().stream()
        .collect(
            Collectors.toMap(
                Map.Entry::getKey,
                output -> output.getValue().tensor(),
                (first, _) -> first,
                LinkedHashMap::new));
  }

  /** Computes all outputs, with their types. */
  Map<String, Value> forwardAll(Map<String, Value> given) {
    boolean wide =
        weights.values().stream().anyMatch(weight -> weight.value().dtype() == DType.FLOAT64);
    GraphRun fitting = run.wide(wide);
    Map<String, Value> values = new HashMap<>();
    constants.forEach((name, value) -> values.put(name, fitting.fitted(value)));
    weights.forEach((name, weight) -> values.put(name, Value.of(weight.value())));
    given.forEach((name, value) -> values.put(name, fitting.fitted(value)));
    fitting.run(graph.nodes(), values, kept);
    Map<String, Value> outputs = new LinkedHashMap<>();
    for (String name : outputs()) {
      Value value = values.get(name);
      if (value == null) {
        throw new IllegalArgumentException(
            "forward: no node computes the output " + Quoted.text(name));
      }
      outputs.put(name, value);
    }
    return outputs;
  }

  @Override
  public String toString() {
    return "OnnxModel(%d nodes)".formatted(graph.nodes().size());
  }
}
