package dev.adjoint.onnx;

import ai.onnxruntime.OrtException;
import com.google.protobuf.ByteString;
import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.nn.ExportedLayers;
import dev.adjoint.nn.ExportedLayers.Case;
import dev.adjoint.nn.GlobalAvgPool;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Exports every layer, runs the files by ONNX Runtime for several numbers of examples, those of
 * sequences for several lengths, and prints the operators of each and the largest difference,
 * relative to the largest output where that is above 1. Arguments are image networks of others: each gets another head, is trained, exported and
 * run.
 */
final class ExportTable {

  private ExportTable() {}

  public static void main(String[] args) throws IOException {
    List<Case> cases = new ArrayList<>(ExportedLayers.all());
    cases.addAll(ExportedLayers.models());
    int wrong = print(cases) + printSequences(ExportedSequences.all());
    for (String arg : args) {
      System.out.println();
      wrong += retrained(Path.of(arg));
    }
    if (wrong > 0) {
      throw new AssertionError(wrong + " cases are wrong");
    }
  }

  /**
   * Reads an image network up to the input of its last product, puts another head on it, trains
   * that on a few images, exports all and runs it; returns 1 if the outputs differ. The head has no
   * norm that subtracts a mean: models whose weights are constants have equal features, of which
   * ONNX Runtime's makes NaN.
   */
  private static int retrained(Path file) throws IOException {
    List<Proto.Node> nodes =
        ProtoReader.model(ByteString.copyFrom(Files.readAllBytes(file))).graph().nodes();
    Proto.Node last =
        nodes.reversed().stream()
            .filter(node -> List.of("Gemm", "MatMul", "Conv").contains(node.op()))
            .findFirst()
            .orElseThrow();
    OnnxModel features = OnnxModel.load(file, last.inputs().getFirst());
    Generator generator = Generator.seeded(1);
    Tensor images = generator.normal(1, 3, 224, 224);
    Tensor seen = Autodiff.noGrad(() -> features.forward(images));
    int width = seen.size(1);
    Sequential head =
        seen.rank() == 4
            ? new Sequential(
                new GlobalAvgPool(), new RMSNorm(width), new Linear(width, 2, generator))
            : new Sequential(new RMSNorm(width), new Linear(width, 2, generator));
    IntTensor classes = IntTensor.of(1);
    double before = Losses.crossEntropy(head.forward(seen), classes).item();
    for (int step = 0; step < 5; step++) {
      var gradients = Losses.crossEntropy(head.forward(seen), classes).backward();
      head.parameters()
          .forEach(p -> p.assign(p.value().minus(gradients.of(p).times(0.1)).untracked()));
    }
    double after = Losses.crossEntropy(head.forward(seen), classes).item();
    Sequential model = new Sequential(features, head);
    byte[] exported = OnnxExport.of(model, images).fixedBatch().toBytes();
    Case whole = Case.of(file.getFileName().toString(), model, images);
    try {
      double difference =
          difference(whole.outputs(whole.examples()), exported, whole.examples());
      System.out.printf(
          "%s with another head: loss %.3f, trained %.3f, exported, difference %.1e, %s%n",
          whole.name(), before, after, difference, operators(exported));
      return difference <= 1e-5 && after < before ? 0 : 1;
    } catch (OrtException e) {
      System.out.println(whole.name() + ": " + e.getMessage());
      return 1;
    }
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

  /** Prints the table of models of sequences; returns how many differ by more than 1e-5. */
  static int printSequences(List<ExportedSequences.Case> cases) throws IOException {
    int wrong = 0;
    System.out.printf("%n%-58s %10s  %s%n", "exported with 16 positions, run with 5 and 40", "", "");
    for (ExportedSequences.Case each : cases) {
      byte[] file = each.export().toBytes();
      String result;
      try {
        double difference = 0;
        for (int length : List.of(5, 40)) {
          Map<String, Object> inputs = each.inputs().apply(2, length);
          difference = Math.max(difference, difference(each.outputs(inputs), file, inputs));
        }
        wrong += difference <= 1e-5 ? 0 : 1;
        result = "%10.1e".formatted(difference);
      } catch (OrtException e) {
        wrong++;
        result = e.getMessage();
      }
      System.out.printf("%-58s %10s  %s%n", each.name(), result, operators(file));
    }
    return wrong;
  }

  /** Returns the largest difference of an output for so many examples. */
  static double difference(Case each, byte[] file, int n) throws OrtException {
    Map<String, Object> inputs = each.inputs(n);
    return difference(each.outputs(inputs), file, inputs);
  }

  private static double difference(
      Map<String, Tensor> model, byte[] file, Map<String, Object> inputs) throws OrtException {
    Map<String, Tensor> outputs = Runtime.run(file, inputs);
    double largest = 0;
    for (Map.Entry<String, Tensor> output : model.entrySet()) {
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
        .collect(Collectors.groupingBy(Proto.Node::op, TreeMap::new, Collectors.counting()))
        .entrySet()
        .stream()
        .map(entry ->
            entry.getValue() == 1 ? entry.getKey() : entry.getValue() + " " + entry.getKey())
        .collect(Collectors.joining(", "));
  }
}
