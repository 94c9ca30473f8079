package dev.adjoint.onnx;

import java.util.List;

/** Computes the outputs of a node. */
interface Operator {

  List<? extends Item> apply(Call call);
}
