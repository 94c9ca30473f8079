package dev.adjoint.op;

import dev.adjoint.op.Contraction.Labeled;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Products of tensors of any number of axes: sums over pairs of axes, all products of elements, all
 * pairs of coordinates. For products of other kinds see {@link Einsum}.
 */
public final class Products {

  private Products() {}

  /**
   * Multiplies two tensors and sums over the last axes of the first and as many first axes of the
   * second, as {@code torch.tensordot}.
   *
   * @param axes how many; with 2, PyTorch's default, all products of matrices are summed
   * @return of the axes of a that are left, then those of b
   */
  public static Tensor tensordot(Tensor a, Tensor b, int axes) {
    if (axes < 0 || axes > Math.min(a.rank(), b.rank())) {
      throw new IllegalArgumentException(
          "tensordot: %d axes of shapes %s and %s; expected 0 to %d"
              .formatted(axes, a.shape(), b.shape(), Math.min(a.rank(), b.rank())));
    }
    int[] last = IntStream.range(a.rank() - axes, a.rank()).toArray();
    return tensordot(a, b, last, IntStream.range(0, axes).toArray());
  }

  /**
   * Multiplies two tensors and sums over pairs of axes, which have one size, or the size 1, which
   * broadcasts.
   *
   * @param axesOfA each once
   * @param axesOfB as many: the first runs together with the first of a, and so on
   * @return of the axes of a that are left, then those of b
   */
  public static Tensor tensordot(Tensor a, Tensor b, int[] axesOfA, int[] axesOfB) {
    int[] first = resolved(a, axesOfA);
    int[] second = resolved(b, axesOfB);
    int[] labelsOfA = IntStream.range(0, a.rank()).toArray();
    int[] labelsOfB = IntStream.range(a.rank(), a.rank() + b.rank()).toArray();
    boolean fits = first.length == second.length;
    for (int i = 0; fits && i < first.length; i++) {
      int m = a.size(first[i]);
      int n = b.size(second[i]);
      fits = m == n || m == 1 || n == 1;
      labelsOfB[second[i]] = first[i];
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "tensordot: axes %s of shape %s and axes %s of shape %s; expected as many, and pairs of equal sizes, or 1"
              .formatted(Arrays.toString(axesOfA), a.shape(), Arrays.toString(axesOfB), b.shape()));
    }
    int[] left =
        IntStream.concat(Arrays.stream(labelsOfA), Arrays.stream(labelsOfB))
            .filter(label -> Arrays.stream(first).noneMatch(axis -> axis == label))
            .toArray();
    return Contraction.contract(
        List.of(new Labeled(a, labelsOfA), new Labeled(b, labelsOfB)), left);
  }

  private static int[] resolved(Tensor x, int[] axes) {
    if (axes.length > 0) {
      var _ = x.shape().axes("tensordot", axes); // each once
    }
    return Arrays.stream(axes).map(axis -> x.shape().axis("tensordot", axis)).toArray();
  }

  /**
   * Returns the Kronecker product, as {@code torch.kron}: each element of a, times all of b. The
   * tensor of fewer axes gets leading ones of size 1.
   *
   * @return as long along each axis as the product of both sizes
   */
  public static Tensor kron(Tensor a, Tensor b) {
    int rank = Math.max(a.rank(), b.rank());
    Tensor coarse = withRank(a, rank);
    for (int axis = 0; axis < rank; axis++) {
      coarse = coarse.repeat(axis < rank - b.rank() ? 1 : b.size(axis - rank), axis);
    }
    return coarse.times(withRank(b, rank).tile(withRank(a, rank).shape().toArray()));
  }

  private static Tensor withRank(Tensor x, int rank) {
    int[] sizes = new int[rank];
    Arrays.setAll(sizes, axis -> axis < rank - x.rank() ? 1 : x.size(axis - rank));
    return x.reshape(sizes);
  }

  /** Along which axes of a grid its coordinates run. */
  public enum Axes {
    /** The first along the first axis, and so on: as indices of matrices. */
    IJ,
    /** The first along the second axis, the second along the first: as x and y of pictures. */
    XY
  }

  /**
   * Returns the coordinates of the points of a grid, as {@code torch.meshgrid}: views.
   *
   * @param vectors the coordinates along each axis, of shape (n)
   * @return for each vector its coordinate at each point, all of one shape
   */
  public static List<Tensor> meshgrid(Axes axes, Tensor... vectors) {
    int n = vectors.length;
    int[] order = IntStream.range(0, n).toArray();
    if (axes == Axes.XY && n > 1) {
      order[0] = 1;
      order[1] = 0;
    }
    long[] sizes = new long[n];
    for (int i = 0; i < n; i++) {
      if (vectors[i].rank() != 1) {
        throw new IllegalArgumentException(
            "meshgrid: vector %d of shape %s; expected one axis".formatted(i, vectors[i].shape()));
      }
      sizes[order[i]] = vectors[i].size();
    }
    Shape grid = Shape.of("meshgrid", sizes);
    return IntStream.range(0, n)
        .mapToObj(i -> vectors[i].reshape(Shape.along(order[i], vectors[i].size(), n)).expand(grid))
        .toList();
  }
}
