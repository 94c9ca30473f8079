/** Models in and out of ONNX files. */
@SuppressWarnings("requires-automatic") // protobuf has no module descriptor
module dev.adjoint.onnx {
  requires transitive dev.adjoint.layers;
  requires static transitive org.jspecify;
  requires com.google.common;
  requires com.google.protobuf;

  exports dev.adjoint.onnx;
}
