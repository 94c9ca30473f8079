/** Data sets from memory and from files, and batches of them. */
@NullMarked
package dev.adjoint.training.data;

import org.jspecify.annotations.NullMarked;
