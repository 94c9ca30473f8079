/** What only the profile {@code search} has libraries for. */
@NullMarked
package dev.adjoint.examples.search.lib;

import org.jspecify.annotations.NullMarked;
