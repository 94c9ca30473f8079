package dev.adjoint.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs single nodes with random inputs and attributes beside ONNX Runtime, {@code -Dnodes} of each
 * operator. Left out is what ONNX Runtime 1.24 does otherwise than the standard says: NaN among
 * extremes, sums of padding behind the end, corners that are aligned by rounded lengths.
 */
class RandomNodesTest {

  private static final int TIMES = Integer.getInteger("nodes", 100);

  private record Row(String op, Consumer<NodeDraw> draw) {
    @Override
    public String toString() {
      return op;
    }
  }

  private static final List<Row> ROWS = new ArrayList<>();

  private static void row(String ops, Consumer<NodeDraw> draw) {
    for (String op : ops.split(" ")) {
      ROWS.add(new Row(op, draw));
    }
  }

  static {
    elements();
    reductions();
    shapes();
    places();
    windows();
  }

  static List<Row> rows() {
    return ROWS;
  }

  @ParameterizedTest
  @MethodSource("rows")
  void nodesGiveWhatOnnxRuntimeGives(Row row) throws IOException {
    int compared = 0;
    for (int i = 0; i < TIMES; i++) {
      NodeDraw draw = new NodeDraw(row.op, i);
      row.draw.accept(draw);
      Tensor expected = draw.theirs();
      if (expected != null) {
        compared++;
        requireSame(draw, draw.ours(), expected);
      }
    }
    assertThat(compared).as("nodes that are not refused").isGreaterThan(TIMES / 3);
  }

  private static void requireSame(NodeDraw draw, Tensor ours, Tensor theirs) {
    assertThat(ours.shape()).as("%s", draw).isEqualTo(theirs.shape());
    double[] expected = theirs.toDoubleArray();
    double[] found = ours.untracked().toDoubleArray();
    double largest = Arrays.stream(expected).map(Math::abs).filter(x -> x < 1e6).max().orElse(0);
    for (int i = 0; i < expected.length; i++) {
      boolean same =
          expected[i] == found[i]
              || Double.compare(expected[i], found[i]) == 0
              || Math.abs(expected[i] - found[i])
                  <= 1e-5 * Math.max(1, largest) + 1e-4 * Math.abs(expected[i]);
      assertThat(same).as("%s: %s at %s; expected %s", draw, found[i], i, expected[i]).isTrue();
    }
  }

  // ---- operators -------------------------------------------------------------------------------

  private static void elements() {
    row(
        "Abs Asinh Atan Ceil Cosh Exp Floor Log Neg Reciprocal Relu Round Sigmoid Sign Sinh"
            + " Softplus Sqrt Tanh Elu Selu Celu LeakyRelu HardSigmoid ThresholdedRelu",
        d -> d.unusual(d.sizes(0, 3)));
    row(
        "Add Sub Mul",
        d -> {
          int[] sizes = d.sizes(1, 3);
          boolean whole = d.perhaps();
          for (int k = 0; k < 2; k++) {
            int[] part = Arrays.copyOfRange(sizes, d.from(0, k), sizes.length);
            if (whole) {
              d.wholes(-9, 9, part);
            } else {
              d.floats(part);
            }
          }
        });
    row("Clip", d -> d.floats(d.sizes(0, 3)).floats().leftOut());
  }

  private static void reductions() {
    row(
        "ReduceL1 ReduceL2 ReduceLogSum ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum"
            + " ReduceSumSquare",
        d -> {
          int[] sizes = d.each(d.from(0, 3), 1, 3);
          if (d.perhaps()) {
            d.floats(sizes);
          } else {
            d.wholes(1, 3, sizes);
          }
          if (d.perhaps()) {
            d.ints(d.axes(sizes.length, d.from(0, sizes.length)));
          }
          d.set("keepdims", d.from(0, 1)).set("noop_with_empty_axes", d.from(0, 1));
        });
    row(
        "Softmax LogSoftmax Hardmax",
        d -> {
          int[] sizes = d.sizes(1, 4);
          d.opset(d.perhaps() ? 11 : 13).floats(sizes).set("axis", d.axis(sizes.length));
        });
    row(
        "ArgMax ArgMin",
        d -> {
          int[] sizes = d.sizes(1, 3);
          d.wholes(-2, 2, sizes).set("axis", d.axis(sizes.length));
          d.set("keepdims", d.from(0, 1)).set("select_last_index", d.from(0, 1));
        });
    row(
        "CumSum",
        d -> {
          int[] sizes = d.sizes(1, 3);
          d.floats(sizes).ints(d.axis(sizes.length));
          d.set("exclusive", d.from(0, 1)).set("reverse", d.from(0, 1));
        });
    row(
        "LayerNormalization",
        d -> {
          int[] sizes = d.each(d.from(1, 3), 3, 5);
          int axis = d.axis(sizes.length);
          int[] features =
              Arrays.copyOfRange(sizes, Math.floorMod(axis, sizes.length), sizes.length);
          d.floats(sizes).floats(features).floats(features).set("axis", axis);
        });
  }

