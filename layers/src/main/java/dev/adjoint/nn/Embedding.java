package dev.adjoint.nn;

import dev.adjoint.op.Indexing;
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

  private final Weight weight;

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

  /** Returns the rows at the indices. */
  public Tensor forward(IntTensor indices) {
    return observed(Indexing.embedding(weight.value(), indices));
  }

  @Override
  protected Embedding copy(Copies copies) {
    return new Embedding(copies.of(weight));
  }

  @Override
  public String toString() {
    return "Embedding(%d, %d)".formatted(weight.shape().size(0), weight.shape().size(1));
  }
}
