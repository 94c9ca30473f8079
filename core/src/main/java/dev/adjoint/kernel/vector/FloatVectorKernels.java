package dev.adjoint.kernel.vector;

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
import dev.adjoint.kernel.portable.FloatFoldLoops;
import dev.adjoint.kernel.portable.FloatKernels;
import dev.adjoint.kernel.portable.FloatPortableKernels;
import java.lang.invoke.MethodHandles;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/** The kernels on vectors; a function that has no vector form runs in the portable loop. */
public final class FloatVectorKernels extends FloatKernels {

  /**
   * So many elements are packed in plain loops first, which takes 12 ms: a program that ends soon
   * does not wait for C2 to compile the loops over vectors (ADR 84).
   */
  private static final long PACKED_FIRST = 1 << 25;

  private final FloatPortableKernels portable = new FloatPortableKernels();
  private final Specializer specializer =
      new Specializer(MethodHandles.lookup(), FloatVector.class, FloatVectorFunctions.CLASSES);

  private final LoopWriter writer =
      new LoopWriter(
          MethodHandles.lookup(),
          FloatVector.class,
          float[].class,
          () -> FloatLanes.STEP,
          FloatVectorFunctions.CLASSES);

  private long packed;

  /** Makes kernels that have no loops yet. */
  public FloatVectorKernels() {}

  @Override
  public String name() {
    return "vector float32";
  }

  @Override
  protected Loop newLoop(Formula formula) {
    return new Loop(formula, portable.writer(), writer, isPatient());
  }

  @Override
  public double share(String function, int arity) {
    return Math.max(writer.share(function, arity), portable.share(function, arity));
  }

  @Override
  protected Fold newFold(String function, String fold) {
    List<Object> constants = List.of(specializer.get(function, 2), specializer.get(fold, 2));
    FloatFoldLoops vectors = specializer.copy(FloatFoldLoops.class, FloatFoldLoop.class, constants);
    return portable.newFold(function, fold, vectors);
  }

  @Override
  protected FloatRunLoops runLoops() {
    return specializer.copy(
        FloatRunLoops.class, FloatRunLoop.class, List.of(), portable.runLoops());
  }

  @Override
  protected FloatColumnLoops columnLoops() {
    return specializer.copy(
        FloatColumnLoops.class, FloatColumnLoop.class, List.of(), portable.columnLoops());
  }

  /** The copies of the tile, made when something is multiplied. */
  private static final class Tile {

    /** All but 256-bit vectors come with 32 registers (AVX-512, NEON, SVE). */
    static final int ROWS = FloatVector.SPECIES_PREFERRED.vectorBitSize() == 256 ? 4 : 8;

    static final FloatTileLoop PANELS = copy(true, true);
    static final FloatTileLoop PANELS_AND_TABLE = copy(true, false);
    static final FloatTileLoop ROWS_AND_MATRIX = copy(false, true);
    static final FloatTileLoop ROWS_AND_TABLE = copy(false, false);

    private static FloatTileLoop copy(boolean isPanel, boolean isPlain) {
      return new Specializer(MethodHandles.lookup(), FloatVector.class)
          .copy(FloatTileLoop.class, FloatVectorTile.class, List.of(isPanel, isPlain));
    }

    static FloatTileLoop of(Tiles operands, int rows, int aRow) {
      boolean isPanel = rows == ROWS && operands.isPanel(aRow, rows);
      if (operands.bRows().length == 0) {
        return isPanel ? PANELS : ROWS_AND_MATRIX;
      }
      return isPanel ? PANELS_AND_TABLE : ROWS_AND_TABLE;
    }
  }

  @Override
  public int tileRows() {
    return Tile.ROWS;
  }

  @Override
  public int tileColumns() {
    return 2 * FloatVector.SPECIES_PREFERRED.length();
  }

  @Override
  public int rowColumns() {
    return 8 * FloatVector.SPECIES_PREFERRED.length();
  }

  @Override
  public void tile(
      Tiles operands, int rows, int columns, int depth, int aFrom, int aRow, int bFrom, int cFrom) {
    Tile.of(operands, rows, aRow).add(operands, rows, columns, depth, aFrom, aRow, bFrom, cFrom);
  }

  @Override
  public void pack(Matrix x, Object out, int outFrom, int width) {
    if (isPatient() && packed < PACKED_FIRST) {
      packed += (long) x.rows() * x.columns(); // about: threads may overlook one another
      super.pack(x, out, outFrom, width);
    } else {
      FloatVectorPanels.pack(x, (float[]) out, outFrom, width);
    }
  }

  @Override
  public void correlate(ConvLayout layout, Matrix x, Span w, Matrix y) {
    FloatVectorStencil.correlate(layout, x, w, y);
  }

  @Override
  public void correlateRows(ConvLayout layout, Matrix x, Matrix g, Matrix sums) {
    FloatVectorStencil.correlateRows(layout, x, g, sums);
  }
}
