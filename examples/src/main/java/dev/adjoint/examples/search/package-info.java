/** The parts of the search example: what is searched, and the encoder that finds it. */
@NullMarked
package dev.adjoint.examples.search;

import org.jspecify.annotations.NullMarked;
