package dev.adjoint.kernel;

import static com.google.common.base.Preconditions.checkState;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * Reasons why vector kernels cannot run in this JVM, or would run a hundred times slower than
 * portable ones: each is the end of a sentence that begins with "but".
 */
final class VectorObstacle {

  private static final String MODULE = "jdk.incubator.vector";

  /** The last Java version that the vector kernels were tested with. */
  static final int TESTED = 25;

  private VectorObstacle() {}

  /** Says why vector kernels cannot be loaded at all. */
  static Optional<String> toLoading() {
    Module self = VectorObstacle.class.getModule();
    ModuleLayer layer = self.getLayer() != null ? self.getLayer() : ModuleLayer.boot();
    Optional<Module> module =
        layer.findModule(MODULE).or(() -> ModuleLayer.boot().findModule(MODULE));
    if (module.isEmpty()) {
      return Optional.of("java needs --add-modules " + MODULE + " for them");
    }
    self.addReads(module.get());
    return Optional.empty();
  }

  /** Says why vector kernels, which can be loaded, would be slow. */
  static Optional<String> toSpeed() {
    return toSpeed(System.getProperty("java.vm.name", ""), System.getProperty("java.vm.info", ""));
  }

  /** Says why a JVM does not make vector instructions of them: every vector is then an object. */
  static Optional<String> toSpeed(String name, String info) {
    if (info.contains("interpreted mode")
        || info.contains("emulated-client")
        || name.contains("Client")) {
      return Optional.of("this JVM (%s, %s) runs without the C2 compiler".formatted(name, info));
    }
    return name.contains("HotSpot") || name.contains("Server VM")
        ? Optional.empty()
        : Optional.of(
            "this JVM (%s, %s) is not known to make vector instructions of them; -Dadjoint.kernels=vector tries"
                .formatted(name, info));
  }

  /** Says that the JVM's vectors are no vectors. */
  static Optional<String> toWidth() {
    int bits = ((IntSupplier) KernelProvider.vector("VectorWidth")).getAsInt();
    return bits >= 128
        ? Optional.empty()
        : Optional.of("this JVM has vectors of %d bits, no more".formatted(bits));
  }

  /**
   * Tries kernels on a version of Java that is newer than the tests: an incubator module may
   * change.
   *
   * @param java the version that runs
   */
  static Optional<String> toTrust(int java, Kernels vector, Kernels portable) {
    if (java <= TESTED) {
      return Optional.empty();
    }
    try {
      checkState(
          Arrays.deepEquals(trial(vector), trial(portable)),
          "they compute other numbers than portable kernels");
      return Optional.empty();
    } catch (LinkageError | RuntimeException e) {
      return Optional.of(
          "%s of Java %d is not the one of Java %d that they were written for (%s)"
              .formatted(MODULE, Runtime.version().feature(), TESTED, e));
    }
  }

  /** Computes something with a loop of each kind, and returns the arrays. */
  private static Object[] trial(Kernels kernels) {
    int n = 100;
    Object x = numbers(kernels, n);
    Object y = numbers(kernels, n);
    kernels.loop("tanh", 1).run(x, 0, y, 0, n);
    kernels.loop("floor", 1).run(x, 0, y, 0, n / 2);
    kernels.loop("div", 2).run(y, 0, 1, x, 0, 1, y, 0, n);
    kernels.loop("where", 3).run(x, 0, 1, y, 0, 1, x, 0, 1, y, 0, n);
    kernels.reduction("sum").rows(y, 0, 1, n, x, 0);
    kernels.reduction("max").columns(y, 10, 9, 10, 10, x, 1);
    kernels.rows().softmax(y, 0, 1, n, y, 0);
    Tiles tiles = new Tiles(y, new int[1], 1, 0, y, 8, Tiles.NO_TABLE, 1, x, 8);
    kernels.tile(tiles, 1, 8, 5, 0, 0, 20, 11);
    return new Object[] {x, y};
  }

  private static Object numbers(Kernels kernels, int n) {
    double[] doubles = Buffers.uninitializedDoubles(n);
    float[] floats = Buffers.uninitializedFloats(n);
    for (int i = 0; i < n; i++) {
      doubles[i] = (i - 40.5) * 0.37;
      floats[i] = (float) doubles[i];
    }
    return kernels.name().endsWith("float32") ? floats : doubles;
  }
}
