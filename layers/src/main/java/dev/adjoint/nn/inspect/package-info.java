/** Looks into networks: summaries, activations and gradients of a running model. */
@NullMarked
package dev.adjoint.nn.inspect;

import org.jspecify.annotations.NullMarked;
