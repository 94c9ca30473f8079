/** Tells what was measured: plots, and pages that hold them. */
@NullMarked
package dev.adjoint.training.report;

import org.jspecify.annotations.NullMarked;
