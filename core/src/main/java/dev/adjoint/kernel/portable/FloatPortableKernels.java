package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.ConvLayout;
import dev.adjoint.kernel.FloatNormLoops;
import dev.adjoint.kernel.Fold;
import dev.adjoint.kernel.LoopWriter;
import dev.adjoint.kernel.Matrix;
import dev.adjoint.kernel.Span;
import dev.adjoint.kernel.Specializer;
import dev.adjoint.kernel.Tiles;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.util.List;

/** The kernels in plain Java. */
public final class FloatPortableKernels extends FloatKernels {

  private static final Lookup LOOKUP = MethodHandles.lookup();

  private final Specializer specializer =
      new Specializer(
          LOOKUP,
          float.class,
          FloatLanes.class,
          FloatFunctions.class,
          FloatElementary.class,
          FloatActivations.class,
          FloatStrict.class);

  private final LoopWriter[] writers = {
    new LoopWriter(specializer, float[].class, FloatLanes.class, 1)
  };

  /** Makes kernels that have no loops yet. */
  public FloatPortableKernels() {}

  @Override
  public String name() {
    return "portable float32";
  }

  @Override
  public LoopWriter[] writers() {
    return writers;
  }

  @Override
  protected Fold newFold(String function, String fold) {
    return copyFold(foldLoops(function, fold));
  }

  /** Makes the loops of a fold. */
  public FloatFoldLoops foldLoops(String function, String fold) {
    double identity =
        switch (fold) {
          case "plus" -> 0;
          case "max" -> Double.NEGATIVE_INFINITY;
          case "min" -> Double.POSITIVE_INFINITY;
          default -> throw new IllegalArgumentException("No fold by '" + fold + "'");
        };
    MethodHandle combine = new Specializer(LOOKUP, double.class, DoubleLanes.class).get(fold, 2);
    List<Object> constants =
        List.of(specializer.get(function, 2), specializer.get(fold, 2), combine, identity);
    return specializer.copy(FloatFoldLoops.class, FloatFoldLoop.class, constants);
  }

  /** Makes a fold of loops. */
  public Fold copyFold(FloatFoldLoops loops) {
    return specializer.copy(Fold.class, FloatFold.class, List.of(), loops);
  }

  @Override
  public FloatNormLoops normLoops() {
    return new FloatNormLoop(null);
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
