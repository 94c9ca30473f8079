/**
 * Computes on vectors of values through {@code jdk.incubator.vector}; never linked unless that
 * module is there.
 */
@NullMarked
package dev.adjoint.kernel.vector;

import org.jspecify.annotations.NullMarked;
