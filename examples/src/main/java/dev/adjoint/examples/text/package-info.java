/** The parts of the text example: what is read, and the transformer that reads it. */
@NullMarked
package dev.adjoint.examples.text;

import org.jspecify.annotations.NullMarked;
