package dev.adjoint.nn.calls;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.TupleElements;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Compiles the PyTorch cells of the tables in "Coming from PyTorch", and compares what they return
 * with what the tables say. TorchScript has no modules and none of {@code torch.nn.functional}:
 * those cells are written as the functions that they call.
 */
class PytorchTableTest {

  private static final Map<String, String> FUNCTIONS =
      Map.ofEntries(
          Map.entry("nn.LayerNorm(3)(x)", "torch.layer_norm(x, [3])"),
          Map.entry("nn.LayerNorm(3, eps=1)(x)", "torch.layer_norm(x, [3], None, None, 1.)"),
          Map.entry("nn.RMSNorm(3)(x)", "torch.rms_norm(x, [3])"),
          Map.entry("nn.GroupNorm(1, 2)(x[None])", "torch.group_norm(x[None], 1)"),
          Map.entry(
              "nn.BatchNorm1d(3, eps=1)(x)",
              "torch.batch_norm(x, None, None, None, None, True, 0.1, 1., False)"),
          Map.entry(
              "nn.InstanceNorm1d(2)(x[None])",
              "torch.instance_norm(x[None], None, None, None, None, True, 0.1, 1e-5, False)"),
          Map.entry(
              "bn = nn.BatchNorm1d(3); bn(x); bn.eval(); bn(x)",
              "bn = nn.BatchNorm1d(3); bn(x); (x - bn.running_mean) / (bn.running_var +"
                  + " 1e-5).sqrt()"),
          Map.entry("nn.MaxPool2d(2)(image)", "torch.max_pool2d(image, [2, 2])"),
          Map.entry("nn.AvgPool2d(2)(image)", "torch.avg_pool2d(image, [2, 2])"),
          Map.entry("nn.AdaptiveAvgPool2d(1)(image)", "torch.adaptive_avg_pool2d(image, [1, 1])"),
          Map.entry("nn.ReLU()(x)", "x.relu()"),
          Map.entry("nn.Flatten()(image).shape", "image.flatten(1).shape"),
          Map.entry(
              "F.kl_div(x.log_softmax(dim=1), y.softmax(dim=1), reduction='batchmean')",
              "torch.kl_div(x.log_softmax(dim=1), y.softmax(dim=1), reduction=2) / 2"),
          Map.entry("F.normalize(x)", "x / x.norm(2, dim=1, keepdim=True)"),
          Map.entry("with torch.no_grad(): ...", "w.detach().requires_grad"));

  private static final Map<String, String> NAMES =
      Map.of(
          "F.cross_entropy", "torch.cross_entropy_loss",
          "reduction='sum'", "reduction=2",
          "torch.linalg.", "torch.linalg_",
          "torch.autograd.grad", "torch.grad",
          "torch.float64", "7",
          "bn = nn.BatchNorm1d(3)", "mean = torch.zeros(3); variance = torch.ones(3)",
          "bn(x)", "torch.batch_norm(x, None, None, mean, variance, True, 0.1, 1e-5, False)",
          "bn.running_mean", "mean",
          "bn.running_var", "variance",
          "F.", "torch.");

  private static final Map<Long, String> TYPES = Map.of(6L, "float32", 7L, "float64");

  @BeforeAll
  static void prepare() {
    Libtorch.prepare();
  }

  @Test
  void theTablesSayWhatPytorchReturns() throws IOException {
    String document = Files.readString(Path.of("../docs/coming-from-pytorch.md"));
    String inputs =
        Pattern.compile("```python\n(x = .*?)```", Pattern.DOTALL)
            .matcher(document)
            .results()
            .map(block -> block.group(1))
            .collect(Collectors.joining())
            .lines()
            .map(line -> "    " + line + "\n")
            .collect(Collectors.joining());
    List<String> different = new ArrayList<>();
    List<String> notRun = new ArrayList<>();
    int run = 0;
    for (String line : document.lines().filter(l -> l.startsWith("| `")).toList()) {
      List<String> cells = Splitter.on('|').trimResults().splitToList(line.replace("`", ""));
      if (!cells.get(3).isEmpty()) {
        try {
          String returned = run(inputs, cells.get(1));
          run++;
          if (!returned.equals(cells.get(3))) {
            different.add("%s returns %s".formatted(cells.get(1), returned));
          }
        } catch (RuntimeException e) {
          notRun.add(cells.get(1));
        }
      }
    }
    assertThat(different).isEmpty();
    assertThat(notRun).hasSizeLessThan(30);
    assertThat(run).isGreaterThan(140);
  }

  private static String run(String inputs, String cell) {
    String code = FUNCTIONS.getOrDefault(cell, cell);
    for (String name : NAMES.keySet().stream().sorted(PytorchTableTest::longestFirst).toList()) {
      code = code.replace(name, NAMES.get(name));
    }
    List<String> statements = new ArrayList<>(Splitter.on("; ").splitToList(code));
    statements.set(statements.size() - 1, "return " + statements.getLast());
    IValueVector stack = new IValueVector();
    torch
        .compile("def cell():\n" + inputs + "    " + String.join("\n    ", statements) + "\n")
        .find_function(new QualifiedName("cell"))
        .run(stack);
    IValue returned = stack.get(0);
    return cell.endsWith(".dtype") ? TYPES.get(returned.toInt()) : text(returned);
  }

  private static int longestFirst(String a, String b) {
    return b.length() - a.length();
  }

  private static String text(IValue value) {
    if (value.isTensor()) {
      Tensor x = value.toTensor();
      return nested(
          Libtorch.elements(x), 0, Arrays.stream(x.shape()).mapToInt(n -> (int) n).toArray(), 0);
    }
    if (value.isTensorList()) {
      TensorVector list = value.toTensorVector();
      return joined("(", ")", (int) list.size(), i -> text(new IValue(list.get(i))));
    }
    if (value.isIntList()) {
      LongVector list = value.toIntVector();
      return joined("[", "]", (int) list.size(), i -> Long.toString(list.get(i)));
    }
    if (value.isTuple()) {
      TupleElements elements = value.toTuple().elements();
      return joined("(", ")", (int) elements.size(), i -> text(elements.get(i)));
    }
    return number(
        value.isBool() ? value.toBool() ? 1 : 0 : value.isInt() ? value.toInt() : value.toDouble());
  }

  private static String nested(double[] all, int first, int[] shape, int axis) {
    if (axis == shape.length) {
      return number(all[first]);
    }
    int stride =
        IntStream.range(axis + 1, shape.length).map(i -> shape[i]).reduce(1, Math::multiplyExact);
    return joined("[", "]", shape[axis], i -> nested(all, first + i * stride, shape, axis + 1));
  }

  private static String joined(String open, String close, int n, IntFunction<String> text) {
    return IntStream.range(0, n).mapToObj(text).collect(Collectors.joining(", ", open, close));
  }

  private static String number(double x) {
    return BigDecimal.valueOf(x)
        .setScale(4, RoundingMode.HALF_EVEN)
        .stripTrailingZeros()
        .toPlainString();
  }
}
