package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/**
 * Adds to each position of a sequence sines and cosines of its index (Vaswani et al. 2017,
 * arXiv:1706.03762, section 3.5). Nothing is learned.
 */
public final class PositionalEncoding extends Layer implements Transform {

  private final Tensor table = fixed("table");

  /**
   * Creates the encodings of a number of positions.
   *
   * @param positions the length of the longest sequence
   */
  public PositionalEncoding(int positions, int width) {
    this(Description.of(PositionalEncoding::new).with("table", sinusoids(positions, width)));
  }

  /** Creates a layer from its description. */
  public PositionalEncoding(Description from) {
    super(from);
    if (table.rank() != 2) {
      throw new IllegalArgumentException(
          "PositionalEncoding: table of shape %s; expected (positions, width)"
              .formatted(table.shape()));
    }
  }

  /**
   * Returns the encodings: {@code sin(t / 10000^(i / width))} of position t in each even column i,
   * and the cosine of the same in the column after it.
   *
   * @return of shape (positions, width), float64
   */
  public static Tensor sinusoids(int positions, int width) {
    if (positions < 1 || width < 1) {
      throw new IllegalArgumentException(
          "PositionalEncoding: %d positions of width %d; expected at least 1 of both"
              .formatted(positions, width));
    }
    Tensor even = Tensors.arange(0, width, 2, DType.FLOAT64);
    Tensor frequency = even.times(-Math.log(10_000) / width).exp();
    Tensor angle = Tensors.arange(0, positions, 1, DType.FLOAT64).unsqueeze(1).times(frequency);
    Tensor pairs = Joining.stack(2, angle.sin(), angle.cos());
    return pairs.flatten(1, 2).slice(1, 0, width);
  }

  /**
   * Returns the sequence plus the encodings.
   *
   * @param x of shape (..., T, width)
   */
  @Override
  public Tensor forward(Tensor x) {
    return forward(x, 0);
  }

  /**
   * Returns the sequence, of which so many positions came before, plus the encodings.
   *
   * @param x of shape (..., T, width)
   */
  public Tensor forward(Tensor x, int first) {
    int most = table.size(0) - first;
    requireInput(
        x.rank() >= 2 && x.size(-1) == table.size(1) && x.size(-2) <= most,
        x,
        () -> "(..., T, %d), T at most %d".formatted(table.size(1), most));
    return observed(x.plus(table.slice(0, first, first + x.size(-2)).to(x.dtype())));
  }

  @Override
  public String toString() {
    return line(Integer.toString(table.size(0)), Integer.toString(table.size(1)));
  }
}
