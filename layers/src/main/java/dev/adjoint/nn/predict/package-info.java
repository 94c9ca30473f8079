/** Trained models as one file for a service to load. */
@NullMarked
package dev.adjoint.nn.predict;

import org.jspecify.annotations.NullMarked;
