/** Tensors: the immutable value, its shape and element type, and ways to create and print one. */
@NullMarked
package dev.adjoint.tensor;

import org.jspecify.annotations.NullMarked;
