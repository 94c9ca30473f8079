/** Layers, normalization and reparametrization of weights. */
module dev.adjoint.layers {
  requires transitive dev.adjoint.core;
  requires static transitive org.jspecify;
  requires com.google.common;

  exports dev.adjoint.nn;
  exports dev.adjoint.nn.inspect;
  exports dev.adjoint.nn.norm;
  exports dev.adjoint.nn.predict;
  exports dev.adjoint.nn.reparam;
  exports dev.adjoint.nn.sequence;
}
