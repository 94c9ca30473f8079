/** Draws digits, learns to read them, and looks at what is read wrong. */
@NullMarked
package dev.adjoint.examples.digits;

import org.jspecify.annotations.NullMarked;
