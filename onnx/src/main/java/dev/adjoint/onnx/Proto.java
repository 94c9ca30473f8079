package dev.adjoint.onnx;

import com.google.protobuf.ByteString;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The messages of an ONNX file, as far as they are needed here, named as in {@code onnx.proto}. */
final class Proto {

  private Proto() {}

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
      List<Function> functions) {}

  /** A graph: nodes after those whose outputs they take. */
  record Graph(
      String name,
      List<Node> nodes,
      List<TensorData> initializers,
      List<ValueInfo> inputs,
      List<ValueInfo> outputs) {}

  /** An operation. An input that is left out, or an output nobody wants, has the name "". */
  record Node(
      String name,
      String op,
      String domain,
      List<String> inputs,
      List<String> outputs,
      Map<String, Attribute> attributes) {}

  /**
   * A constant of a node.
   *
   * @param value a Float, Long, ByteString, TensorData, Graph, float[], long[], or a list of
   *     ByteStrings; null for what is not read here
   * @param reference in a function: the attribute of the caller whose value this is
   */
  record Attribute(String name, @Nullable Object value, String reference) {}

  /** A function, which stands for the nodes that it consists of. */
  record Function(
      String name,
      String domain,
      List<String> inputs,
      List<String> outputs,
      List<Node> nodes,
      Map<String, Attribute> defaults) {}

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
      Map<String, String> external) {}

  /**
   * An input or output of a graph.
   *
   * @param type the number of its element type; 0 if it is no tensor
   * @param shape a number or a name for each axis; null if the rank is unknown
   */
  record ValueInfo(String name, long type, @Nullable List<Object> shape) {}
}
