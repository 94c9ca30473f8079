package dev.adjoint.op;

import dev.adjoint.tensor.IntTensor;

/**
 * The elements of a tensor without repetition.
 *
 * @param <T> the kind of tensor
 * @param values of shape (n), ascending
 * @param inverse of the shape of the tensor: where each of its elements is among the values
 * @param counts of shape (n): how often each value occurs
 */
public record Unique<T>(T values, IntTensor inverse, IntTensor counts) {}
