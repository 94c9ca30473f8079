package dev.adjoint.nn.inspect;

/**
 * Statistics of a parameter and its update at one step.
 *
 * @param step counts from 0
 * @param parameter its path, as in {@code hidden.weight}
 * @param norm the Euclidean norm before the step
 * @param gradientNorm that of its gradient; NaN if it has none
 * @param updateRatio the norm of its change over {@code norm}: for weights, about 1e-3 is usual
 * @param angle by which it has turned, in radians: what a layer feels that is invariant to the
 *     scale of the parameter
 */
public record ParameterStatistics(
    int step,
    String parameter,
    double norm,
    double gradientNorm,
    double updateRatio,
    double angle) {}
