package dev.adjoint.onnx;

import ai.onnxruntime.OrtException;
import dev.adjoint.onnx.ModelBuilder.Message;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A node that is drawn at random, input by input and attribute by attribute. */
final class NodeDraw {

  private static final float[] UNUSUAL = {
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    0,
    -0f,
    1e30f,
    -1e30f,
    1e-30f,
    1,
    -1,
    0.5f,
    2.5f
  };

  private final Random random;
  private final String op;
  private final List<@Nullable Value> inputs = new ArrayList<>();
  private final List<Message> attributes = new ArrayList<>();
  private final List<String> said = new ArrayList<>();
  private int opset = 21;

  NodeDraw(String op, long seed) {
    this.op = op;
    random = new Random(seed);
  }

  // ---- numbers ---------------------------------------------------------------------------------

  int from(int low, int high) {
    return low + random.nextInt(high - low + 1);
  }

  boolean perhaps() {
    return random.nextBoolean();
  }

  float of(float... choices) {
    return choices[random.nextInt(choices.length)];
  }

  String of(String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  int[] each(int count, int low, int high) {
    return IntStream.range(0, count).map(_ -> from(low, high)).toArray();
  }

  /** Returns sizes of so many axes, each 1 to 4. */
  int[] sizes(int least, int most) {
    return each(from(least, most), 1, 4);
  }

  /** Returns one of so many axes, perhaps counted from the end. */
  int axis(int rank) {
    return from(-rank, rank - 1);
  }

  /** Returns some of so many axes in any order, some counted from the end. */
  int[] axes(int rank, int count) {
    List<Integer> all = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
    Collections.shuffle(all, random);
    return all.stream().limit(count).mapToInt(axis -> perhaps() ? axis : axis - rank).toArray();
  }

  // ---- inputs and attributes -------------------------------------------------------------------

  NodeDraw opset(int version) {
    opset = version;
    return this;
  }

  NodeDraw floats(int... sizes) {
    double[] values = new double[Shape.of(sizes).size()];
    Arrays.setAll(values, _ -> random.nextGaussian());
    return input(Tensor.of(values, sizes).to(DType.FLOAT32), ElementType.FLOAT);
  }

  /** Adds numbers of which some are infinite, huge, tiny or halves. */
  NodeDraw unusual(int... sizes) {
    double[] values = new double[Shape.of(sizes).size()];
    Arrays.setAll(values, _ -> perhaps() ? of(UNUSUAL) : random.nextGaussian());
    return input(Tensor.of(values, sizes).to(DType.FLOAT32), ElementType.FLOAT);
  }

  /** Adds the same numbers in a tensor of one axis. */
  NodeDraw floats(float[] values) {
    return input(Tensor.of(values), ElementType.FLOAT);
  }

  /** Adds int64 numbers between two. */
  NodeDraw wholes(int low, int high, int... sizes) {
    double[] values = new double[Shape.of(sizes).size()];
    Arrays.setAll(values, _ -> from(low, high));
    return input(Tensor.of(values, sizes), ElementType.INT64);
  }

  /** Adds int64 numbers in a tensor of one axis. */
  NodeDraw ints(int... values) {
    inputs.add(Value.of(values));
    return this;
  }

  NodeDraw leftOut() {
    inputs.add(null);
    return this;
  }

  private NodeDraw input(Tensor x, ElementType type) {
    inputs.add(new Value(x, type));
    return this;
  }

  NodeDraw set(String name, int value) {
    return set(name, value, ModelBuilder.attribute(name, (long) value));
  }

  NodeDraw set(String name, float value) {
    return set(name, value, ModelBuilder.attribute(name, value));
  }

  NodeDraw set(String name, String value) {
    return set(name, value, ModelBuilder.attribute(name, value));
  }

  NodeDraw setAll(String name, int... values) {
    long[] longs = Arrays.stream(values).asLongStream().toArray();
    return set(name, Arrays.toString(values), ModelBuilder.attribute(name, longs));
  }

  private NodeDraw set(String name, Object value, Message attribute) {
    attributes.add(attribute);
    said.add(name + "=" + value);
    return this;
  }

  // ---- runs ------------------------------------------------------------------------------------

  private byte[] model() {
    ModelBuilder model = new ModelBuilder(opset);
    StringBuilder names = new StringBuilder();
    for (int i = 0; i < inputs.size(); i++) {
      Value input = inputs.get(i);
      names.append(i == 0 ? "" : " ");
      if (input != null) {
        Object[] sizes = Arrays.stream(input.shape().toArray()).boxed().toArray();
        model.input(input.type(), "in" + i, sizes);
        names.append("in").append(i);
      }
    }
    return model
        .node(op, names + " -> y", attributes.toArray(Message[]::new))
        .anyOutput("y")
        .build();
  }

  /** Returns what ONNX Runtime computes, or null if it refuses the node. */
  @Nullable Tensor theirs() {
    Map<String, Object> given = new LinkedHashMap<>();
    for (int i = 0; i < inputs.size(); i++) {
      Value input = inputs.get(i);
      if (input != null) {
        given.put(
            "in" + i, input.type() == ElementType.INT64 ? input.toIntTensor() : input.tensor());
      }
    }
    try {
      return Runtime.run(model(), given).get("y");
    } catch (OrtException _) {
      return null;
    }
  }

  Tensor ours() throws IOException {
    Map<String, Tensor> given = new LinkedHashMap<>();
    for (int i = 0; i < inputs.size(); i++) {
      Value input = inputs.get(i);
      if (input != null) {
        given.put("in" + i, input.tensor());
      }
    }
    return OnnxModel.of(model()).forward(given).values().iterator().next();
  }

  @Override
  public String toString() {
    return "%s %s of version %s and %s".formatted(op, said, opset, inputs);
  }
}
