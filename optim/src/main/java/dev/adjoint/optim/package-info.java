/**
 * Improves parameters by gradients: optimizers, learning-rate schedules, clipping and weight
 * averages.
 */
@NullMarked
package dev.adjoint.optim;

import org.jspecify.annotations.NullMarked;
