package dev.adjoint.kernel.vector;

/** Lists the classes that have vector functions of floats. */
final class FloatVectorFunctions {

  static final Class<?>[] CLASSES = {
    FloatLanes.class,
    FloatFunctions.class,
    FloatElementary.class,
    FloatActivations.class,
    FloatPower.class
  };

  private FloatVectorFunctions() {}
}
