/** Reads models from ONNX files; they can be run, trained further and taken apart. */
@NullMarked
package dev.adjoint.onnx;

import org.jspecify.annotations.NullMarked;
