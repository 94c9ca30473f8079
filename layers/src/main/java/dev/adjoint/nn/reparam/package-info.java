/** Reparametrizes weights: weight, cosine and spectral normalization, weight standardization. */
@NullMarked
package dev.adjoint.nn.reparam;

import org.jspecify.annotations.NullMarked;
