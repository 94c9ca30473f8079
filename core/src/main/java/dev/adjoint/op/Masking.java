package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.op.Indexing.Gather;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * Elements chosen by a mask, in which everything but 0 is yes.
 *
 * <p>No gradient flows to a mask.
 */
public final class Masking {

  private Masking() {}

  /**
   * Returns the index along each axis of the elements that are not 0, in reading order, as {@code
   * torch.nonzero}.
   *
   * @return of shape (count, rank of x)
   */
  public static IntTensor nonzero(Tensor x) {
    int[] places = places(x);
    int rank = x.rank();
    int[] indices = new int[places.length * rank];
    for (int i = 0; i < places.length; i++) {
      System.arraycopy(x.shape().unravel(places[i]), 0, indices, i * rank, rank);
    }
    return IntTensor.of(indices, places.length, rank);
  }

  /**
   * Returns the elements where a mask is not 0, in reading order, as {@code torch.masked_select}.
   *
   * @param mask broadcasts with x
   * @return of shape (count)
   */
  public static Tensor maskedSelect(Tensor x, Tensor mask) {
    Shape shape = Shape.broadcast("maskedSelect", x.shape(), mask.shape());
    IntTensor places = IntTensor.of(places(mask.expand(shape)));
    return Recorder.apply(new Gather(0, places, true), x.expand(shape).reshape(shape.size()));
  }

  /**
   * Returns x with a number in place of the elements where the mask is not 0. Neither the number
   * nor the mask has a gradient.
   *
   * @param mask broadcasts to the shape of x
   */
  public static Tensor maskedFill(Tensor x, Tensor mask, double value) {
    requireBroadcast("maskedFill", mask, x);
    return Where.where(mask, Tensor.scalar(value, x.dtype()), x);
  }

  /**
   * Returns x with the first elements of a source, in reading order, in place of those where a mask
   * is not 0, as {@code torch.masked_scatter}.
   *
   * @param mask broadcasts to the shape of x
   * @param source of any shape, with at least as many elements as the mask names
   * @return of the shape of x
   */
  public static Tensor maskedScatter(Tensor x, Tensor mask, Tensor source) {
    requireBroadcast("maskedScatter", mask, x);
    int[] places = places(mask.expand(x.shape()));
    if (source.size() < places.length) {
      throw new IllegalArgumentException(
          "maskedScatter: source of shape %s for %d elements of shape %s; expected as many, or more"
              .formatted(source.shape(), places.length, x.shape()));
    }
    Tensor chosen = source.reshape(source.size()).slice(0, 0, places.length);
    return Scattering.overwrite(x, 1, places, chosen);
  }

  private static void requireBroadcast(String operation, Tensor mask, Tensor x) {
    if (!mask.shape().broadcastsTo(x.shape())) {
      throw new IllegalArgumentException(
          "%s: mask of shape %s for shape %s; expected one that broadcasts to it"
              .formatted(operation, mask.shape(), x.shape()));
    }
  }

  /** Returns the positions in reading order of the elements that are not 0. */
  private static int[] places(Tensor mask) {
    double[] values = mask.untracked().toDoubleArray();
    int[] places = new int[values.length];
    int count = 0;
    for (int i = 0; i < values.length; i++) {
      places[count] = i; // without a branch, which a processor would guess wrong
      count += values[i] != 0 ? 1 : 0;
    }
    return Arrays.copyOf(places, count);
  }
}
