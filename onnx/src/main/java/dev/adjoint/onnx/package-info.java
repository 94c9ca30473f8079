/** Reads models from ONNX files, to be run and trained further, and writes layers as such. */
@NullMarked
package dev.adjoint.onnx;

import org.jspecify.annotations.NullMarked;
