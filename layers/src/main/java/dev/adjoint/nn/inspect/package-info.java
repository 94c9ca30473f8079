/** Looks into networks: invariances of layers, activations and gradients of a running model. */
@NullMarked
package dev.adjoint.nn.inspect;

import org.jspecify.annotations.NullMarked;
