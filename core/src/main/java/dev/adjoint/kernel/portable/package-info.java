/**
 * Computes in plain Java that any JVM compiles well; its functions are also the source of the
 * vector ones.
 */
@NullMarked
package dev.adjoint.kernel.portable;

import org.jspecify.annotations.NullMarked;
