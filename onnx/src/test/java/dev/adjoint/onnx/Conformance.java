package dev.adjoint.onnx;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Runs cases in the layout of the ONNX project, a directory each, and prints a table by operator:
 * passed, refused with a clear name, wrong.
 */
final class Conformance {

  private Conformance() {}

  public static void main(String[] args) throws IOException {
    Map<String, int[]> byOperator = new TreeMap<>();
    List<String> wrong = new ArrayList<>();
    Map<String, Integer> reasons = new TreeMap<>();
    for (String arg : args) {
      try (Stream<Path> directories = Files.list(Path.of(arg))) {
        for (Path directory : directories.filter(Files::isDirectory).sorted().toList()) {
          String verdict = run(directory);
          String operator = operator(directory);
          int kind = verdict.isEmpty() ? 0 : verdict.startsWith("refused") ? 1 : 2;
          byOperator.computeIfAbsent(operator, _ -> new int[3])[kind]++;
          if (kind == 2) {
            wrong.add(directory.getFileName() + ": " + verdict);
          } else if (kind == 1) {
            reasons.merge(verdict.length() > 150 ? verdict.substring(0, 150) : verdict, 1, Integer::sum);
          }
        }
      }
    }
    int[] sums = new int[3];
    byOperator.forEach((operator, counts) -> {
      System.out.printf("%-60s %4d %4d %4d%n", operator, counts[0], counts[1], counts[2]);
      for (int i = 0; i < 3; i++) {
        sums[i] += counts[i];
      }
    });
    System.out.println("---- refused");
    reasons.forEach((reason, n) -> System.out.println(n + " " + reason));
    System.out.println("---- wrong");
    wrong.forEach(System.out::println);
    System.out.printf("passed %d, refused %d, wrong %d%n", sums[0], sums[1], sums[2]);
  }

  private static String operator(Path directory) throws IOException {
    try {
      var nodes = ProtoReader.model(bytes(directory.resolve("model.onnx"))).graph().nodes();
      return nodes.size() == 1 ? nodes.getFirst().op() : "(several)";
    } catch (IOException | RuntimeException e) {
      return "(unread)";
    }
  }

  private static String run(Path directory) {
    try {
      OnnxModel model = OnnxModel.load(directory.resolve("model.onnx"));
      Path data = directory.resolve("test_data_set_0");
      Map<String, Value> given = new HashMap<>();
      var names = ProtoReader.model(bytes(directory.resolve("model.onnx"))).graph().inputs();
      for (int i = 0; Files.exists(data.resolve("input_" + i + ".pb")); i++) {
        given.put(names.get(i).name(), read(data.resolve("input_" + i + ".pb")));
      }
      List<Value> outputs = new ArrayList<>(model.forwardAll(given).values());
      for (int i = 0; Files.exists(data.resolve("output_" + i + ".pb")); i++) {
        String difference = difference(outputs.get(i), read(data.resolve("output_" + i + ".pb")));
        if (!difference.isEmpty()) {
          return "output " + i + ": " + difference;
        }
      }
      return "";
    } catch (UnsupportedOnnxException e) {
      return "refused: " + e.getMessage();
    } catch (IOException | RuntimeException e) {
      return "threw " + e;
    }
  }

  static String difference(Value actual, Value expected) {
    if (!actual.shape().equals(expected.shape())) {
      return "shape %s; expected %s".formatted(actual.shape(), expected.shape());
    }
    if (actual.type() != expected.type()) {
      return "type %s; expected %s".formatted(actual.type(), expected.type());
    }
    double[] a = actual.tensor().toDoubleArray();
    double[] e = expected.tensor().toDoubleArray();
    double relative = actual.type() == ElementType.BFLOAT16 ? 1e-2 : 1e-3;
    for (int i = 0; i < a.length; i++) {
      if (!(Math.abs(a[i] - e[i]) <= 1e-6 + relative * Math.abs(e[i]))
          && !(Double.isNaN(a[i]) && Double.isNaN(e[i]))
          && a[i] != e[i]) {
        return "%s at %d; expected %s".formatted(a[i], i, e[i]);
      }
    }
    return "";
  }

  static Value read(Path file) throws IOException {
    return Value.read(ProtoReader.tensor(bytes(file)), new ExternalData(null));
  }

  private static ByteString bytes(Path file) throws IOException {
    return ByteString.copyFrom(Files.readAllBytes(file));
  }
}
