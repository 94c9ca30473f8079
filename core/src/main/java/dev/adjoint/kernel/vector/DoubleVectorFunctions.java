package dev.adjoint.kernel.vector;

/**
 * Lists the classes that have vector functions of doubles; elementary functions are not among them,
 * see {@code DeriveSources}.
 */
final class DoubleVectorFunctions {

  static final Class<?>[] CLASSES = {DoubleLanes.class, DoubleFunctions.class, DoublePower.class};

  private DoubleVectorFunctions() {}
}
