package dev.adjoint.op;

import static java.util.Objects.requireNonNull;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Reads signals, images and volumes at any positions, as {@code torch.nn.functional.grid_sample}:
 *
 * <pre>{@code
 * Tensor theta = Tensor.of(new float[][][] {{{0.5f, 0, 0}, {0, 0.5f, 0}}}); // the middle, enlarged
 * Tensor grid = Sampling.affineGrid(theta, false, 32, 32);
 * Tensor y = Sampling.BILINEAR.gridSample(x, grid, Sampling.Outside.ZEROS, false);
 * }</pre>
 *
 * <p>Results are differentiable in the image and, but for {@link #NEAREST}, in the positions, where
 * a spatial transformer learns. In a mapped function the image may be an example's, positions may
 * not: they are read out, to find the elements around.
 */
public enum Sampling {
  /** The nearest element; of two at the same distance, the even one. */
  NEAREST(1) {
    @Override
    Tensor weight(Tensor from, int tap) {
      return Tensors.ones(from.shape(), from.dtype());
    }
  },

  /** Between the two elements around the position, axis by axis. */
  BILINEAR(2) {
    @Override
    Tensor weight(Tensor from, int tap) {
      return tap == 0 ? from.neg().plus(1) : from;
    }
  },

  /** By cubic polynomials between four elements an axis, with slope -0.75. */
  BICUBIC(4) {
    @Override
    Tensor weight(Tensor from, int tap) {
      Tensor d = tap < 2 ? from.plus(1.0 - tap) : from.neg().plus(tap - 1.0);
      return tap == 1 || tap == 2
          ? d.times(1.25).minus(2.25).times(d).times(d).plus(1)
          : d.times(SLOPE).minus(5 * SLOPE).times(d).plus(8 * SLOPE).times(d).minus(4 * SLOPE);
    }
  };

  private static final double SLOPE = -0.75;

  /** Positions are counted up to here: no axis is as long. */
  private static final double FAR = 1 << 30;

  /** What is read outside of an image. */
  public enum Outside {
    /** Zeros. */
    ZEROS,

    /** The nearest element inside. */
    BORDER,

    /** The image as in mirrors at its edges: the middles of its outer elements, if aligned. */
    REFLECTION;

    /** Returns positions of an axis of n elements that lie inside of it, unless there are zeros. */
    private Tensor moved(Tensor places, int n, boolean aligned) {
      if (n == 0 || this == ZEROS) {
        return places;
      }
      double low = aligned ? 0 : -0.5;
      double span = aligned ? n - 1 : n;
      if (this == REFLECTION && span > 0) {
        Tensor way = places.minus(low).abs();
        Tensor turns = way.untracked().div(span).floor();
        Tensor odd = turns.remainder(2);
        Tensor back = odd.times(-2).plus(1); // -1 on the way back
        return way.minus(turns.plus(odd).times(span)).times(back).plus(low).clamp(0, n - 1);
      }
      return places.clamp(0, n - 1);
    }

    /** Returns the element that stands at a place, or -1 for a zero. */
    private int element(int place, int n, boolean aligned) {
      if (place >= 0 && place < n) {
        return place;
      }
      if (this == REFLECTION && n > 1) {
        int span = aligned ? 2 * (n - 1) : 2 * n;
        int way = Math.floorMod(place, span);
        return way < n ? way : span - way - (aligned ? 0 : 1);
      }
      return this == ZEROS ? -1 : Math.clamp(place, 0, n - 1);
    }
  }

  private final int taps;

  Sampling(int taps) {
    this.taps = taps;
  }

  /** Returns the weight of a tap, by how far the position lies behind the element below. */
  abstract Tensor weight(Tensor from, int tap);

  /**
   * Reads an image at the positions of a grid.
   *
   * @param x of shape (N, C, sizes...), with one to three sizes
   * @param grid of shape (N, new sizes..., axes): positions from -1 to 1, of the last axis first
   * @param aligned whether -1 and 1 are the middles of the first and last element, and not the
   *     outer edges of these
   * @return of shape (N, C, new sizes...)
   * @throws IllegalArgumentException if shapes do not fit
   */
  public Tensor gridSample(Tensor x, Tensor grid, Outside outside, boolean aligned) {
    int axes = x.rank() - 2;
    if (axes < 1
        || grid.rank() != axes + 2
        || grid.size(-1) != axes
        || grid.size(0) != x.size(0)
        || x.size() == 0) {
      throw new IllegalArgumentException(
          "gridSample: images of shape %s and a grid of shape %s; expected (N, C, sizes...), not empty, and (N, new sizes..., axes)"
              .formatted(x.shape(), grid.shape()));
    }
    int points = grid.size() / (grid.size(0) * axes);
    Tensor flat = grid.to(x.dtype()).reshape(grid.size(0), points, axes);
    Tensor[] places = new Tensor[axes];
    for (int i = 0; i < axes; i++) {
      int n = x.size(i + 2);
      Tensor at = flat.select(2, axes - 1 - i).plus(1);
      places[i] = aligned ? at.times((n - 1) / 2.0) : at.times(n / 2.0).minus(0.5);
    }
    int[] sizes = grid.shape().toArray();
    System.arraycopy(sizes, 1, sizes, 2, axes);
    sizes[1] = x.size(1);
    return sample(x, outside, aligned, places).reshape(sizes);
  }

  /**
   * Reads an image at positions in elements: 0 is the middle of the first one.
   *
   * @param x of shape (N, C, sizes...)
   * @param places for each of the sizes, of shape (N, points)
   * @return of shape (N, C, points)
   */
  public Tensor sample(Tensor x, Outside outside, Tensor... places) {
    return sample(x, outside, true, places);
  }

  private Tensor sample(Tensor x, Outside outside, boolean aligned, Tensor... places) {
    int axes = places.length;
    Shape shape = places[0].shape();
    int size = x.size() / (x.size(0) * x.size(1)); // there, an element of zero is added
    Tensor lines = x.reshape(x.size(0), x.size(1), size).pad(2, 0, 1, 0);
    Tensor[] from = new Tensor[axes]; // how far behind the element below
    int[][] first = new int[axes][shape.size()];
    for (int i = 0; i < axes; i++) {
      Tensor place = outside.moved(places[i], this == BICUBIC ? 0 : x.size(i + 2), aligned);
      double[] below = place.untracked().toDoubleArray();
      for (int k = 0; k < below.length; k++) {
        below[k] = this == NEAREST ? Math.rint(below[k]) : Math.floor(below[k]);
        first[i][k] = (int) Math.clamp(below[k], -FAR, FAR) - (this == BICUBIC ? 1 : 0);
      }
      from[i] = place.minus(Tensor.of(below, shape.toArray()).to(place.dtype()));
    }
    Tensor y = null;
    for (int tap = 0; tap < Math.pow(taps, axes); tap++) {
      int[] index = new int[shape.size()];
      Tensor weight = null;
      for (int i = 0, rest = tap; i < axes; i++, rest /= taps) {
        int step = rest % taps;
        int n = x.size(i + 2);
        for (int k = 0; k < index.length; k++) {
          int place = outside.element(first[i][k] + step, n, aligned);
          index[k] = place < 0 || index[k] == size ? size : index[k] * n + place;
        }
        Tensor along = weight(from[i], step);
        weight = weight == null ? along : weight.times(along);
      }
      IntTensor read = IntTensor.of(index, shape.size(0), 1, shape.size(1));
      Tensor part =
          Indexing.takeAlongAxis(lines, 2, read).times(requireNonNull(weight).unsqueeze(1));
      y = y == null ? part : y.plus(part);
    }
    return requireNonNull(y);
  }

  /**
   * Returns the grid that reads an image through an affine map, as PyTorch's {@code affine_grid}.
   *
   * @param theta of shape (N, axes, axes + 1): from new positions, and 1, to those that are read
   * @param sizes of the new image, without N and C
   * @return of shape (N, sizes..., axes)
   */
  public static Tensor affineGrid(Tensor theta, boolean aligned, int... sizes) {
    int axes = sizes.length;
    if (theta.rank() != 3 || theta.size(1) != axes || theta.size(2) != axes + 1) {
      throw new IllegalArgumentException(
          "affineGrid: theta of shape %s for the sizes %s; expected (N, %d, %d)"
              .formatted(theta.shape(), Arrays.toString(sizes), axes, axes + 1));
    }
    Shape all = Shape.of("affineGrid", Arrays.stream(sizes).asLongStream().toArray());
    long[] result = new long[axes + 2];
    Arrays.setAll(result, i -> i == 0 ? theta.size(0) : i <= axes ? sizes[i - 1] : axes);
    Shape shape = Shape.of("affineGrid", result);
    Tensor[] columns = new Tensor[axes + 1];
    for (int i = 0; i < axes; i++) {
      int n = sizes[axes - 1 - i]; // the last axis first
      double step = aligned ? 2 / Math.max(1.0, n - 1) : 2.0 / n;
      double[] places =
          IntStream.range(0, n).mapToDouble(k -> (k - (n - 1) / 2.0) * step).toArray();
      int[] along = Shape.along(0, n, i + 1).toArray();
      columns[i] = Tensor.of(places, along).to(theta.dtype()).expand(all);
    }
    columns[axes] = Tensors.ones(all, theta.dtype());
    Tensor base = Joining.stack(axes, columns).reshape(all.size(), axes + 1);
    return base.matmul(theta.transpose()).reshape(shape);
  }
}
