package dev.adjoint.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Runs cases in the layout of the ONNX project and prints a table by operator: passed, refused with
 * a clear name, wrong. A case is a directory with a model, its inputs and its outputs, or a model
 * of images with its output beside it, whose input is a ramp from 0 to 1.
 */
final class Conformance {

  private Conformance() {}

  /** What became of the cases: how many passed, were refused, and are wrong. */
  private enum Verdict {
    PASSED,
    REFUSED,
    WRONG
  }

  /** The verdict on a case, and why. */
  private record Result(Verdict verdict, String reason) {}

  public static void main(String[] args) throws IOException {
    Map<String, EnumMap<Verdict, Integer>> byOperator = new TreeMap<>();
    Map<String, Integer> refusals = new TreeMap<>();
    List<String> wrong = new ArrayList<>();
    for (String arg : args) {
      for (Path path : cases(Path.of(arg))) {
        Result result = run(path);
        byOperator
            .computeIfAbsent(operator(path), _ -> new EnumMap<>(Verdict.class))
            .merge(result.verdict, 1, Integer::sum);
        switch (result.verdict) {
          case PASSED -> {}
          case REFUSED -> refusals.merge(result.reason, 1, Integer::sum);
          case WRONG -> wrong.add(path.getFileName() + ": " + result.reason);
        }
      }
    }
    System.out.printf("%-40s %7s %7s %7s%n", "operator", "passed", "refused", "wrong");
    EnumMap<Verdict, Integer> all = new EnumMap<>(Verdict.class);
    byOperator.forEach((operator, counts) -> {
      print(operator, counts);
      counts.forEach((verdict, n) -> all.merge(verdict, n, Integer::sum));
    });
    print("all", all);
    System.out.println();
    refusals.forEach((reason, n) -> System.out.printf("%4d refused: %s%n", n, reason));
    wrong.forEach(each -> System.out.println("wrong: " + each));
  }

  private static void print(String operator, Map<Verdict, Integer> counts) {
    System.out.printf(
        "%-40s %7d %7d %7d%n",
        operator,
        counts.getOrDefault(Verdict.PASSED, 0),
        counts.getOrDefault(Verdict.REFUSED, 0),
        counts.getOrDefault(Verdict.WRONG, 0));
  }

  private static List<Path> cases(Path directory) throws IOException {
    try (Stream<Path> paths = Files.list(directory)) {
      return paths
          .filter(path -> Files.isDirectory(path) || path.toString().endsWith(".onnx"))
          .sorted()
          .toList();
    }
  }

  private static Path model(Path path) {
    return Files.isDirectory(path) ? path.resolve("model.onnx") : path;
  }

  private static String operator(Path path) {
    try {
      List<Proto.Node> nodes = ProtoReader.model(bytes(model(path))).graph().nodes();
      return nodes.size() == 1 ? nodes.getFirst().op() : "(several)";
    } catch (IOException | RuntimeException e) {
      return "(not read)";
    }
  }

  private static Result run(Path path) {
    try {
      OnnxModel model = OnnxModel.load(model(path));
      String difference =
          Files.isDirectory(path)
              ? ofDirectory(model, path)
              : difference(
                  Value.of(model.forward(ramp())),
                  read(Path.of(path.toString().replace(".onnx", "_output_0.pb"))));
      return new Result(difference.isEmpty() ? Verdict.PASSED : Verdict.WRONG, difference);
    } catch (UnsupportedOnnxException e) {
      return new Result(Verdict.REFUSED, String.valueOf(e.getMessage()));
    } catch (IOException | RuntimeException e) {
      return new Result(Verdict.WRONG, "threw " + e);
    }
  }

  private static Tensor ramp() {
    int n = 3 * 224 * 224;
    return Tensors.arange(n).div(n).reshape(1, 3, 224, 224);
  }

  /** Returns the first difference of an output, or an empty text. */
  private static String ofDirectory(OnnxModel model, Path directory) throws IOException {
    Path data = directory.resolve("test_data_set_0");
    Map<String, Item> given = new HashMap<>();
    List<Proto.ValueInfo> names = ProtoReader.model(bytes(model(directory))).graph().inputs();
    boolean optional = operator(directory).startsWith("Optional");
    for (int i = 0; Files.exists(data.resolve("input_" + i + ".pb")); i++) {
      Path file = data.resolve("input_" + i + ".pb");
      given.put(names.get(i).name(), names.get(i).type() != 0 ? read(file) : item(file, optional));
    }
    List<Item> outputs = new ArrayList<>(model.forwardAll(given, GraphRun.MOST_STEPS).values());
    for (int i = 0; Files.exists(data.resolve("output_" + i + ".pb")); i++) {
      Path file = data.resolve("output_" + i + ".pb");
      String difference =
          outputs.get(i) instanceof Item.Sequence(List<Item> items)
              ? difference(items, ((Item.Sequence) item(file, false)).items())
              : difference(outputs.get(i), read(file));
      if (!difference.isEmpty()) {
        return "output %d: %s".formatted(i, difference);
      }
    }
    return "";
  }

  private static String difference(List<Item> actual, List<Item> expected) {
    if (actual.size() != expected.size()) {
      return "%d items; expected %d".formatted(actual.size(), expected.size());
    }
    for (int i = 0; i < actual.size(); i++) {
      String difference = difference(actual.get(i), expected.get(i));
      if (!difference.isEmpty()) {
        return "item %d: %s".formatted(i, difference);
      }
    }
    return "";
  }

  private static String difference(Item item, Item expectedItem) {
    if (!(item instanceof Value actual) || !(expectedItem instanceof Value expected)) {
      return "%s; expected %s".formatted(item, expectedItem);
    }
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

  private static Value read(Path file) throws IOException {
    return Value.read(ProtoReader.tensor(bytes(file)), new ExternalData(null));
  }

  /** Reads a sequence of tensors, or an optional of one, or of a tensor. */
  private static Item item(Path file, boolean optional) throws IOException {
    List<ByteString> sequences = fields(bytes(file), 5);
    List<Item> items = items(sequences.isEmpty() ? bytes(file) : sequences.getFirst(), 3);
    return sequences.isEmpty() && optional
        ? items.isEmpty() ? Item.Nothing.EMPTY : items.getFirst()
        : new Item.Sequence(items);
  }

  private static List<Item> items(ByteString message, int number) throws IOException {
    List<Item> items = new ArrayList<>();
    for (ByteString tensor : fields(message, number)) {
      items.add(Value.read(ProtoReader.tensor(tensor), new ExternalData(null)));
    }
    return items;
  }

  private static List<ByteString> fields(ByteString message, int number) throws IOException {
    List<ByteString> fields = new ArrayList<>();
    CodedInputStream in = message.newCodedInput();
    for (int tag; (tag = in.readTag()) != 0; ) {
      if (WireFormat.getTagFieldNumber(tag) == number) {
        fields.add(in.readBytes());
      } else {
        in.skipField(tag);
      }
    }
    return fields;
  }

  private static ByteString bytes(Path file) throws IOException {
    return ByteString.copyFrom(Files.readAllBytes(file));
  }
}
