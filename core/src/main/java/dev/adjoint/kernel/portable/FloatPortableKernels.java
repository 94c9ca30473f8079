package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.ConvLayout;
import dev.adjoint.kernel.FloatColumnLoops;
import dev.adjoint.kernel.FloatRunLoops;
import dev.adjoint.kernel.Fold;
import dev.adjoint.kernel.Formula;
import dev.adjoint.kernel.Loop;
import dev.adjoint.kernel.LoopWriter;
import dev.adjoint.kernel.Matrix;
import dev.adjoint.kernel.Span;
import dev.adjoint.kernel.Specializer;
import dev.adjoint.kernel.Tiles;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The kernels in plain Java. */
public final class FloatPortableKernels extends FloatKernels {

  private static final Lookup LOOKUP = MethodHandles.lookup();

  private final Specializer specializer =
      new Specializer(LOOKUP, float.class, FloatLanes.class, FloatFunctions.class);

  private final LoopWriter writer =
      new LoopWriter(
          LOOKUP,
          float.class,
          float[].class,
          () -> 1,
          FloatLanes.class,
          FloatFunctions.class,
          FloatElementary.class,
          FloatActivations.class,
          FloatPower.class,
          FloatStrict.class);

  /** Makes kernels that have no loops yet. */
  public FloatPortableKernels() {}

  @Override
  public String name() {
    return "portable float32";
  }

  /** Returns what writes loops that compute elements one by one. */
  public LoopWriter writer() {
    return writer;
  }

  @Override
  protected Loop newLoop(Formula formula) {
    return new Loop(formula, writer, null, false);
  }

  @Override
  public double share(String function, int arity) {
    return writer.share(function, arity);
  }

  @Override
  protected Fold newFold(String function, String fold) {
    return newFold(function, fold, null);
  }

  /**
   * Makes a fold.
   *
   * @param vectors its loops over vectors, if there are any
   */
  public Fold newFold(String function, String fold, @Nullable FloatFoldLoops vectors) {
    double identity =
        switch (fold) {
          case "plus" -> 0;
          case "max", "atLeast" -> Double.NEGATIVE_INFINITY;
          case "min" -> Double.POSITIVE_INFINITY;
          default -> throw new IllegalArgumentException("No fold by '" + fold + "'");
        };
    // Alone, a maximum that minds NaN is no slower, and a comparison would be a branch.
    String alone = fold.equals("atLeast") ? "max" : fold;
    MethodHandle combine = new Specializer(LOOKUP, double.class, DoubleLanes.class).get(alone, 2);
    List<Object> constants =
        List.of(specializer.get(function, 2), specializer.get(alone, 2), combine, identity);
    return specializer.copy(Fold.class, FloatFold.class, constants, vectors);
  }

  @Override
  public FloatRunLoops runLoops() {
    return new FloatRunLoop(null);
  }

  @Override
  public FloatColumnLoops columnLoops() {
    return new FloatColumnLoop(null);
  }

  @Override
  public int tileRows() {
    return FloatPortableTile.tileRows();
  }

  @Override
  public int tileColumns() {
    return FloatPortableTile.tileColumns();
  }

  @Override
  public void tile(
      Tiles operands, int rows, int columns, int depth, int aFrom, int aRow, int bFrom, int cFrom) {
    FloatPortableTile.tile(operands, rows, columns, depth, aFrom, aRow, bFrom, cFrom);
  }

  @Override
  public void correlate(ConvLayout layout, Matrix x, Span w, Matrix y) {
    FloatPortableStencil.correlate(layout, x, w, y);
  }

  @Override
  public void correlateRows(ConvLayout layout, Matrix x, Matrix g, Matrix sums) {
    FloatPortableStencil.correlateRows(layout, x, g, sums);
  }
}
