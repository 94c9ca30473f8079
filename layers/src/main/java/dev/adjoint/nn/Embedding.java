package dev.adjoint.nn;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.op.Indexing;
import dev.adjoint.op.Where;
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
public final class Embedding extends Layer implements TokenTransform {

  private static final int NONE = Integer.MAX_VALUE; // which no row is

  private final int rows = size("rows").get();
  private final int width = size("width").get();
  private final Setting<Integer> paddingIndex = integer("padding_index", NONE);
  private final Weight weight;

  /** Creates a table. */
  public Embedding(int rows, int width, Generator generator) {
    this(Description.of(Embedding::new).set("rows", rows).set("width", width).with(generator));
  }

  /** Creates a layer of an existing table, shared with all other layers that hold it. */
  public Embedding(Weight weight) {
    this(
        Description.of(Embedding::new)
            .set("rows", weight.shape().size(0))
            .set("width", weight.shape().size(1))
            .with("weight", weight));
  }

  /** Creates a layer from its description. */
  public Embedding(Description from) {
    super(from);
    weight = parameter("weight", Shape.of(rows, width), s -> from.generator().normal(rows, width));
  }

  /** Makes one row stand for padding: zeros, which are never learned. */
  public Embedding paddingIndex(int row) {
    if (row < 0 || row >= rows) {
      throw new IllegalArgumentException(
          "%s: padding index %d; expected 0 to %d".formatted(this, row, rows - 1));
    }
    paddingIndex.set(row);
    Tensor other = IntTensor.range(rows).notEqual(row, weight.dtype());
    weight.assign(weight.value().times(other.unsqueeze(1)));
    return this;
  }

  /** Returns the rows at the indices. */
  @Override
  public Tensor forward(IntTensor indices) {
    Tensor vectors = Indexing.embedding(weight.value(), indices);
    if (paddingIndex.get() == NONE) {
      return observed(vectors);
    }
    Tensor isPadding = indices.equal(paddingIndex.get(), vectors.dtype()).unsqueeze(-1);
    return observed(Where.where(isPadding, Autodiff.stopGradient(vectors), vectors));
  }
}
