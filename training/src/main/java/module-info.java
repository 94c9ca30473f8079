/** Data sets, the training loop, metrics, checkpoints and reports. */
module dev.adjoint.training {
  requires transitive dev.adjoint.layers;
  requires transitive dev.adjoint.optim;
  requires static transitive org.jspecify;
  requires com.google.common;
  requires me.tongfei.progressbar;

  exports dev.adjoint.training;
  exports dev.adjoint.training.data;
  exports dev.adjoint.training.metric;
}
