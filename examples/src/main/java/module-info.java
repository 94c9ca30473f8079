/** Runnable programs that show the library at work. */
module dev.adjoint.examples {
  requires dev.adjoint;
  requires info.picocli;
  requires static org.jspecify;

  opens dev.adjoint.examples to
      info.picocli;
}
