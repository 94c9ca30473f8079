/** Defines the operations: each primitive's shape rule, kernel call and pullback side by side. */
@NullMarked
package dev.adjoint.op;

import org.jspecify.annotations.NullMarked;
