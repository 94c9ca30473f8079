/**
 * Loops over arrays: the choice of a provider, the interfaces of its kernels, threads and memory.
 */
@NullMarked
package dev.adjoint.kernel;

import org.jspecify.annotations.NullMarked;
