package dev.adjoint.kernel;

import com.google.common.base.Supplier;
import com.google.common.base.Suppliers;
import com.google.common.base.Throwables;
import dev.adjoint.kernel.portable.DoubleKernels;
import dev.adjoint.kernel.portable.DoublePortableKernels;
import dev.adjoint.kernel.portable.FloatKernels;
import dev.adjoint.kernel.portable.FloatPortableKernels;
import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * Chooses the kernels, once: vector kernels where the module {@code jdk.incubator.vector} is
 * readable, the JVM's optimizing compiler turns it into vector instructions and the CPU has fused
 * multiply-adds, else portable kernels. One line in the log says why they are portable.
 *
 * <p>The system property {@code adjoint.kernels} forces {@code vector} or {@code portable} from the
 * first call on; a forced choice that cannot be met is an error. The default is {@code auto}, which
 * begins elementwise loops as portable ones and goes over to vectors when they are compiled (ADR
 * 46).
 */
public final class KernelProvider {

  private static final String VECTOR_PACKAGE = "dev.adjoint.kernel.vector.";

  private static final Pair PORTABLE = portableKernels();
  private static final Pair VECTOR =
      new Pair(
          Suppliers.memoize(() -> (Kernels) vector("FloatVectorKernels")),
          Suppliers.memoize(() -> (Kernels) vector("DoubleVectorKernels")));
  private static final Supplier<Pair> CHOSEN =
      Suppliers.memoize(() -> choose(System.getProperty("adjoint.kernels", "auto")));

  private KernelProvider() {}

  /** The kernels of one provider; a program of one type never loads those of the other. */
  record Pair(Supplier<Kernels> ofFloats, Supplier<Kernels> ofDoubles) {

    Kernels float32() {
      return ofFloats.get();
    }

    Kernels float64() {
      return ofDoubles.get();
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
    return Fma.isFast()
        && VectorObstacle.toLoading()
            .or(VectorObstacle::toSpeed)
            .or(VectorObstacle::toWidth)
            .isEmpty();
  }

  static Pair choose(String property) {
    if (!Fma.isFast()) {
      log(
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
    Pair vector = patientKernels();
    Optional<String> obstacle =
        VectorObstacle.toLoading().or(VectorObstacle::toSpeed).or(() -> failure(vector));
    if (obstacle.isEmpty()) {
      return vector;
    }
    log(
        Level.INFO,
        "Computing with portable kernels; vector kernels are faster, but " + obstacle.get());
    return PORTABLE;
  }

  /** Makes a logger only where there is something to say, since that takes as long as a product. */
  private static void log(Level level, String message) {
    System.getLogger(KernelProvider.class.getName()).log(level, message);
  }

  private static Optional<String> failure(Pair vector) {
    int java = Runtime.version().feature();
    try {
      return VectorObstacle.toWidth()
          .or(() -> VectorObstacle.toTrust(java, vector.float32(), PORTABLE.float32()))
          .or(() ->
              java <= VectorObstacle.TESTED // so that float64 is not made for nothing
                  ? Optional.empty()
                  : VectorObstacle.toTrust(java, vector.float64(), PORTABLE.float64()));
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

  /** Makes portable kernels that have not run yet. */
  static Pair portableKernels() {
    return new Pair(
        Suppliers.memoize(() -> new FloatPortableKernels()),
        Suppliers.memoize(() -> new DoublePortableKernels()));
  }

  /** Makes vector kernels that have not run yet, whose elementwise loops begin as portable ones. */
  static Pair patientKernels() {
    return new Pair(
        Suppliers.memoize(() -> ((FloatKernels) vector("FloatVectorKernels")).patient()),
        Suppliers.memoize(() -> ((DoubleKernels) vector("DoubleVectorKernels")).patient()));
  }

  private static void requireVector() {
    VectorObstacle.toLoading()
        .ifPresent(obstacle -> {
          throw new IllegalStateException("Vector kernels were asked for, but " + obstacle);
        });
  }

  /** Makes what computes on vectors, by name: nothing here links to a module that may be absent. */
  static Object vector(String name) {
    try {
      return Class.forName(VECTOR_PACKAGE + name).getConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Vector kernels cannot be loaded", e);
    }
  }
}
