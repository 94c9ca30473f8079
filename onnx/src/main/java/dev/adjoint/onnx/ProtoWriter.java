package dev.adjoint.onnx;

import com.google.protobuf.ByteString;
import dev.adjoint.onnx.Proto.Attribute;
import dev.adjoint.onnx.Proto.Graph;
import dev.adjoint.onnx.Proto.Model;
import dev.adjoint.onnx.Proto.Node;
import dev.adjoint.onnx.Proto.TensorData;
import dev.adjoint.onnx.Proto.ValueInfo;
import java.util.List;

/** Writes what {@link ProtoReader} reads, as far as exported models have it. */
final class ProtoWriter {

  private ProtoWriter() {}

  static Message model(Model model, long irVersion) {
    Message message =
        new Message().number(Model.IR_VERSION, irVersion).text(Model.PRODUCER, model.producer());
    model
        .opsets()
        .forEach((domain, version) ->
            message.message(
                Model.OPSET, new Message().text(Proto.KEY, domain).number(Proto.VALUE, version)));
    message.message(Model.GRAPH, graph(model.graph()));
    model
        .metadata()
        .forEach((key, value) ->
            message.message(
                Model.METADATA, new Message().text(Proto.KEY, key).text(Proto.VALUE, value)));
    return message;
  }

  private static Message graph(Graph graph) {
    Message message = new Message().text(Graph.NAME, graph.name());
    graph.nodes().forEach(node -> message.message(Graph.NODE, node(node)));
    graph.initializers().forEach(data -> message.message(Graph.INITIALIZER, tensor(data)));
    graph.inputs().forEach(input -> message.message(Graph.INPUT, valueInfo(input)));
    graph.outputs().forEach(output -> message.message(Graph.OUTPUT, valueInfo(output)));
    return message;
  }

  private static Message node(Node node) {
    Message message = new Message();
    node.inputs().forEach(name -> message.text(Node.INPUT, name));
    node.outputs().forEach(name -> message.text(Node.OUTPUT, name));
    message.text(Node.NAME, node.name()).text(Node.OP, node.op());
    if (!node.domain().isEmpty()) {
      message.text(Node.DOMAIN, node.domain());
    }
    node.attributes()
        .values()
        .forEach(attribute -> message.message(Node.ATTRIBUTE, attribute(attribute)));
    return message;
  }

  private static Message attribute(Attribute attribute) {
    Message message = new Message().text(Attribute.NAME, attribute.name());
    switch (attribute.value()) {
      case Float value -> message.decimal(Attribute.FLOAT, value).number(Attribute.TYPE, 1);
      case Long value -> message.number(Attribute.INT, value).number(Attribute.TYPE, 2);
      case ByteString value -> message.bytes(Attribute.TEXT, value).number(Attribute.TYPE, 3);
      case TensorData value ->
          message.message(Attribute.TENSOR, tensor(value)).number(Attribute.TYPE, 4);
      case Graph value -> message.message(Attribute.GRAPH, graph(value)).number(Attribute.TYPE, 5);
      case long[] values -> {
        for (long value : values) {
          message.number(Attribute.INTS, value);
        }
        message.number(Attribute.TYPE, 7);
      }
      case null, default -> throw new AssertionError(attribute);
    }
    return message;
  }

  private static Message tensor(TensorData data) {
    Message message = new Message();
    for (long size : data.dims()) {
      message.number(TensorData.DIMS, size);
    }
    return message
        .number(TensorData.TYPE, data.type())
        .text(TensorData.NAME, data.name())
        .bytes(TensorData.RAW, data.raw());
  }

  private static Message valueInfo(ValueInfo value) {
    Message tensor = new Message().number(ValueInfo.ELEMENT_TYPE, value.type());
    List<Object> dims = value.shape();
    if (dims != null) {
      Message shape = new Message();
      for (Object dim : dims) {
        shape.message(
            ValueInfo.DIM,
            dim instanceof Number size
                ? new Message().number(ValueInfo.DIM_SIZE, size.longValue())
                : new Message().text(ValueInfo.DIM_NAME, dim.toString()));
      }
      tensor.message(ValueInfo.SHAPE, shape);
    }
    return new Message()
        .text(ValueInfo.NAME, value.name())
        .message(ValueInfo.VALUE_TYPE, new Message().message(ValueInfo.TENSOR_TYPE, tensor));
  }
}
