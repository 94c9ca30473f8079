/** Loops over arrays: the choice of a provider, its kernels' interfaces, threads and memory. */
@NullMarked
package dev.adjoint.kernel;

import org.jspecify.annotations.NullMarked;
