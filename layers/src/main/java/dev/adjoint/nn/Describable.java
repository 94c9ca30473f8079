package dev.adjoint.nn;

/**
 * Marks a layer or function that says what it is made of, so that a file can hold it. A {@link
 * Layer} does by itself. A function that is no layer has a constructor that takes a description,
 * and says {@code Description.of(Clip::new).set("limit", limit)}.
 */
public interface Describable {

  /** Returns the settings, tensors and parts of this. */
  Description description();
}
