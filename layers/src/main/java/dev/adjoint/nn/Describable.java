package dev.adjoint.nn;

/**
 * Marks a layer or function that says what it is made of, so that a file can hold it. A {@link
 * Layer} does by itself; a function that is no layer says it in a line:
 *
 * <pre>{@code
 * record Clip(double limit) implements Transform, Describable {
 *   Clip(Description from) {
 *     this(from.decimal("limit"));
 *   }
 *
 *   public Description description() {
 *     return Description.of(Clip::new).set("limit", limit);
 *   }
 *   ...
 * }</pre>
 */
public interface Describable {

  /** Returns the settings, tensors and parts of this. */
  Description description();
}
