package dev.adjoint.op;

import dev.adjoint.autodiff.Examples;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.op.Indexing.Gather;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.DoubleStream;

/**
 * Sorting, and what is read off sorted elements.
 *
 * <p>Elements are put in order by their values, of which NaN is the largest and -0 equals 0, as
 * PyTorch does; equal ones stay in their order. What is returned is picked from the input by index,
 * so that gradients of every order flow to where it was.
 */
public final class Ordering {

  private Ordering() {}

  /** Says which rank among the sorted elements of a row is the j-th of its results. */
  private interface Choice {
    int rank(SortKeys sorted, int j);
  }

  /** Sorts along an axis. */
  public static Indexed sort(Tensor x, int axis, boolean descending) {
    return chosen(x, axis, argsort("sort", x, axis, descending));
  }

  /** Returns the indices with which {@link Indexing#takeAlongAxis} sorts along an axis. */
  public static IntTensor argsort(Tensor x, int axis, boolean descending) {
    return argsort("argsort", x, axis, descending);
  }

  private static IntTensor argsort(String name, Tensor x, int axis, boolean descending) {
    Shape shape = Movement.withAxis(x).shape();
    int n = shape.size(shape.axis(name, axis));
    return first(name, x, n, axis, descending);
  }

  /** Returns the first k of the elements sorted along an axis. */
  public static Indexed topK(Tensor x, int k, int axis, boolean largest) {
    return chosen(x, axis, first("topK", x, k, axis, largest));
  }

  private static IntTensor first(String name, Tensor x, int k, int axis, boolean descending) {
    Tensor line = Movement.withAxis(x);
    int resolved = line.shape().axis(name, axis);
    if (k < 0 || k > line.size(resolved)) {
      throw new IllegalArgumentException(
          "%s: k is %d for axis %d of shape %s; expected 0 to %d"
              .formatted(name, k, resolved, x.shape(), line.size(resolved)));
    }
    IntTensor indices = choose(line, resolved, k, descending, k, (_, j) -> j);
    return x.rank() == 0 && k == 1 ? indices.reshape() : indices;
  }

  /** Picks elements of which none is picked twice. */
  private static Indexed chosen(Tensor x, int axis, IntTensor indices) {
    Tensor line = Movement.withAxis(x);
    int resolved = line.shape().axis("sort", axis);
    IntTensor places = x.rank() == 0 ? indices.reshape(indices.size()) : indices;
    Tensor values = Recorder.apply(new Gather(resolved, places, true), places.examples(), line);
    return new Indexed(values.reshape(indices.shape().toArray()), indices);
  }

  /** Returns the median of all elements. */
  public static Tensor median(Tensor x) {
    if (x.size() == 0) {
      return x.mean(); // NaN
    }
    Tensor flat = x.reshape(x.size());
    Tensor median = median(flat, 0).values();
    Tensor equal = Masking.maskedSelect(flat, flat.untracked().equal(median.untracked()));
    return equal.size() == 0 ? median : equal.max(); // NaN equals nothing
  }

  /** Returns the median along an axis. */
  public static Indexed median(Tensor x, int axis) {
    Tensor line = Movement.withAxis(x);
    int resolved = line.shape().axis("median", axis);
    int n = line.size(resolved);
    if (n == 0) {
      throw new IllegalArgumentException(
          "median: no elements to choose from along axis %d of shape %s"
              .formatted(resolved, x.shape()));
    }
    int[] sizes = line.shape().reduced(new int[] {resolved}, false).toArray();
    Indexed kept = chosen(line, resolved, ranked(line, resolved, (n - 1) / 2));
    return new Indexed(kept.values().reshape(sizes), kept.indices().reshape(sizes));
  }

  /** Returns a quantile over axes. */
  public static Tensor quantile(Tensor x, double q, boolean keep, int... axes) {
    return quantiles(x, DoubleStream.of(q).toArray(), axes)
        .reshape(x.shape().reduced(x.shape().axes("quantile", axes), keep));
  }

  /** Returns several quantiles over axes, along a new first axis. */
  public static Tensor quantile(Tensor x, double[] q, int... axes) {
    Tensor rows = quantiles(x, q, axes);
    return Movement.moved(rows, rows.rank() - 1, 0);
  }

