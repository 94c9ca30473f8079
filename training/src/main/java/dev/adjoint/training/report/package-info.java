/** Plots and HTML pages of what was measured. */
@NullMarked
package dev.adjoint.training.report;

import org.jspecify.annotations.NullMarked;
