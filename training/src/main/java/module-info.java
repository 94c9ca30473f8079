/** Data sets, the training loop, metrics, checkpoints and reports. */
module dev.adjoint.training {
  requires transitive dev.adjoint.layers;
  requires transitive dev.adjoint.optim;
  requires static transitive org.jspecify;
  requires com.google.common;
  requires de.siegmar.fastcsv;
  requires java.desktop;
  requires me.tongfei.progressbar;

  exports dev.adjoint.training;
  exports dev.adjoint.training.data;
  exports dev.adjoint.training.metric;
  exports dev.adjoint.training.report;
}
