/** Gradients as stories, graphs as pictures, and pages that step through both. */
@SuppressWarnings("requires-automatic") // the layout library has no module descriptors
module dev.adjoint.explain {
  requires transitive dev.adjoint.training;
  requires static transitive org.jspecify;
  requires com.google.common;

  exports dev.adjoint.explain;
}
