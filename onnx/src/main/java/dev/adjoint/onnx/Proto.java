package dev.adjoint.onnx;

import com.google.protobuf.ByteString;
import dev.adjoint.io.Quoted;
import java.io.IOException;
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
  static final int KEY = 1;

  static final int VALUE = 2;

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
    static final int IR_VERSION = 1;
    static final int PRODUCER = 2;
    static final int GRAPH = 7;
    static final int OPSET = 8;
    static final int METADATA = 14;
    static final int FUNCTION = 25;

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
    static final int NODE = 1;
    static final int NAME = 2;
    static final int INITIALIZER = 5;
    static final int INPUT = 11;
    static final int OUTPUT = 12;
    static final int SPARSE_INITIALIZER = 15;
  }

  /** An operation. An input that is left out, or an output nobody wants, has the name "". */
  record Node(
      String name,
      String op,
      String domain,
      List<String> inputs,
      List<String> outputs,
      Map<String, Attribute> attributes) {
    static final int INPUT = 1;
    static final int OUTPUT = 2;
    static final int NAME = 3;
    static final int OP = 4;
    static final int ATTRIBUTE = 5;
    static final int DOMAIN = 7;
  }

  /**
   * A constant of a node.
   *
   * @param value a Float, Long, ByteString, TensorData, Graph, float[], long[], or a list of
   *     ByteStrings; null for what is not read here
   * @param reference in a function: the attribute of the caller whose value this is
   */
  record Attribute(String name, @Nullable Object value, String reference) {
    static final int NAME = 1;
    static final int FLOAT = 2;
    static final int INT = 3;
    static final int TEXT = 4;
    static final int TENSOR = 5;
    static final int GRAPH = 6;
    static final int FLOATS = 7;
    static final int INTS = 8;
    static final int TEXTS = 9;
    static final int TYPE = 20;
    static final int REFERENCE = 21;
  }

  /** A function, which stands for the nodes that it consists of. */
  record Function(
      String name,
      String domain,
      List<String> inputs,
      List<String> outputs,
      List<Node> nodes,
      Map<String, Attribute> defaults) {
    static final int NAME = 1;
    static final int INPUT = 4;
    static final int OUTPUT = 5;
    static final int NODE = 7;
    static final int DOMAIN = 10;
    static final int DEFAULT = 11;
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
    static final int DIMS = 1;
    static final int TYPE = 2;
    static final int FLOATS = 4;
    static final int INTS = 5;
    static final int LONGS = 7;
    static final int NAME = 8;
    static final int RAW = 9;
    static final int DOUBLES = 10;
    static final int UNSIGNED = 11;
    static final int EXTERNAL = 13;

    /** Throws if elements of a type are in the field of another, by the fields that are there. */
    static void requireFields(Set<Integer> fields, long type) throws IOException {
      boolean isFloat = type == 1 || type == 14; // or complex, of two
      boolean isDouble = type == 11 || type == 15;
      boolean areWhole = Stream.of(INTS, LONGS, UNSIGNED).anyMatch(fields::contains);
      if ((fields.contains(FLOATS) && !isFloat)
          || (fields.contains(DOUBLES) && !isDouble)
          || (areWhole && (isFloat || isDouble))) {
        throw new IOException(
            "a tensor of type %d with elements in the field of another; expected its own"
                .formatted(type));
      }
    }
  }

  /**
   * An input or output of a graph.
   *
   * @param type the number of its element type; 0 if it is no tensor
   * @param shape a number or a name for each axis; null if the rank is unknown
   */
  record ValueInfo(String name, long type, @Nullable List<Object> shape) {
    static final int NAME = 1;
    static final int VALUE_TYPE = 2;
    static final int TENSOR_TYPE = 1;
    static final int ELEMENT_TYPE = 1;
    static final int SHAPE = 2;
    static final int DIM = 1;
    static final int DIM_SIZE = 1;
    static final int DIM_NAME = 2;
  }
}
