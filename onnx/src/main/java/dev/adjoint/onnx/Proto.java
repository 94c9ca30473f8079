package dev.adjoint.onnx;

import com.google.protobuf.ByteString;
import dev.adjoint.io.Quoted;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The messages of an ONNX file, as far as they are needed here, with the numbers of their fields,
 * named as in {@code onnx.proto}.
 */
final class Proto {

  private Proto() {}

  /** The fields of a pair of texts, and of a domain and its version. */
  static final int KEY = 1, VALUE = 2;

  /**
   * A file.
   *
   * @param opsets the version of each set of operators, by its domain; the default one is ""
   */
  record Model(
      String producer,
      Map<String, Long> opsets,
      Graph graph,
      Map<String, String> metadata,
      List<Function> functions) {
    static final int IR_VERSION = 1,
        PRODUCER = 2,
        GRAPH = 7,
        OPSET = 8,
        METADATA = 14,
        FUNCTION = 25;

    /**
     * Returns this model as far as it computes some values.
     *
     * @throws IllegalArgumentException if no node computes one of them
     */
    Model with(String... values) {
      Set<String> needed = new HashSet<>(List.of(values));
      List<Node> nodes = new ArrayList<>();
      Set<String> computed = new HashSet<>();
      for (Node node : graph.nodes.reversed()) {
        if (node.outputs.stream().anyMatch(needed::contains)) {
          nodes.addFirst(node);
          computed.addAll(node.outputs);
          needed.addAll(node.inputs);
        }
      }
      if (!computed.containsAll(List.of(values))) {
        throw new IllegalArgumentException(
            "outputs %s; expected outputs of nodes".formatted(Quoted.list(List.of(values))));
      }
      List<ValueInfo> outputs =
          Stream.of(values).map(name -> new ValueInfo(name, 0, null)).toList();
      List<TensorData> initializers =
          graph.initializers.stream().filter(data -> needed.contains(data.name)).toList();
      List<ValueInfo> inputs =
          graph.inputs.stream().filter(input -> needed.contains(input.name)).toList();
      return new Model(
          producer,
          opsets,
          new Graph(graph.name, nodes, initializers, inputs, outputs),
          metadata,
          functions);
    }
  }

  /** A graph: nodes after those whose outputs they take. */
  record Graph(
      String name,
      List<Node> nodes,
      List<TensorData> initializers,
      List<ValueInfo> inputs,
      List<ValueInfo> outputs) {
    static final int NODE = 1,
        NAME = 2,
        INITIALIZER = 5,
        INPUT = 11,
        OUTPUT = 12,
        SPARSE_INITIALIZER = 15;
  }

  /** An operation. An input that is left out, or an output nobody wants, has the name "". */
  record Node(
      String name,
      String op,
      String domain,
      List<String> inputs,
      List<String> outputs,
      Map<String, Attribute> attributes) {
    static final int INPUT = 1, OUTPUT = 2, NAME = 3, OP = 4, ATTRIBUTE = 5, DOMAIN = 7;
  }

  /**
   * A constant of a node.
   *
   * @param value a Float, Long, ByteString, TensorData, Graph, float[], long[], or a list of
   *     ByteStrings; null for what is not read here
   * @param reference in a function: the attribute of the caller whose value this is
   */
  record Attribute(String name, @Nullable Object value, String reference) {
    static final int NAME = 1,
        FLOAT = 2,
        INT = 3,
        TEXT = 4,
        TENSOR = 5,
        GRAPH = 6,
        FLOATS = 7,
        INTS = 8,
        TEXTS = 9,
        TYPE = 20,
        REFERENCE = 21;
  }

  /** A function, which stands for the nodes that it consists of. */
  record Function(
      String name,
      String domain,
      List<String> inputs,
      List<String> outputs,
      List<Node> nodes,
      Map<String, Attribute> defaults) {
    static final int NAME = 1, INPUT = 4, OUTPUT = 5, NODE = 7, DOMAIN = 10, DEFAULT = 11;
  }

  /**
   * The elements of a tensor.
   *
   * @param type the number of its type
   * @param raw its elements, little-endian; empty if they are in values or in a file
   * @param values its elements as a float[], double[], int[] or long[]; null if there are none
   * @param external where in which file its elements are
   */
  record TensorData(
      String name,
      long[] dims,
      long type,
      ByteString raw,
      @Nullable Object values,
      Map<String, String> external) {
    static final int DIMS = 1,
        TYPE = 2,
        FLOATS = 4,
        INTS = 5,
        LONGS = 7,
        NAME = 8,
        RAW = 9,
        DOUBLES = 10,
        UNSIGNED = 11,
        EXTERNAL = 13;
  }

  /**
   * An input or output of a graph.
   *
   * @param type the number of its element type; 0 if it is no tensor
   * @param shape a number or a name for each axis; null if the rank is unknown
   */
  record ValueInfo(String name, long type, @Nullable List<Object> shape) {
    static final int NAME = 1,
        VALUE_TYPE = 2,
        TENSOR_TYPE = 1,
        ELEMENT_TYPE = 1,
        SHAPE = 2,
        DIM = 1,
        DIM_SIZE = 1,
        DIM_NAME = 2;
  }
}
