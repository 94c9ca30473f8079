package dev.adjoint.onnx;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.ByteString;
import dev.adjoint.io.Quoted;
import dev.adjoint.onnx.Item.Sequence;
import dev.adjoint.onnx.Proto.Attribute;
import dev.adjoint.onnx.Proto.Graph;
import dev.adjoint.onnx.Proto.Node;
import dev.adjoint.onnx.Proto.TensorData;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node while it runs: its operation, its inputs and its attributes.
 *
 * @param scope where it stands; null of a node that is only named
 */
record Call(Node node, List<@Nullable Item> inputs, GraphRun run, @Nullable Scope scope) {

  /** Returns the version of the operators that the model was written for. */
  long opset() {
    return run.opset();
  }

  // ---- inputs ----------------------------------------------------------------------------------

  boolean has(int input) {
    return input < inputs.size() && inputs.get(input) != null;
  }

  /** Returns an input that has to be there. */
  Value in(int input) {
    return value(any(input));
  }

  @Nullable Value optional(int input) {
    Item item = item(input);
    return item == null ? null : value(item);
  }

  /** Returns an input of any kind, or null if it is left out. */
  @Nullable Item item(int input) {
    return input < inputs.size() ? inputs.get(input) : null;
  }

  /** Returns the items of an input that is a sequence. */
  List<Item> sequence(int input) {
    if (item(input) instanceof Sequence(List<Item> items)) {
      return items;
    }
    throw refuse("input %d is %s; expected a sequence".formatted(input, Item.kind(item(input))));
  }

  /** Returns an input of any kind that has to be there. */
  Item any(int input) {
    Item item = item(input);
    if (item == null) {
      throw refuse("has no input " + input);
    }
    return item;
  }

  /** Returns an item that has to be a tensor. */
  Value value(@Nullable Item item) {
    if (item instanceof Value value) {
      return value;
    }
    throw refuse("%s; expected a tensor".formatted(Item.kind(item)));
  }

  /** Returns the items of a sequence that have to be tensors. */
  List<Value> values(List<Item> items) {
    return items.stream().map(this::value).toList();
  }

  Tensor x(int input) {
    return in(input).tensor();
  }

  /** Returns an input as a tensor, or null if it is left out. */
  @Nullable Tensor tensorOr(int input) {
    Value value = optional(input);
    return value == null ? null : value.tensor();
  }

  /** Returns an input as a number. */
  double number(int input, double otherwise) {
    return has(input) ? x(input).untracked().toDoubleArray()[0] : otherwise;
  }

  /**
   * Returns integers that are an attribute in older versions and an input in newer ones; null if
   * there are none.
   */
  int @Nullable [] intsOr(String attribute, int input) {
    return has(input) ? in(input).toInts() : intsOr(attribute);
  }

  // ---- attributes ------------------------------------------------------------------------------

  private @Nullable Object attribute(String name) {
    Attribute attribute = node.attributes().get(name);
    return attribute == null ? null : attribute.value();
  }

  boolean hasAttribute(String name) {
    return attribute(name) != null;
  }

  int integer(String name, int otherwise) {
    return attribute(name) instanceof Long value ? (int) (long) value : otherwise;
  }

  boolean flag(String name, boolean otherwise) {
    return integer(name, otherwise ? 1 : 0) != 0;
  }

  double decimal(String name, double otherwise) {
    return attribute(name) instanceof Float value ? value : otherwise;
  }

  String text(String name, String otherwise) {
    return attribute(name) instanceof ByteString value ? value.toStringUtf8() : otherwise;
  }

  /** Returns an attribute that is the number of a type. */
  ElementType type(String name, ElementType otherwise) {
    int number = integer(name, 0);
    return number == 0 ? otherwise : ElementType.require(number, toString());
  }

  /** Returns an attribute of integers, or null if it is left out. */
  int @Nullable [] intsOr(String name) {
    if (!(attribute(name) instanceof long[] values)) {
      return null;
    }
    int[] integers = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      integers[i] = Math.clamp(values[i], Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
    return integers;
  }

  int[] ints(String name, int... otherwise) {
    int[] values = intsOr(name);
    return values == null ? otherwise : values;
  }

  float @Nullable [] floatsOr(String name) {
    return attribute(name) instanceof float[] values ? values : null;
  }

  /** Returns an attribute that is a tensor, or null if it is left out. */
  @Nullable Value tensor(String name) {
    try {
      return attribute(name) instanceof TensorData data
          ? Value.read(data, new ExternalData(null))
          : null;
    } catch (IOException e) {
      throw refuse(name + ": " + e.getMessage());
    }
  }

  /** Returns an attribute of texts. */
  List<String> texts(String name) {
    return attribute(name) instanceof List<?> texts
        ? texts.stream().map(text -> ((ByteString) text).toStringUtf8()).toList()
        : List.of();
  }

  /** Computes the outputs of the graph that is an attribute, which sees what the node sees. */
  List<Item> outputs(String graph, List<? extends @Nullable Item> inputs) {
    if (scope == null || !(attribute(graph) instanceof Graph given)) {
      throw refuse("has no graph " + graph);
    }
    return run.run(scope.inside(requireNonNull(run.inner(given))).with(inputs));
  }

  // ---- results ---------------------------------------------------------------------------------

  /** Returns a result of the type of an input. */
  List<Value> like(int input, Tensor result) {
    return List.of(Types.fitted(result, in(input).type()));
  }

  static List<Value> result(Tensor result, ElementType type) {
    return List.of(Types.fitted(result, type));
  }

  /** Returns the axis that is meant, counted from the first. */
  int axis(int axis, int rank) {
    int resolved = axis < 0 ? axis + rank : axis;
    if (resolved < 0 || resolved >= rank) {
      throw refuse("axis %d; expected one of %d axes".formatted(axis, rank));
    }
    return resolved;
  }

  /** Returns the exception for a node that is well-formed, but not supported. */
  UnsupportedOnnxException unsupported(String reason) {
    return new UnsupportedOnnxException("%s: %s".formatted(this, reason));
  }

  /** Returns the exception for a node that no model should have. */
  IllegalArgumentException refuse(String reason) {
    return new IllegalArgumentException(Quoted.message("%s: %s".formatted(this, reason)));
  }

  /** Returns the operation and where it stands. */
  @Override
  public String toString() {
    String output = node.outputs().isEmpty() ? "" : node.outputs().getFirst();
    return "%s%s %s"
        .formatted(
            node.domain().isEmpty() ? "" : node.domain() + ".",
            node.op(),
            node.name().isEmpty() ? "for " + Quoted.text(output) : Quoted.text(node.name()));
  }
}
