package dev.adjoint.op;

import com.google.common.primitives.Ints;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Multiplies tensors whose axes have labels, and sums over the labels that the result lacks: two
 * tensors at a time, each pair by one matrix product or one elementwise one.
 *
 * <p>Labels are numbers from 0 to 63, and sets of them bits of a long. ADR 57 says in which order
 * pairs are taken.
 */
final class Contraction {

  /** The most tensors for which all orders are compared: 301 pairs of subsets. */
  private static final int EXACT = 6;

  /** A tensor and the label of each axis; no label occurs twice. */
  record Labeled(Tensor x, int... labels) {

    long set() {
      return setOf(labels);
    }

    /** Lists the labels that are in a set, in the order of the axes. */
    int[] in(long set) {
      int[] some = new int[Long.bitCount(set & set())];
      int n = 0;
      for (int label : labels) {
        if (has(set, label)) {
          some[n++] = label;
        }
      }
      return some;
    }

    /** Returns the tensor with its axes in the order of these labels, and 1 where it lacks one. */
    Tensor as(int... order) {
      long own = set();
      int[] axes = new int[labels.length];
      int[] sizes = new int[order.length];
      int n = 0;
      for (int i = 0; i < order.length; i++) {
        boolean lacks = !has(own, order[i]);
        int axis = lacks ? -1 : axis(order[i]);
        sizes[i] = lacks ? 1 : x.size(axis);
        if (!lacks) {
          axes[n++] = axis;
        }
      }
      Tensor ordered = x.permute(axes);
      return n == order.length ? ordered : ordered.reshape(sizes);
    }

    int axis(int label) {
      return Ints.indexOf(labels, label);
    }
  }

  private static boolean has(long set, int label) {
    return (set >> label & 1) != 0;
  }

  private static long setOf(int... labels) {
    long set = 0;
    for (int label : labels) {
      set |= 1L << label;
    }
    return set;
  }

  private final List<Labeled> terms;
  private final long kept;
  private final double[] sizes = Buffers.zeroedDoubles(Long.SIZE);

  private Contraction(List<Labeled> operands, long kept) {
    this.kept = kept;
    Arrays.fill(sizes, 1);
    for (Labeled operand : operands) {
      for (int axis = 0; axis < operand.labels().length; axis++) {
        int label = operand.labels()[axis];
        sizes[label] = sizes[label] == 1 ? operand.x().size(axis) : sizes[label];
      }
    }
    this.terms = new ArrayList<>(operands.stream().map(this::squeezed).toList());
  }

  /**
   * Returns the contraction of tensors.
   *
   * @param operands whose axes of one label have one size, or the size 1, which broadcasts
   * @param output the labels of the result's axes, each in one of the operands
   */
  static Tensor contract(List<Labeled> operands, int... output) {
    Contraction contraction = new Contraction(operands, setOf(output));
    while (contraction.terms.size() > EXACT) {
      contraction.joinTwo();
    }
    return contraction.joinAll().as(output);
  }

  /** Drops axes of size 1 that other operands make longer. */
  private Labeled squeezed(Labeled term) {
    long repeated = 0;
    int[] labels = term.labels();
    int[] sizesLeft = new int[labels.length];
    int n = 0;
    for (int axis = 0; axis < labels.length; axis++) {
      int size = term.x().size(axis);
      if (size == 1 && sizes[labels[axis]] != 1) {
        repeated |= 1L << labels[axis];
      } else {
        sizesLeft[n++] = size;
      }
    }
    return repeated == 0
        ? term
        : new Labeled(term.x().reshape(Arrays.copyOf(sizesLeft, n)), term.in(~repeated));
  }

  private double elements(long set) {
    double product = 1;
    for (long rest = set; rest != 0; rest &= rest - 1) {
      product *= sizes[Long.numberOfTrailingZeros(rest)];
    }
    return product;
  }

  /** Returns the labels of some terms, one bit each, that others or the result have, too. */
  private long shared(int some) {
    long inside = 0;
    long outside = kept;
    for (int i = 0; i < terms.size(); i++) {
      long set = terms.get(i).set();
      inside |= has(some, i) ? set : 0;
      outside |= has(some, i) ? 0 : set;
    }
    return inside & outside;
  }

  // ---- the order ------------------------------------------------------------------------------

