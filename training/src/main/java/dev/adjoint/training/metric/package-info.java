/** Judges models by what they give for examples: accuracy, precision and recall, errors. */
@NullMarked
package dev.adjoint.training.metric;

import org.jspecify.annotations.NullMarked;
