/** The parts of the physics example: the equation, and the network that solves it. */
@NullMarked
package dev.adjoint.examples.physics;

import org.jspecify.annotations.NullMarked;
