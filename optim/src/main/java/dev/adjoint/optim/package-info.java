/** Improves parameters by gradients: optimizers, learning-rate schedules and clipping. */
@NullMarked
package dev.adjoint.optim;

import org.jspecify.annotations.NullMarked;
