package dev.adjoint.kernel.vector;

import dev.adjoint.kernel.Tiles;

/** Adds a product to a tile. */
interface FloatTileLoop {

  /** Adds to a tile of c, as {@code Kernels.tile} says. */
  void add(Tiles t, int rows, int columns, int depth, int aFrom, int aRow, int bFrom, int cFrom);
}
