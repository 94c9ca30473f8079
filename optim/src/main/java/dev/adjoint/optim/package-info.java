/** Improves parameters by gradients: optimizers, schedules, clipping and weight averages. */
@NullMarked
package dev.adjoint.optim;

import org.jspecify.annotations.NullMarked;
