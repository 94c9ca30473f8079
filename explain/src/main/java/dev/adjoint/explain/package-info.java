/** Shows what was computed: the story of a gradient, the picture of a graph, a page of steps. */
@NullMarked
package dev.adjoint.explain;

import org.jspecify.annotations.NullMarked;
