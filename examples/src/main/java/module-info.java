/** Runnable programs that show the library at work. */
module dev.adjoint.examples {
  requires dev.adjoint.core;
  requires dev.adjoint.layers;
  requires dev.adjoint.optim;
  requires dev.adjoint.training;
  requires info.picocli;
  requires static org.jspecify;

  opens dev.adjoint.examples to
      info.picocli;
}
