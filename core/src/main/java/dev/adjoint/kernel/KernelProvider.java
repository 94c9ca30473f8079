package dev.adjoint.kernel;

import com.google.common.base.Supplier;
import com.google.common.base.Suppliers;
import com.google.common.base.Throwables;
import dev.adjoint.kernel.portable.DoublePortableKernels;
import dev.adjoint.kernel.portable.FloatPortableKernels;
import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * Chooses the kernels, once: vector kernels where the module {@code jdk.incubator.vector} is
 * readable, the JVM's optimizing compiler turns it into vector instructions and the CPU has fused
 * multiply-adds, else portable kernels. One line in the log says why they are portable.
 *
 * <p>The system property {@code adjoint.kernels} forces {@code vector} or {@code portable}; a
 * forced choice that cannot be met is an error. The default is {@code auto}.
 */
public final class KernelProvider {

  private static final String VECTOR_PACKAGE = "dev.adjoint.kernel.vector.";

  private static final Pair PORTABLE = new Pair("portable");
  private static final Pair VECTOR = new Pair("vector");
  private static final Supplier<Pair> CHOSEN =
      Suppliers.memoize(() -> choose(System.getProperty("adjoint.kernels", "auto")));

  private KernelProvider() {}

  /** The kernels of one provider; a program of one type never loads those of the other. */
  static final class Pair {
    private final String provider;
    private final Supplier<Kernels> float32 = Suppliers.memoize(this::makeFloat32);
    private final Supplier<Kernels> float64 = Suppliers.memoize(this::makeFloat64);

    private Pair(String provider) {
      this.provider = provider;
    }

    Kernels float32() {
      return float32.get();
    }

    Kernels float64() {
      return float64.get();
    }

    private Kernels makeFloat32() {
      return provider.equals("vector") ? vector("FloatVectorKernels") : new FloatPortableKernels();
    }

    private Kernels makeFloat64() {
      return provider.equals("vector")
          ? vector("DoubleVectorKernels")
          : new DoublePortableKernels();
    }
  }

  /** Returns the kernels for {@code float[]}. */
  public static Kernels float32() {
    return CHOSEN.get().float32();
  }

  /** Returns the kernels for {@code double[]}. */
  public static Kernels float64() {
    return CHOSEN.get().float64();
  }

  /**
   * Returns the kernels for {@code float[]} of a provider, whichever is chosen: for comparisons.
   *
   * @param name {@code vector} or {@code portable}
   * @throws IllegalStateException if this JVM cannot run them, with the reason
   */
  public static Kernels float32(String name) {
    return named(name).float32();
  }

  /** Returns the kernels for {@code double[]} of a provider, as {@link #float32(String)}. */
  public static Kernels float64(String name) {
    return named(name).float64();
  }

  /** Returns whether this JVM runs vector kernels, and fast. */
  public static boolean isVectorAvailable() {
    return Fma.isFast() && VectorObstacle.toLoading().or(VectorObstacle::toSpeed).isEmpty();
  }

  static Pair choose(String property) {
    System.Logger logger = System.getLogger(KernelProvider.class.getName());
    if (!Fma.isFast()) {
      logger.log(
          Level.WARNING,
          "This CPU, or this JVM, has no instruction for fused multiply-adds: results are the same,"
              + " but products take some ten times as long");
    }
    if (!property.equals("auto")) {
      return named(property);
    }
    if (!Fma.isFast()) {
      return PORTABLE;
    }
    Optional<String> obstacle =
        VectorObstacle.toLoading().or(VectorObstacle::toSpeed).or(KernelProvider::vectorFailure);
    if (obstacle.isEmpty()) {
      logger.log(Level.DEBUG, "Computing with vector kernels");
      return VECTOR;
    }
    logger.log(
        Level.INFO,
        "Computing with portable kernels; vector kernels are faster, but " + obstacle.get());
    return PORTABLE;
  }

  private static Optional<String> vectorFailure() {
    int java = Runtime.version().feature();
    try {
      return VectorObstacle.toTrust(java, VECTOR.float32(), PORTABLE.float32())
          .or(() ->
              java <= VectorObstacle.TESTED // so that float64 is not made for nothing
                  ? Optional.empty()
                  : VectorObstacle.toTrust(java, VECTOR.float64(), PORTABLE.float64()));
    } catch (LinkageError | IllegalStateException e) { // not in the jar, or of another module
      return Optional.of("they cannot be loaded (" + Throwables.getRootCause(e) + ")");
    }
  }

  private static Pair named(String name) {
    return switch (name) {
      case "portable" -> PORTABLE;
      case "vector" -> {
        requireVector();
        yield VECTOR;
      }
      default ->
          throw new IllegalStateException(
              "adjoint.kernels must be vector, portable or auto, not '" + name + "'");
    };
  }

  /** Makes kernels that have not run yet. */
  static Pair make(String name) {
    if (name.equals("vector")) {
      requireVector();
    }
    return new Pair(name);
  }

  private static void requireVector() {
    VectorObstacle.toLoading()
        .ifPresent(obstacle -> {
          throw new IllegalStateException("Vector kernels were asked for, but " + obstacle);
        });
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
