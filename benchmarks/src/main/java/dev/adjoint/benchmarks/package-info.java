/** Measures kernels, layers and training steps beside the limits of the machine. */
@NullMarked
package dev.adjoint.benchmarks;

import org.jspecify.annotations.NullMarked;