  /** Joins all terms with the fewest multiplications that any order needs. */
  private Labeled joinAll() {
    int all = (1 << terms.size()) - 1;
    long[] labels = new long[all + 1];
    double[] cost = Buffers.zeroedDoubles(all + 1);
    int[] right = new int[all + 1]; // the second of the two parts into which terms are split
    for (int some = 1; some <= all; some++) {
      labels[some] = shared(some);
      for (int part = some - 1 & some; part > (some ^ part); part = part - 1 & some) {
        int rest = some ^ part;
        double sum = cost[rest] + cost[part] + elements(labels[rest] | labels[part]);
        if (right[some] == 0 || sum < cost[some]) {
          right[some] = part;
          cost[some] = sum;
        }
      }
      if (Long.bitCount(labels[some]) > Shape.MAX_RANK) {
        cost[some] = Double.POSITIVE_INFINITY;
      }
    }
    return joined(all, right, labels);
  }

  private Labeled joined(int some, int[] right, long[] labels) {
    if (right[some] == 0) {
      return summed(terms.get(Integer.numberOfTrailingZeros(some)), labels[some]);
    }
    Labeled first = joined(some ^ right[some], right, labels);
    return pair(first, joined(right[some], right, labels), labels[some]);
  }

  /** Joins the two terms that shrink the most, of equal ones those with the fewest products. */
  private void joinTwo() {
    int best = 0;
    double least = 0;
    double fewest = 0;
    for (int second = 1; second < terms.size(); second++) {
      for (int first = 0; first < second; first++) {
        int both = 1 << first | 1 << second;
        long a = terms.get(first).set();
        long b = terms.get(second).set();
        double growth = elements(shared(both)) - elements(a) - elements(b);
        double products = elements(a | b);
        if (best == 0 || growth < least || growth == least && products < fewest) {
          best = both;
          least = growth;
          fewest = products;
        }
      }
    }
    long labels = shared(best);
    Labeled second = terms.remove(31 - Integer.numberOfLeadingZeros(best));
    Labeled first = terms.remove(Integer.numberOfTrailingZeros(best));
    terms.add(pair(first, second, labels));
  }

  // ---- one pair -------------------------------------------------------------------------------

  private static Labeled summed(Labeled term, long kept) {
    int[] axes = term.in(~kept);
    if (axes.length == 0) {
      return term;
    }
    Arrays.setAll(axes, i -> term.axis(axes[i]));
    return new Labeled(term.x().sum(axes), term.in(kept));
  }

  /** Multiplies two tensors, and sums over the labels that are not kept. */
  private static Labeled pair(Labeled first, Labeled second, long kept) {
    Labeled a = summed(first, kept | second.set());
    Labeled b = summed(second, kept | first.set());
    long both = a.set() & b.set();
    int[] batch = a.in(both & kept);
    int[] rows = a.in(~both);
    int[] columns = b.in(~both);
    // The larger tensor is more often left where it is: its axes are summed in their order.
    int[] sum = (a.x().size() < b.x().size() ? b : a).in(both & ~kept);
    if (sum.length == 0
        ? rows.length == 0 || columns.length == 0
        : rows.length + columns.length == 0) {
      int[] labels = Ints.concat(batch, rows, columns, sum);
      return summed(new Labeled(a.as(labels).times(b.as(labels)), labels), kept);
    }
    Tensor x = a.as(Ints.concat(batch, rows, sum));
    Tensor y = b.as(Ints.concat(batch, sum, columns));
    int n = batch.length;
    Tensor product = matrices(x, n, rows.length).matmul(matrices(y, n, sum.length));
    int[] sizes = Arrays.copyOf(x.shape().toArray(), n + rows.length + columns.length);
    System.arraycopy(y.shape().toArray(), n + sum.length, sizes, n + rows.length, columns.length);
    return new Labeled(product.reshape(sizes), Ints.concat(batch, rows, columns));
  }

  /** Joins the axes behind a batch to rows, so many of them, and columns. */
  private static Tensor matrices(Tensor x, int batch, int rows) {
    int[] sizes = Arrays.copyOf(x.shape().toArray(), batch + 2);
    sizes[batch] = 1;
    sizes[batch + 1] = 1;
    for (int axis = batch; axis < x.rank(); axis++) {
      sizes[axis < batch + rows ? batch : batch + 1] *= x.size(axis);
    }
    return x.reshape(sizes);
  }
}
