/** Checks of tensors, gradients and layers in one line, for tests with AssertJ and JUnit. */
module dev.adjoint.testing {
  requires transitive dev.adjoint.layers;
  requires transitive org.assertj.core;
  requires static transitive org.jspecify;
  requires static transitive org.junit.jupiter.api;
  requires static transitive org.junit.jupiter.params;

  exports dev.adjoint.testing;
}
