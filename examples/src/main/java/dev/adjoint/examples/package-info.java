/** Shows the library at work, one runnable program a file. */
@NullMarked
package dev.adjoint.examples;

import org.jspecify.annotations.NullMarked;
