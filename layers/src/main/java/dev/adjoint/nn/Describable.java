package dev.adjoint.nn;

/**
 * Marks a layer or function that says how it is made, so that a file can hold it: all that a file
 * needs to make one that computes the same in eval mode.
 *
 * <p>{@link Description} shows how a layer of one's own does that.
 */
public interface Describable {

  /** Returns the settings, tensors and parts of this. */
  Description description();
}
