/** Reverse-mode differentiation: backward, parameters, derivatives of functions, custom ones. */
@NullMarked
package dev.adjoint.autodiff;

import org.jspecify.annotations.NullMarked;
