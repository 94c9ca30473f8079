package dev.adjoint.onnx;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.UnsafeByteOperations;
import dev.adjoint.io.Quoted;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
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
import java.util.function.Supplier;

/**
 * A model of an ONNX file as a layer, whose floating-point initializers are parameters or buffers:
 * it computes what the file says, and can be trained further.
 *
 * <pre>{@code
 * OnnxModel model = OnnxModel.load(Path.of("squeezenet.onnx"));
 * Tensor scores = model.forward(images);
 * }</pre>
 *
 * <p>{@link #operators} says which operators it may have, functions of its own besides. Floats are
 * computed in float32 (half floats, too), after {@code to(DType.FLOAT64)} in float64, doubles in
 * float64, and integers exactly up to 2^53. Norms and dropout compute what they compute in
 * inference, as the file says. Buffers, which are saved but not trained, are running statistics and
 * numbers that say what an operator does, such as the bounds of Clip; all other floats are
 * parameters.
 */
public final class OnnxModel extends Layer implements Transform {

  private final GraphRun run;
  private final Block block;
  private final Map<String, Supplier<Tensor>> weights = new LinkedHashMap<>(); // buffers included
  private final Map<String, ValueInfo> inputs = new LinkedHashMap<>();

  private OnnxModel(Model model, ExternalData files) throws IOException {
    Graph graph = model.graph();
    run = GraphRun.of(model, files);
    Set<String> untrained = Untrained.of(model);
    Set<String> names = new HashSet<>();
    Map<String, Value> constants = new HashMap<>();
    for (TensorData data : graph.initializers()) {
      Value value = Value.read(data, files);
      if (value.type() == ElementType.FLOAT || value.type() == ElementType.DOUBLE) {
        String name = nameOf(data, names);
        weights.put(
            data.name(),
            untrained.contains(data.name())
                ? buffer(name, value.tensor())::value
                : parameter(name, value.tensor())::value);
      } else {
        constants.put(data.name(), value);
      }
    }
    block = Block.of(graph, constants);
    for (ValueInfo input : graph.inputs()) {
      if (!weights.containsKey(input.name()) && !constants.containsKey(input.name())) {
        inputs.put(input.name(), input);
        if (input.type() != 0) { // of no tensor: refused when it is given
          ElementType.require(input.type(), "input " + Quoted.text(input.name()));
        }
      }
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
    ExternalData files = new ExternalData(directory);
    return read(file.toString(), Files.readAllBytes(file), model -> of(model, files, outputs));
  }

  /** Reads a model from the bytes of a file, as {@link #load} does from a file. */
  public static OnnxModel of(byte[] bytes, String... outputs) throws IOException {
    ExternalData files = new ExternalData(null);
    return read("the model", bytes, model -> of(model, files, outputs));
  }

  private static OnnxModel of(Model model, ExternalData files, String... outputs)
      throws IOException {
    return new OnnxModel(outputs.length == 0 ? model : model.with(outputs), files);
  }

  /** Makes something of the messages of a file. */
  interface Use<T> {
    T of(Model model) throws IOException;
  }

  /** Reads a file, and names it in what is thrown for one that is damaged. */
  static <T> T read(String name, byte[] bytes, Use<T> use) throws IOException {
    try {
      return use.of(ProtoReader.model(UnsafeByteOperations.unsafeWrap(bytes)));
    } catch (TensorFormatException e) {
      throw e;
    } catch (IOException e) {
      throw new TensorFormatException(
          name, "no ONNX model: %s; %s".formatted(e.getMessage(), Quoted.start(bytes)), e);
    }
  }

  /** Returns a name without dots, which separate the names of a path, and adds it to the names. */
  private String nameOf(TensorData data, Set<String> names) throws IOException {
    if (data.name().isEmpty() || weights.containsKey(data.name())) {
      throw new IOException(
          "an initializer named %s; expected names that differ"
              .formatted(Quoted.text(data.name())));
    }
    String name = data.name().replace('.', '_');
    while (!names.add(name)) {
      name += "_";
    }
    return name;
  }

  /** Returns the names of the operators that are supported; those of another domain with it. */
  public static Set<String> operators() {
    return Operators.names();
  }

  /** Returns the names of the inputs, in order; initializers are none. */
  public List<String> inputs() {
    return List.copyOf(inputs.keySet());
  }

  /** Returns the names of the outputs, in order. */
  public List<String> outputs() {
    return block.outputs();
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
              .formatted(Quoted.list(inputs.keySet())));
    }
    Map<String, Tensor> outputs = forward(Map.of(inputs().getFirst(), x));
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
    if (!given.keySet().equals(inputs.keySet())) {
      throw new IllegalArgumentException(
          "forward: inputs %s; expected %s"
              .formatted(Quoted.list(given.keySet()), Quoted.list(inputs.keySet())));
    }
    Map<String, Value> values = new HashMap<>();
    inputs.forEach((name, input) -> {
      ElementType type = ElementType.require(input.type(), "input " + Quoted.text(name));
      Tensor x = requireNonNull(given.get(name));
      values.put(name, type.isFloat() ? Value.of(x) : new Value(x.to(DType.FLOAT64), type));
    });
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    forwardAll(values, GraphRun.MOST_STEPS)
        .forEach((name, item) -> {
          if (!(item instanceof Value(Tensor tensor, _))) {
            throw new UnsupportedOnnxException(
                "forward: the output %s is %s; expected a tensor"
                    .formatted(Quoted.text(name), Item.kind(item)));
          }
          outputs.put(name, tensor);
        });
    return outputs;
  }

  /** Computes all outputs, with their types, in not more than so many steps. */
  Map<String, Item> forwardAll(Map<String, ? extends Item> given, int steps) {
    boolean wide =
        weights.values().stream().anyMatch(weight -> weight.get().dtype() == DType.FLOAT64);
    GraphRun running = run.begin(wide, steps);
    Scope scope = Scope.of(block, Map.of());
    weights.forEach((name, weight) -> scope.items().put(name, Value.of(weight.get())));
    given.forEach((name, item) -> scope.items().put(name, running.fitted(item)));
    List<Item> computed = running.run(scope);
    Map<String, Item> outputs = new LinkedHashMap<>();
    for (int i = 0; i < computed.size(); i++) {
      outputs.put(outputs().get(i), computed.get(i));
    }
    return outputs;
  }

  @Override
  public String toString() {
    return "OnnxModel(%s nodes)".formatted(block.nodes().size());
  }
}
