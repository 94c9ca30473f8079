/** Gradients as stories, graphs as pictures, and pages that step through both. */
@SuppressWarnings("requires-automatic") // the layout library has no module descriptors
module dev.adjoint.explain {
  requires transitive dev.adjoint.training;
  requires static transitive org.jspecify;
  requires com.google.common;
  requires org.eclipse.elk.alg.layered;
  requires org.eclipse.elk.core;
  requires org.eclipse.elk.graph;
  requires org.eclipse.emf.common;

  exports dev.adjoint.explain;
}
