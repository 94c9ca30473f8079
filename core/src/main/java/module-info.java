/** Tensors, reverse-mode automatic differentiation, kernels and gradient checking. */
@SuppressWarnings("module") // the modules named in qualified exports are built later
module dev.adjoint.core {
  requires static jdk.incubator.vector;
  requires static transitive org.jspecify;
  requires com.google.common;

  exports dev.adjoint.autodiff;
  exports dev.adjoint.check;
  exports dev.adjoint.io;
  exports dev.adjoint.op;
  exports dev.adjoint.tensor;
  exports dev.adjoint.kernel to
      dev.adjoint.layers,
      dev.adjoint.optim,
      dev.adjoint.testing;
}
