package dev.adjoint.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Writes small models by the wire format, field by field. */
final class ModelBuilder {

  private final Message graph = new Message();
  private final List<Message> nodes = new ArrayList<>();
  private final List<Message> functions = new ArrayList<>();
  private final long opset;

  ModelBuilder(long opset) {
    this.opset = opset;
  }

  /** Adds an input of float32. */
  ModelBuilder input(String name, Object... sizes) {
    graph.message(11, valueInfo(name, 1, sizes));
    return this;
  }

  ModelBuilder input(ElementType type, String name, Object... sizes) {
    graph.message(11, valueInfo(name, type.number, sizes));
    return this;
  }

  ModelBuilder output(String name, Object... sizes) {
    graph.message(12, valueInfo(name, 1, sizes));
    return this;
  }

  ModelBuilder initializer(String name, Tensor value) {
    graph.message(5, tensor(name, value, value.dtype() == DType.FLOAT32 ? 1 : 11));
    return this;
  }

  ModelBuilder integers(String name, long... values) {
    Message tensor = new Message().number(1, values.length).number(2, 7).text(8, name);
    ByteBuffer raw = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asLongBuffer().put(values);
    graph.message(5, tensor.bytes(9, raw.array()));
    return this;
  }

  /** Adds a node; inputs and outputs are names parted by blanks, as in {@code "x w -> y"}. */
  ModelBuilder node(String op, String values, Message... attributes) {
    String[] sides = values.split(" -> ", -1);
    Message node = new Message();
    for (String input : sides[0].split(" ", -1)) {
      node.text(1, input);
    }
    for (String output : sides[1].split(" ", -1)) {
      node.text(2, output);
    }
    String[] name = op.split(":", -1); // perhaps behind a domain
    String last = name[name.length - 1];
    node.text(3, "the " + last).text(4, last);
    if (name.length > 1) {
      node.text(7, name[0]);
    }
    for (Message attribute : attributes) {
      node.message(5, attribute);
    }
    nodes.add(node);
    graph.message(1, node);
    return this;
  }

  ModelBuilder raw(int field, Message message) {
    graph.message(field, message);
    return this;
  }

  static Message attribute(String name, long value) {
    return new Message().text(1, name).number(3, value).number(20, 2);
  }

  static Message attribute(String name, float value) {
    return new Message().text(1, name).decimal(2, value).number(20, 1);
  }

  static Message attribute(String name, String value) {
    return new Message().text(1, name).text(4, value).number(20, 3);
  }

  static Message attribute(String name, long... values) {
    Message attribute = new Message().text(1, name).number(20, 7);
    for (long value : values) {
      attribute.number(8, value);
    }
    return attribute;
  }

  /** Returns an attribute that is a graph: the one of another builder. */
  static Message attribute(String name, ModelBuilder graph) {
    return new Message().text(1, name).message(6, graph.graph).number(20, 5);
  }

  static Message texts(String name, String... values) {
    Message attribute = new Message().text(1, name).number(20, 8);
    for (String value : values) {
      attribute.text(9, value);
    }
    return attribute;
  }

  /** Adds a function of the nodes of another builder. */
  ModelBuilder function(String name, String values, ModelBuilder body) {
    String[] sides = values.split(" -> ", -1);
    Message function = new Message().text(1, name).text(5, sides[1]);
    for (String input : sides[0].split(" ", -1)) {
      function.text(4, input);
    }
    functions.add(function.bytes(7, body.nodes.getFirst().toBytes()));
    return this;
  }

  /** Adds a value of no tensor as an input. */
  ModelBuilder anyInput(String name) {
    graph.message(11, new Message().text(1, name));
    return this;
  }

  /** Adds an output of whatever type its node gives. */
  ModelBuilder anyOutput(String name) {
    graph.message(12, new Message().text(1, name));
    return this;
  }

  byte[] build() {
    Message model =
        new Message()
            .number(1, 10)
            .text(2, "tests")
            .message(8, new Message().text(1, "").number(2, opset))
            .message(7, graph);
    functions.forEach(function -> model.message(25, function));
    return model.toBytes();
  }

  private static Message valueInfo(String name, int type, Object... sizes) {
    Message shape = new Message();
    for (Object size : sizes) {
      shape.message(
          1,
          size instanceof Integer n
              ? new Message().number(1, n)
              : new Message().text(2, size.toString()));
    }
    Message tensor = new Message().number(1, type).message(2, shape);
    return new Message().text(1, name).message(2, new Message().message(1, tensor));
  }

  private static Message tensor(String name, Tensor value, int type) {
    Message tensor = new Message();
    for (int size : value.shape().toArray()) {
      tensor.number(1, size);
    }
    boolean single = value.dtype() == DType.FLOAT32;
    ByteBuffer raw =
        ByteBuffer.allocate(value.size() * value.dtype().bytes()).order(ByteOrder.LITTLE_ENDIAN);
    if (single) {
      raw.asFloatBuffer().put(value.toFloatArray());
    } else {
      raw.asDoubleBuffer().put(value.toDoubleArray());
    }
    return tensor.number(2, type).text(8, name).bytes(9, raw.array());
  }

  /** A message that is written field by field. */
  static final class Message {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final CodedOutputStream out = CodedOutputStream.newInstance(bytes);

    private interface Write {
      void run() throws IOException;
    }

    private Message write(Write write) {
      try {
        write.run();
        out.flush();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return this;
    }

    Message number(int field, long value) {
      return write(() -> out.writeInt64(field, value));
    }

    Message decimal(int field, float value) {
      return write(() -> out.writeFloat(field, value));
    }

    Message text(int field, String value) {
      return write(() -> out.writeString(field, value));
    }

    Message bytes(int field, byte[] value) {
      return write(() -> out.writeBytes(field, ByteString.copyFrom(value)));
    }

    Message message(int field, Message value) {
      return bytes(field, value.toBytes());
    }

    byte[] toBytes() {
      return bytes.toByteArray();
    }
  }
}
