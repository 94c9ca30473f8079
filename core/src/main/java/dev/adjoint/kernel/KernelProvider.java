package dev.adjoint.kernel;

import com.google.common.base.Supplier;
import com.google.common.base.Suppliers;
import dev.adjoint.kernel.portable.DoublePortableKernels;
import dev.adjoint.kernel.portable.FloatPortableKernels;
import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * Chooses the kernels, once: vector kernels where the module {@code jdk.incubator.vector} is
 * readable and the JVM's optimizing compiler turns it into vector instructions, else portable
 * kernels.
 *
 * <p>The system property {@code adjoint.kernels} forces {@code vector} or {@code portable}; a
 * forced choice that cannot be met is an error. The default is {@code auto}.
 */
public final class KernelProvider {

  private static final String VECTOR_MODULE = "jdk.incubator.vector";
  private static final String VECTOR_PACKAGE = "dev.adjoint.kernel.vector.";

  private static final Supplier<Pair> PORTABLE = Suppliers.memoize(() -> make("portable"));
  private static final Supplier<Pair> VECTOR = Suppliers.memoize(() -> make("vector"));
  private static final Supplier<Pair> CHOSEN =
      Suppliers.memoize(() -> choose(System.getProperty("adjoint.kernels", "auto")));

  private KernelProvider() {}

  /** The kernels of one provider. */
  record Pair(Kernels float32, Kernels float64) {}

  /** Returns the kernels for {@code float[]}. */
  public static Kernels float32() {
    return CHOSEN.get().float32;
  }

  /** Returns the kernels for {@code double[]}. */
  public static Kernels float64() {
    return CHOSEN.get().float64;
  }

  /**
   * Returns the kernels for {@code float[]} of a provider, whichever is chosen: for comparisons.
   *
   * @param name {@code vector} or {@code portable}
   * @throws IllegalStateException if this JVM cannot run them, with the reason
   */
  public static Kernels float32(String name) {
    return named(name).float32;
  }

  /** Returns the kernels for {@code double[]} of a provider, as {@link #float32(String)}. */
  public static Kernels float64(String name) {
    return named(name).float64;
  }

  /** Returns whether this JVM runs vector kernels, and fast. */
  public static boolean isVectorAvailable() {
    return vectorObstacle().isEmpty();
  }

  static Pair choose(String property) {
    if (!property.equals("auto")) {
      return named(property);
    }
    System.Logger logger = System.getLogger(KernelProvider.class.getName());
    Optional<String> obstacle = vectorObstacle();
    if (obstacle.isEmpty()) {
      logger.log(Level.DEBUG, "Computing with vector kernels");
      return VECTOR.get();
    }
    logger.log(
        Level.INFO,
        "Computing with portable kernels; vector kernels are faster, but " + obstacle.get());
    return PORTABLE.get();
  }

  private static Pair named(String name) {
    return switch (name) {
      case "portable" -> PORTABLE.get();
      case "vector" -> VECTOR.get();
      default ->
          throw new IllegalStateException(
              "adjoint.kernels must be vector, portable or auto, not '" + name + "'");
    };
  }

  /** Makes kernels that have not run yet. */
  static Pair make(String name) {
    if (name.equals("portable")) {
      return new Pair(new FloatPortableKernels(), new DoublePortableKernels());
    }
    vectorObstacle()
        .ifPresent(obstacle -> {
          throw new IllegalStateException("Vector kernels were asked for, but " + obstacle);
        });
    return new Pair(vector("FloatVectorKernels"), vector("DoubleVectorKernels"));
  }

  /**
   * Says why vector kernels would not run, or would run a hundred times slower than portable ones.
   */
  private static Optional<String> vectorObstacle() {
    Module self = KernelProvider.class.getModule();
    ModuleLayer layer = self.getLayer() != null ? self.getLayer() : ModuleLayer.boot();
    Optional<Module> module =
        layer.findModule(VECTOR_MODULE).or(() -> ModuleLayer.boot().findModule(VECTOR_MODULE));
    if (module.isEmpty()) {
      return Optional.of("java needs --add-modules " + VECTOR_MODULE + " for them");
    }
    // Without C2, every vector is an object on the heap.
    String vm =
        System.getProperty("java.vm.name", "") + ", " + System.getProperty("java.vm.info", "");
    if (vm.contains("interpreted mode")
        || vm.contains("emulated-client")
        || vm.contains("Client")) {
      return Optional.of("this JVM (" + vm + ") runs without the C2 compiler");
    }
    self.addReads(module.get());
    return Optional.empty();
  }

  /** Makes vector kernels by name, so that nothing here links to a module that may be absent. */
  private static Kernels vector(String name) {
    try {
      return Class.forName(VECTOR_PACKAGE + name)
          .asSubclass(Kernels.class)
          .getConstructor()
          .newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Vector kernels cannot be loaded", e);
    }
  }
}
