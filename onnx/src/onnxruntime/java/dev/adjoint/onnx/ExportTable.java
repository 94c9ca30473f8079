package dev.adjoint.onnx;

import ai.onnxruntime.OrtException;
import com.google.protobuf.ByteString;
import dev.adjoint.nn.ExportedLayers;
import dev.adjoint.nn.ExportedLayers.Case;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Exports every layer, runs the files by ONNX Runtime for several numbers of examples, and prints
 * the operators of each and the largest difference, relative to the largest output where that is
 * above 1.
 */
final class ExportTable {

  private ExportTable() {}

  public static void main(String[] args) throws IOException {
    print(ExportedLayers.all());
  }

  /** Prints the table; returns how many cases differ by more than 1e-5. */
  static int print(List<Case> cases) throws IOException {
    int wrong = 0;
    System.out.printf("%-58s %10s  %s%n", "layer", "difference", "operators");
    for (Case each : cases) {
      byte[] file = each.export().toBytes();
      String result;
      try {
        double difference = Math.max(difference(each, file, 1), difference(each, file, 5));
        wrong += difference <= 1e-5 ? 0 : 1;
        result = "%10.1e".formatted(difference);
      } catch (OrtException e) {
        wrong++;
        result = e.getMessage();
      }
      String name = each.name().length() > 58 ? each.name().substring(0, 55) + "..." : each.name();
      System.out.printf("%-58s %10s  %s%n", name, result, operators(file));
    }
    System.out.printf("%d cases, %d of them differ by more than 1e-5%n", cases.size(), wrong);
    return wrong;
  }

  /** Returns the largest difference of an output for so many examples. */
  static double difference(Case each, byte[] file, int n) throws OrtException {
    Map<String, Object> inputs = each.inputs(n);
    Map<String, Tensor> outputs = Runtime.run(file, inputs);
    double largest = 0;
    for (Map.Entry<String, Tensor> output : each.outputs(inputs).entrySet()) {
      double[] expected = output.getValue().untracked().toDoubleArray();
      double[] actual = outputs.get(output.getKey()).toDoubleArray();
      double scale = 1;
      for (double value : expected) {
        scale = Math.max(scale, Math.abs(value));
      }
      for (int i = 0; i < expected.length; i++) {
        double off = Math.abs(expected[i] - actual[i]) / scale;
        largest = Double.isNaN(off) || off > largest ? off : largest;
      }
    }
    return largest;
  }

  static String operators(byte[] file) throws IOException {
    return ProtoReader.model(ByteString.copyFrom(file)).graph().nodes().stream()
        .collect(
            Collectors.groupingBy(Proto.Node::op, java.util.TreeMap::new, Collectors.counting()))
        .entrySet()
        .stream()
        .map(entry ->
            entry.getValue() == 1 ? entry.getKey() : entry.getValue() + " " + entry.getKey())
        .collect(Collectors.joining(", "));
  }
}
