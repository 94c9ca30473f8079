package dev.adjoint.training.data;

/**
 * Examples stacked along the first axis: the inputs of a model and their targets.
 *
 * @param <X> the type of the inputs: Tensor or IntTensor, as a rule
 * @param <Y> the type of the targets
 * @param inputs one along the first axis for each example
 * @param targets one along the first axis for each example
 * @param size the number of examples
 */
public record Batch<X, Y>(X inputs, Y targets, int size) {}
