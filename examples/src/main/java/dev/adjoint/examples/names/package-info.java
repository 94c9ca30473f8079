/** Learns what names look like, character by character, and invents new ones. */
@NullMarked
package dev.adjoint.examples.names;

import org.jspecify.annotations.NullMarked;
