package dev.adjoint.op;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;

/**
 * Elements chosen along an axis, and where they were.
 *
 * @param values the elements, picked by the indices: gradients flow to where they were
 * @param indices of each along the axis, of the shape of the values
 */
public record Indexed(Tensor values, IntTensor indices) {}
