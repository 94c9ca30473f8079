/**
 * Holds and prints numbers: the immutable tensor, its shape and element type, and ways to create
 * one.
 */
@NullMarked
package dev.adjoint.tensor;

import org.jspecify.annotations.NullMarked;
