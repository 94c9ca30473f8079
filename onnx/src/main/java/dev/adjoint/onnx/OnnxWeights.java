package dev.adjoint.onnx;

import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.StateMapping;
import dev.adjoint.onnx.Proto.Graph;
import dev.adjoint.onnx.Proto.Node;
import dev.adjoint.onnx.Proto.TensorData;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Reads the weights of an ONNX file and leaves the graph: for a model of our own layers, under
 * other names by a {@link StateMapping}.
 *
 * <pre>{@code
 * LoadReport report = encoder.loadFitting(mapping.of(OnnxWeights.load(path)));
 * }</pre>
 *
 * <p>PyTorch's exporter transposes the weights of linear layers and calls them {@code
 * onnx::MatMul_42}. Where to such a product a bias is added that has kept its name, {@code
 * dense.bias}, the weight is {@code dense.weight} again, of shape (out, in).
 */
public final class OnnxWeights {

  /** What names of an exporter's own have in them. */
  private static final String ANONYMOUS = "::";

  private static final String BIAS = ".bias";

  private OnnxWeights() {}

  /**
   * Reads the floating-point initializers of a file by name, half floats as float32; large ones may
   * be in files beside it.
   *
   * @throws TensorFormatException if the file is damaged
   * @throws UnsupportedOnnxException if an initializer is of a type that is not supported
   */
  public static Map<String, Tensor> load(Path file) throws IOException {
    ExternalData files = new ExternalData(file.toAbsolutePath().getParent());
    byte[] bytes = Files.readAllBytes(file);
    return OnnxModel.read(file.toString(), bytes, model -> weights(model.graph(), files));
  }

  /** Reads the weights from the bytes of a file, as {@link #load} does from a file. */
  public static Map<String, Tensor> of(byte[] bytes) throws IOException {
    return OnnxModel.read(
        "the model", bytes, model -> weights(model.graph(), new ExternalData(null)));
  }

  private static Map<String, Tensor> weights(Graph graph, ExternalData files) throws IOException {
    Map<String, String> transposed = weightsOfLinearLayers(graph);
    Map<String, Tensor> weights = new LinkedHashMap<>();
    for (TensorData data : graph.initializers()) {
      Value value = Value.read(data, files);
      if (value.type().isFloat()) {
        String name = transposed.get(data.name());
        if (name != null && value.tensor().rank() == 2) {
          weights.put(name, value.tensor().transpose().contiguous());
        } else {
          weights.put(data.name(), value.tensor());
        }
      }
    }
    return Collections.unmodifiableMap(weights);
  }

  /** Returns the names that weights had whose product a bias is added to, by those they have. */
  private static Map<String, String> weightsOfLinearLayers(Graph graph) {
    Set<String> taken = new HashSet<>();
    graph.initializers().forEach(data -> taken.add(data.name()));
    Map<String, String> factors = new HashMap<>(); // by the product
    Map<String, String> names = new HashMap<>();
    for (Node node : graph.nodes()) {
      if (node.inputs().size() != 2 || node.outputs().size() != 1) {
        continue;
      }
      String first = node.inputs().getFirst();
      String last = node.inputs().getLast();
      switch (node.op()) {
        case "MatMul" -> {
          if (last.contains(ANONYMOUS) && taken.contains(last)) {
            factors.put(node.outputs().getFirst(), last);
          }
        }
        case "Add" -> {
          String bias = factors.containsKey(last) ? first : last;
          String factor = factors.get(factors.containsKey(last) ? last : first);
          String name = bias.replaceFirst("\\.bias$", ".weight");
          if (factor != null && bias.endsWith(BIAS) && taken.contains(bias) && taken.add(name)) {
            names.put(factor, name);
          }
        }
        default -> {}
      }
    }
    return names;
  }
}
