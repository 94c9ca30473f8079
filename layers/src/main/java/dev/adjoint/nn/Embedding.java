package dev.adjoint.nn;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.op.Indexing;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;

/**
 * Replaces each index by its row of a table: from (...) to (..., width).
 *
 * <p>The table, named weight, has the shape (rows, width) and starts with numbers of the standard
 * normal distribution.
 */
public final class Embedding extends Layer {

  private static final int NONE = -1;

  private final Weight weight;
  private int paddingIndex = NONE;

  /** Creates a table. */
  public Embedding(int rows, int width, Generator generator) {
    if (rows < 1 || width < 1) {
      throw new IllegalArgumentException(
          "Embedding: %d rows of width %d; expected at least 1 of both".formatted(rows, width));
    }
    weight = parameter("weight", generator.normal(rows, width));
  }

  /** Creates a layer of an existing table, which it shares with whoever else holds it. */
  public Embedding(Weight weight) {
    this.weight = weight("weight", weight);
  }

  /** Makes one row stand for padding: zeros, which are never learned. */
  public Embedding paddingIndex(int row) {
    int rows = weight.shape().size(0);
    if (row < 0 || row >= rows) {
      throw new IllegalArgumentException(
          "%s: padding index %d; expected 0 to %d".formatted(this, row, rows - 1));
    }
    paddingIndex = row;
    Tensor other = IntTensor.range(rows).notEqual(row, weight.dtype());
    weight.assign(weight.value().times(other.unsqueeze(1)));
    return this;
  }

  /** Returns the rows at the indices. */
  public Tensor forward(IntTensor indices) {
    Tensor rows = Indexing.embedding(weight.value(), indices);
    if (paddingIndex == NONE) {
      return observed(rows);
    }
    Tensor isPadding = indices.equal(paddingIndex, rows.dtype()).unsqueeze(-1);
    return observed(Where.where(isPadding, Autodiff.stopGradient(rows), rows));
  }

  @Override
  protected Embedding copy(Copies copies) {
    Embedding copy = new Embedding(copies.of(weight));
    copy.paddingIndex = paddingIndex;
    return copy;
  }

  @Override
  public String toString() {
    return line(
        Integer.toString(weight.shape().size(0)),
        Integer.toString(weight.shape().size(1)),
        paddingIndex == NONE ? "" : "padding index " + paddingIndex);
  }
}
