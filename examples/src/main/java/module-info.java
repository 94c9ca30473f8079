/** Runnable programs that show the library at work. */
module dev.adjoint.examples {
  requires dev.adjoint;
  requires dev.adjoint.onnx;
  requires info.picocli;
  requires jdk.compiler;
  requires static org.jspecify;

  uses dev.adjoint.examples.search.Libraries;

  opens dev.adjoint.examples to
      info.picocli;
}
