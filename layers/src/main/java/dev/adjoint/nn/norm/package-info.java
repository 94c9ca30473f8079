/** Normalizes activations: every normalization layer as one formula over chosen axes. */
@NullMarked
package dev.adjoint.nn.norm;

import org.jspecify.annotations.NullMarked;
