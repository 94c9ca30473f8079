package dev.adjoint.onnx;

import java.util.List;

/** Computes the outputs of a node. */
interface Operator {

  List<Value> apply(Call call);
}
