package dev.adjoint.onnx;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A step while it is written: the same of each run. */
record Export(Exported graph, List<Recorded.Step> runs) {

  /** Returns the step of the first run. */
  Recorded.Step a() {
    return runs.getFirst();
  }

  /** Returns something of each run. */
  <T> List<T> each(Function<Recorded.Step, T> of) {
    return runs.stream().map(of).toList();
  }

  /** Returns the name of an input. */
  String in(int input) {
    return graph.name(each(step -> step.inputs()[input]));
  }

  List<String> all() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < a().inputs().length; i++) {
      names.add(in(i));
    }
    return names;
  }

  Tensor x(int input) {
    return a().inputs()[input];
  }

  Shape shape(int input) {
    return x(input).shape();
  }

  DType dtype() {
    return a().output().dtype();
  }

  <T> T option(Class<T> type, String name) {
    return a().option(type, name);
  }

  int integer(String name) {
    return fixed(Integer.class, name);
  }

  /** Returns an option that may be a size, which has to be the same in all runs. */
  <T> T fixed(Class<T> type, String name) {
    List<T> values = each(step -> step.option(type, name));
    if (values.stream().distinct().count() > 1) {
      throw refuse(
          "%s is %s in the runs; expected one that no free size changes".formatted(name, values));
    }
    return values.getFirst();
  }

  /** Returns indices, which may be those of an input. */
  String indices() {
    return graph.indices(each(step -> step.option(IntTensor.class, "index")));
  }

  /** Returns sizes, some of which may follow those of free axes. */
  String sizes(Function<Recorded.Step, int[]> of) {
    return graph.sizes.of(each(of));
  }

  /** Returns a value in the shape of the output. */
  String reshaped(String x) {
    return graph.sizes.reshaped(x, each(step -> step.output().shape().toArray()));
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
    return graph.refuse("'%s' of an input of shape %s: %s".formatted(a().key(), shape(0), reason));
  }
}
