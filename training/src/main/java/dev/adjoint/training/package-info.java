/** Trains models: the loop, who listens to it, and checkpoints to go on from. */
@NullMarked
package dev.adjoint.training;

import org.jspecify.annotations.NullMarked;