  /** Returns quantiles along a new last axis. */
  private static Tensor quantiles(Tensor x, double[] q, int... axes) {
    int[] resolved = x.shape().axes("quantile", axes);
    Tensor rows = RowOp.lastAxis(x, resolved);
    int last = rows.rank() - 1;
    int n = rows.size(last);
    if (n == 0) {
      throw new IllegalArgumentException(
          "quantile: no elements to choose from along axes %s of shape %s"
              .formatted(Arrays.toString(resolved), x.shape()));
    }
    int[] ranks = new int[2 * q.length];
    double[] weights = Buffers.zeroedDoubles(q.length);
    for (int i = 0; i < q.length; i++) {
      if (!(q[i] >= 0 && q[i] <= 1)) {
        throw new IllegalArgumentException("quantile: q is %s; expected 0 to 1".formatted(q[i]));
      }
      double at = q[i] * (n - 1);
      ranks[i] = (int) at;
      ranks[q.length + i] = (int) Math.ceil(at);
      weights[i] = at - ranks[i];
    }
    IntTensor index = ranked(rows, last, ranks);
    Tensor both = Recorder.apply(new Gather(last, index, false), index.examples(), rows);
    Tensor low = both.slice(last, 0, q.length);
    Tensor high = both.slice(last, q.length, 2 * q.length);
    Tensor between = low.plus(high.minus(low).times(Tensor.of(weights).to(x.dtype())));
    Tensor infinite = low.untracked().abs().equal(Double.POSITIVE_INFINITY);
    return Where.where(infinite, low.plus(high), between); // their difference may be NaN
  }

  /** Returns the elements without repetition, in ascending order. */
  public static Unique<Tensor> unique(Tensor x) {
    Tensor flat = x.reshape(x.size());
    double[] values = flat.untracked().toDoubleArray();
    SortKeys keys = new SortKeys(values.length);
    for (int i = 0; i < values.length; i++) {
      keys.add(SortKeys.of(values[i]), i);
    }
    Unique<IntTensor> places = unique(keys, x.shape());
    Tensor picked = Recorder.apply(new Gather(0, places.values(), true), flat);
    return new Unique<>(picked, places.inverse(), places.counts());
  }

  /** Returns the elements without repetition, in ascending order. */
  public static Unique<IntTensor> unique(IntTensor x) {
    SortKeys keys = new SortKeys(x.size());
    for (int i = 0; i < x.size(); i++) {
      keys.add(x.get(i), i);
    }
    Unique<IntTensor> places = unique(keys, x.shape());
    IntTensor picked = x.reshape(x.size()).indexSelect(places.values());
    return new Unique<>(picked, places.inverse(), places.counts());
  }

  /** Returns the positions of the first elements of each value in place of the values. */
  private static Unique<IntTensor> unique(SortKeys keys, Shape shape) {
    keys.sort();
    int n = keys.count();
    int[] first = new int[n];
    int[] counts = new int[n];
    int[] inverse = new int[n];
    int values = 0;
    for (int i = 0; i < n; i++) {
      long key = keys.key(i);
      if (i == 0 || key != keys.key(i - 1) || key == SortKeys.NAN) {
        first[values++] = keys.position(i);
      }
      counts[values - 1]++;
      inverse[keys.position(i)] = values - 1;
    }
    return new Unique<>(
        IntTensor.of(Arrays.copyOf(first, values)),
        IntTensor.of(inverse, shape.toArray()),
        IntTensor.of(Arrays.copyOf(counts, values)));
  }

  /** Returns the indices of elements of certain ascending ranks; of the first NaN if there is. */
  private static IntTensor ranked(Tensor x, int axis, int... ranks) {
    int n = x.size(axis);
    return choose(
        x,
        axis,
        n,
        false,
        ranks.length,
        (sorted, j) -> {
          int rank = sorted.key(n - 1) == SortKeys.NAN ? n - 1 : ranks[j];
          while (rank > 0 && sorted.key(rank - 1) == SortKeys.NAN) {
            rank--;
          }
          return rank;
        });
  }

