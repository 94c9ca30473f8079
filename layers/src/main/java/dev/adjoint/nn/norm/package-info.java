/** Normalizes activations: every norm as one formula over chosen axes, and whitening. */
@NullMarked
package dev.adjoint.nn.norm;

import org.jspecify.annotations.NullMarked;
