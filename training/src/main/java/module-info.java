/** Data sets, the training loop, metrics, checkpoints and reports. */
@SuppressWarnings("requires-automatic") // Hardwood, which is optional
module dev.adjoint.training {
  requires transitive dev.adjoint.layers;
  requires transitive dev.adjoint.optim;
  requires static transitive org.jspecify;
  requires com.google.common;
  requires de.siegmar.fastcsv;
  requires java.desktop;
  requires java.sql;
  requires static dev.hardwood.core;
  requires me.tongfei.progressbar;

  exports dev.adjoint.training;
  exports dev.adjoint.training.data;
  exports dev.adjoint.training.metric;
  exports dev.adjoint.training.report;
}
