package dev.adjoint.training;

/**
 * The results of one optimization step.
 *
 * @param position of its first batch
 * @param batches how many it has learned from: more than 1 where gradients are accumulated
 * @param examples how many there are in these
 * @param loss the mean over the examples, before the step
 * @param gradientNorm the Euclidean norm of all gradients together, before clipping
 * @param learningRate as scheduled
 */
public record Step(
    Position position,
    int batches,
    int examples,
    double loss,
    double gradientNorm,
    double learningRate) {}
