/** Computes on arrays: who computes (the provider), how (the kernels) and on how many threads. */
@NullMarked
package dev.adjoint.kernel;

import org.jspecify.annotations.NullMarked;
