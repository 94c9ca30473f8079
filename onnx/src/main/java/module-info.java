/** Models from ONNX files, to be run and trained further. */
@SuppressWarnings("requires-automatic") // protobuf has no module descriptor
module dev.adjoint.onnx {
  requires transitive dev.adjoint.layers;
  requires static transitive org.jspecify;
  requires com.google.common;
  requires com.google.protobuf;

  exports dev.adjoint.onnx;
}
