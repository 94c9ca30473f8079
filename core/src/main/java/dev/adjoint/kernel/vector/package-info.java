/** Computes on vectors by {@code jdk.incubator.vector}; not linked unless that module is there. */
@NullMarked
package dev.adjoint.kernel.vector;

import org.jspecify.annotations.NullMarked;
