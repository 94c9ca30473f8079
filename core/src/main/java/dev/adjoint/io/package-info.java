/** Moves named tensors in and out of files that PyTorch and NumPy read and write. */
@NullMarked
package dev.adjoint.io;

import org.jspecify.annotations.NullMarked;
