/** Trains models: the loop, its listeners, and checkpoints from which it continues. */
@NullMarked
package dev.adjoint.training;

import org.jspecify.annotations.NullMarked;
