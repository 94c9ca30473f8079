/** All that a program needs to build, train and use a model. */
module dev.adjoint {
  requires transitive dev.adjoint.training;
}
