package dev.adjoint.nn;

/**
 * A layer or function that a file can hold, since it says what it is made of. A {@link Layer} does
 * so by itself. A function that is no layer has a constructor that takes a description, and returns
 * {@code Description.of(Clip::new).set("limit", limit)}.
 */
public interface Describable {

  /** Returns the settings, tensors and parts of this. */
  Description description();
}
