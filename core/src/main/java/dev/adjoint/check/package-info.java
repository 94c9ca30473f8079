/** Checks gradients against finite differences, for users' tests as well as the engine's own. */
@NullMarked
package dev.adjoint.check;

import org.jspecify.annotations.NullMarked;
