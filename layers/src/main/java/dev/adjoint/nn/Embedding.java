package dev.adjoint.nn;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.op.Indexing;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Replaces each index by its row of a table: from (...) to (..., width).
 *
 * <p>The table, named weight, has the shape (rows, width) and starts with numbers of the standard
 * normal distribution.
 */
public final class Embedding extends Layer {

  private final int rows;
  private final int width;
  private final Parameter weight;

  /** Creates a float32 table. */
  public Embedding(int rows, int width, Generator generator) {
    this(rows, width, DType.FLOAT32, generator);
  }

  /** Creates a table. */
  public Embedding(int rows, int width, DType dtype, Generator generator) {
    if (rows < 1 || width < 1) {
      throw new IllegalArgumentException(
          "Embedding: %d rows of width %d; expected at least 1 of both".formatted(rows, width));
    }
    this.rows = rows;
    this.width = width;
    weight = parameter("weight", generator.normal(0, 1, Shape.of(rows, width), dtype));
  }

  /** Returns the rows at the indices. */
  public Tensor forward(IntTensor indices) {
    return Indexing.embedding(weight.value(), indices);
  }

  @Override
  public String toString() {
    return "Embedding(%d, %d)".formatted(rows, width);
  }
}
