/** Builds networks: the layer, its parameters and the everyday layers. */
@NullMarked
package dev.adjoint.nn;

import org.jspecify.annotations.NullMarked;
