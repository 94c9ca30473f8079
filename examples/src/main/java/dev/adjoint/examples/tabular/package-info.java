/** Draws a table of fruit, to be classified. */
@NullMarked
package dev.adjoint.examples.tabular;

import org.jspecify.annotations.NullMarked;