  private static void shapes() {
    row(
        "Flatten",
        d -> {
          int[] sizes = d.each(d.from(0, 4), 0, 3);
          d.floats(sizes).set("axis", d.from(-sizes.length, sizes.length));
        });
    row(
        "Squeeze",
        d -> {
          int[] sizes = d.each(d.from(1, 4), 1, 2);
          int[] single = IntStream.range(0, sizes.length).filter(i -> sizes[i] == 1).toArray();
          d.floats(sizes).ints(Arrays.copyOf(single, d.from(0, single.length)));
        });
    row("Unsqueeze", d -> d.floats(d.sizes(2, 2)).ints(d.axes(4, 2)));
    row("Transpose", d -> d.floats(d.sizes(0, 4)));
    row("Expand", d -> d.floats(1, 3, 1).ints(d.from(1, 3), 1, d.from(1, 3)));
    row("Tile", d -> d.floats(d.sizes(3, 3)).ints(d.each(3, 0, 3)));
    row(
        "Slice",
        d -> {
          int count = d.from(1, 3);
          d.floats(d.sizes(3, 3)).ints(d.each(count, -6, 6)).ints(d.each(count, -6, 6));
          int[] steps = d.perhaps() ? d.each(count, 1, 3) : d.each(count, -3, -1);
          d.ints(d.axes(3, count)).ints(steps);
        });
    row(
        "Pad",
        d ->
            d.floats(d.each(3, 4, 5))
                .ints(d.each(6, -1, 2))
                .set("mode", d.of("constant", "edge", "reflect")));
    row("Trilu", d -> d.floats(d.sizes(2, 3)).wholes(-3, 3).set("upper", d.from(0, 1)));
    row(
        "Resize",
        d -> {
          d.floats(1, 1, d.from(4, 20), d.from(4, 20)).leftOut();
          d.floats(new float[] {1, 1, d.of(0.5f, 0.6f, 0.7f, 1.3f, 2), d.of(1, 1.5f, 3)});
          d.set("mode", d.of("nearest", "linear", "cubic"));
          d.set("coordinate_transformation_mode", d.of("half_pixel", "pytorch_half_pixel"));
        });
  }

  private static void places() {
    row(
        "Gather",
        d -> {
          int[] sizes = d.sizes(1, 3);
          int axis = d.axis(sizes.length);
          int n = sizes[Math.floorMod(axis, sizes.length)];
          d.floats(sizes).wholes(-n, n - 1, d.sizes(0, 2)).set("axis", axis);
        });
    row(
        "GatherElements",
        d -> {
          int[] sizes = d.sizes(1, 3);
          int axis = d.axis(sizes.length);
          int n = sizes[Math.floorMod(axis, sizes.length)];
          d.floats(sizes).wholes(-n, n - 1, sizes).set("axis", axis);
        });
    row(
        "ScatterElements",
        d -> {
          int[] sizes = d.sizes(1, 3);
          int axis = d.axis(sizes.length);
          int n = sizes[Math.floorMod(axis, sizes.length)];
          d.floats(sizes).wholes(-n, n - 1, sizes).floats(sizes).set("axis", axis);
          d.set("reduction", d.of("none", "add", "mul", "max", "min"));
        });
    row(
        "GatherND",
        d -> d.floats(2, 3, 4).wholes(-2, 1, 2, 3, d.from(1, 2)).set("batch_dims", d.from(0, 1)));
    row(
        "ScatterND",
        d ->
            d.floats(3, 4)
                .wholes(-3, 2, 2, 1)
                .floats(2, 4)
                .set("reduction", d.of("none", "add", "mul", "max", "min")));
    row(
        "OneHot",
        d -> {
          int depth = d.from(1, 4);
          d.wholes(-depth - 1, depth, d.each(2, 1, 3)).ints(depth);
          d.floats(new float[] {d.of(0, 0.1f, Float.NEGATIVE_INFINITY), d.of(1, 0.9f, 0)});
          d.set("axis", d.axis(3));
        });
  }

  private static void windows() {
    row(
        "Conv",
        d -> {
          d.floats(d.from(1, 2), 2, d.from(4, 7), d.from(4, 7)).floats(d.from(1, 3), 2, 3, 2);
          d.setAll("strides", d.each(2, 1, 3)).setAll("pads", d.each(4, 0, 2));
        });
    row(
        "ConvTranspose",
        d -> {
          int n = d.from(2, 5);
          int stride = d.from(1, 3);
          int kernel = d.from(2, 4);
          d.floats(1, 2, n).floats(2, 1, kernel).setAll("strides", stride);
          d.setAll("output_shape", (n - 1) * stride + kernel - d.from(0, 2));
        });
    row(
        "MaxPool AveragePool",
        d -> {
          d.floats(1, 2, d.from(4, 7), d.from(4, 7)).setAll("kernel_shape", 3, 2);
          d.setAll("strides", d.each(2, 1, 3)).setAll("pads", d.each(4, 0, 1));
          d.set("ceil_mode", d.from(0, 1));
        });
  }
}
