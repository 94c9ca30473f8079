package dev.adjoint.kernel;

/**
 * The elements of an array from one place on.
 *
 * @param data {@code float[]} or {@code double[]}
 */
public record Span(Object data, int from) {}
