/** Computes in plain Java that any JVM compiles well; vector functions are derived from these. */
@NullMarked
package dev.adjoint.kernel.portable;

import org.jspecify.annotations.NullMarked;
