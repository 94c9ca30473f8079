/** Optimizers, learning-rate schedules and gradient clipping. */
module dev.adjoint.optim {
  requires transitive dev.adjoint.core;
  requires static transitive org.jspecify;
  requires com.google.common;

  exports dev.adjoint.optim;
}
