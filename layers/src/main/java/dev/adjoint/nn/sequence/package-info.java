/** Computes with sequences: recurrent layers, attention, and transformers. */
@NullMarked
package dev.adjoint.nn.sequence;

import org.jspecify.annotations.NullMarked;
