package dev.adjoint.onnx;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** A step of both runs while it is written. */
record Export(Exported graph, Recorded.Step a, Recorded.Step b) {

  /** Returns the name of an input. */
  String in(int input) {
    return graph.name(a.inputs()[input], b.inputs()[input]);
  }

  List<String> all() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < a.inputs().length; i++) {
      names.add(in(i));
    }
    return names;
  }

  Tensor x(int input) {
    return a.inputs()[input];
  }

  Shape shape(int input) {
    return x(input).shape();
  }

  DType dtype() {
    return a.output().dtype();
  }

  <T> T option(Class<T> type, String name) {
    return a.option(type, name);
  }

  int integer(String name) {
    return option(Integer.class, name);
  }

  /** Returns indices, which may be those of an input. */
  String indices() {
    return graph.indices(a.option(IntTensor.class, "index"), b.option(IntTensor.class, "index"));
  }

  /** Returns sizes, some of which may follow the number of examples. */
  String sizes(Shape first, Shape second) {
    return graph.sizes(first.toArray(), second.toArray());
  }

  /** Returns a value in the shape of the output. */
  String reshaped(String x) {
    return graph.reshaped(x, a.output().shape().toArray(), b.output().shape().toArray());
  }

  String node(String op, List<String> inputs, Object... attributes) {
    return graph.node(op, inputs, attributes);
  }

  String node(String op, String... inputs) {
    return graph.node(op, List.of(inputs));
  }

  String number(double value) {
    return graph.number(value, dtype());
  }

  IllegalArgumentException refuse(String reason) {
    return graph.refuse("'%s' of an input of shape %s: %s".formatted(a.key(), shape(0), reason));
  }
}
