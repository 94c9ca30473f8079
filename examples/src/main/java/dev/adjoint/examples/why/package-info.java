/** Measures why normalization helps: experiments of papers, small enough for two cores. */
@NullMarked
package dev.adjoint.examples.why;

import org.jspecify.annotations.NullMarked;