  /**
   * Sorts the first k elements of every row along an axis, and returns the indices of those chosen.
   *
   * <p>A row is read into a table of twice k elements; when it is full it is sorted and the second
   * half is given up, and from then on elements that come after the first k are not even entered.
   */
  private static IntTensor choose(
      Tensor x, int axis, int k, boolean descending, int results, Choice choice) {
    Examples<Tensor> examples = x.examples();
    if (examples != null) {
      IntTensor ofAll = choose(examples.all(), axis + 1, k, descending, results, choice);
      return IntTensor.example(examples.with(ofAll));
    }
    Recorder.checkReadOut(x.untracked());
    Shape shape = x.shape().with("sort", axis, results);
    int[] indices = new int[shape.size()];
    int n = x.size(axis);
    if (indices.length > 0) {
      Tensor source = Engine.packed(x);
      Object array = Engine.array(source);
      Elements type = Elements.of(array);
      int inner = source.shape().strides()[axis];
      int most = (int) Math.min(n, Math.max(64, 2L * k));
      long flip = descending ? -1 : 0;
      int rows = indices.length / results;
      Parallel.runRanges(
          rows,
          n,
          1 << 13,
          15L * rows * n,
          (from, to) -> {
            SortKeys keys = new SortKeys(most);
            for (int row = from; row < to; row++) {
              int column = row % inner;
              int start = source.offset() + (row - column) * n + column;
              long limit = Long.MAX_VALUE; // more than any key
              keys.keep(0);
              for (int i = 0; i < n; i++) {
                long key = SortKeys.of(type.get(array, start + i * inner)) ^ flip;
                if (key < limit) {
                  if (keys.count() == most) {
                    keys.sort();
                    keys.keep(k);
                    limit = keys.key(k - 1);
                  }
                  if (key < limit) {
                    keys.add(key, i);
                  }
                }
              }
              keys.sort();
              for (int j = 0; j < results; j++) {
                indices[(row - column) * results + j * inner + column] =
                    keys.position(choice.rank(keys, j));
              }
            }
          });
    }
    x.checkAfterReading();
    return IntTensor.of(indices, shape.toArray());
  }

  /**
   * Numbers as keys to be sorted, each with its position: whole numbers in the same order, of which
   * that of NaN is the largest, and that of -0 is that of 0.
   */
  private static final class SortKeys {

    /** The key of every NaN. */
    static final long NAN = of(Double.NaN);

    /** As many keys are sorted faster by insertion. */
    private static final int FEW = 64;

    private final int[] starts = new int[8 << 8]; // of each digit of each byte
    private long[] keys;
    private int[] positions;
    private long[] otherKeys;
    private int[] otherPositions;
    private int count;

    SortKeys(int most) {
      keys = new long[most];
      positions = new int[most];
      otherKeys = new long[most > FEW ? most : 0];
      otherPositions = new int[most > FEW ? most : 0];
    }

    /**
     * Returns the key of a number: its magnitude's bits, with its sign. The low bytes of a float32
     * are 0 in it, and need no sorting.
     */
    static long of(double x) {
      long bits = Double.doubleToLongBits(x + 0.0); // -0 becomes 0
      long sign = bits >> 63;
      return ((bits & Long.MAX_VALUE) ^ sign) - sign;
    }

    void add(long key, int position) {
      keys[count] = key;
      positions[count++] = position;
    }

    int count() {
      return count;
    }

    /** Forgets all but the first keys. */
    void keep(int first) {
      count = first;
    }

    long key(int rank) {
      return keys[rank];
    }

    int position(int rank) {
      return positions[rank];
    }

    /** Sorts the keys; equal ones stay in their order. */
    void sort() {
      if (count <= FEW) {
        insert();
      } else {
        distribute();
      }
    }

    private void insert() {
      for (int i = 1; i < count; i++) {
        long key = keys[i];
        int position = positions[i];
        int at = i;
        for (; at > 0 && keys[at - 1] > key; at--) {
          keys[at] = keys[at - 1];
          positions[at] = positions[at - 1];
        }
        keys[at] = key;
        positions[at] = position;
      }
    }

    /** Sorts by byte after byte, from the lowest; those in which all agree need no sorting. */
    private void distribute() {
      Arrays.fill(starts, 0);
      for (int i = 0; i < count; i++) {
        long key = keys[i];
        for (int shift = 0; shift < 64; shift += 8) {
          starts[digit(key, shift)]++;
        }
      }
      for (int shift = 0; shift < 64; shift += 8) {
        if (starts[digit(keys[0], shift)] < count) {
          distribute(shift);
        }
      }
    }

    private void distribute(int shift) {
      int sum = 0;
      for (int digit = shift << 5; digit < (shift + 8) << 5; digit++) {
        int size = starts[digit];
        starts[digit] = sum;
        sum += size;
      }
      for (int i = 0; i < count; i++) {
        int to = starts[digit(keys[i], shift)]++;
        otherKeys[to] = keys[i];
        otherPositions[to] = positions[i];
      }
      long[] sortedKeys = otherKeys;
      otherKeys = keys;
      keys = sortedKeys;
      int[] sortedPositions = otherPositions;
      otherPositions = positions;
      positions = sortedPositions;
    }

    /** Returns where the starts are of the keys that have the same byte. */
    private static int digit(long key, int shift) {
      return shift << 5
          | (int) ((key ^ Long.MIN_VALUE) >>> shift & 255); // negative keys come first
    }
  }
}
