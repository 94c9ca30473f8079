/** Metrics that evaluate models: accuracy, precision and recall, errors. */
@NullMarked
package dev.adjoint.training.metric;

import org.jspecify.annotations.NullMarked;
