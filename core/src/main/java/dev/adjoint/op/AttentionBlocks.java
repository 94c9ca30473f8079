package dev.adjoint.op;

import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Loop;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.kernel.ScratchPool;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Computes {@link ScaledDotProduct} for a block of queries at a time, with all keys that they may
 * attend to. The weights of a block live in scratch memory, and unless there are few of them they
 * are computed once more for the pullback: so nothing of the size of all weights is ever held.
 *
 * <p>The steps are those of the composed definition, by the same kernels; ADR 35 says why.
 */
final class AttentionBlocks {

  /** Scores of a block, unless that were too few queries: scores and weights fill an L2 cache. */
  private static final int SCORES = 1 << 17;

  /** Fewer queries do not pay for reading all keys. */
  private static final int FEWEST_QUERIES = 16;

  /** More queries do not pay for leaving the cache. */
  private static final int MOST_QUERIES = 64;

  /** Elements of keys or values in one product: so few are not packed. */
  private static final int IN_PLACE = 8192;

  /** The most weights that are kept for the pullback, where that costs less. */
  private static final int MOST_KEPT = 1 << 20;

  /** Multiplications of one chunk of work. */
  private static final int CHUNK = 1 << 20;

  private static final ScratchPool<Object> FLOATS = scratch();
  private static final ScratchPool<Object> DOUBLES = scratch();

  private final DType dtype;
  private final Kernels kernels;
  private final Loop where;
  private final Loop times;
  private final boolean causal;
  private final Tensor[] inputs;
  private final Matrices q;
  private final Matrices k;
  private final Matrices v;
  private final Matrices keyColumns;
  private final @Nullable Matrices mask;
  private final Shape batch;
  private final int queries;
  private final int keys;
  private final int width;
  private final int valueWidth;

  /** Queries in a block, and blocks. */
  private final int block;

  private final int blocks;

  /** Numbers of the type, one each. */
  private final Object scale;

  private final Object lowest;
  private final Object zero;

  /** A 1 for each query of a block, then as many zeros. */
  private final Object steps;

  private static ScratchPool<Object> scratch() {
    long most = Math.min(1 << 22, Runtime.getRuntime().maxMemory() / 64 / Double.BYTES);
    return new ScratchPool<>(most, Array::getLength);
  }

  AttentionBlocks(boolean causal, double scaleBy, Tensor[] x) {
    inputs = x;
    dtype = x[0].dtype();
    kernels = Engine.kernels(dtype);
    where = kernels.loop("where", 3);
    times = kernels.loop("times", 2);
    this.causal = causal;
    batch = batch(x[0], x[1], x[2]);
    q = Matrices.of(inRows(x[0]), batch);
    k = Matrices.of(x[1], batch);
    v = Matrices.of(x[2], batch);
    queries = x[0].size(-2);
    keys = x[1].size(-2);
    width = x[0].size(-1);
    valueWidth = x[2].size(-1);
    mask =
        x.length == 3
            ? null
            : Matrices.of(
                new Movement.Expand(MatMul.matrices(batch, queries, keys)).forward(inRows(x[3])),
                batch);
    int most = Math.clamp(SCORES / Math.max(1, keys), FEWEST_QUERIES, MOST_QUERIES);
    block = Math.clamp(queries, 1, most);
    blocks = Math.ceilDiv(queries, block);
    keyColumns = columns(x[1], k);
    scale = Engine.array(Tensor.scalar(scaleBy, dtype));
    lowest = Engine.array(Tensor.scalar(ScaledDotProduct.LOWEST, dtype));
    zero = Engine.array(Tensor.scalar(0, dtype));
    steps = Engine.array(Tensors.arange(2 * block).less(block).to(dtype));
  }

  /** Returns the leading axes of all inputs, broadcast. */
  private static Shape batch(Tensor... x) {
    Shape shape = Shape.of();
    for (Tensor input : x) {
      shape = Shape.broadcast("attention", shape, MatMul.leading(input.shape()));
    }
    return shape;
  }

  /** Returns a tensor whose last axis is contiguous, or one repeated value. */
  private static Tensor inRows(Tensor x) {
    int step = x.strides()[x.rank() - 1];
    return step == 0 || step == 1 || x.size(-1) == 1 ? x : Contiguous.pack(x);
  }

  /** A matrix for each element of a batch, wherever they lie. */
  private record Matrices(Object array, int[] starts, int row, int step) {

    static Matrices of(Tensor x, Shape batch) {
      Shape shape = MatMul.matrices(batch, x.size(-2), x.size(-1));
      Tensor all = new Movement.Expand(shape).forward(x.untracked());
      int rank = batch.rank();
      int[] starts = Indexing.offsets(shape, all.strides(), 0, rank);
      Arrays.setAll(starts, i -> starts[i] + all.offset());
      int step = x.size(-1) == 1 ? 1 : all.strides()[rank + 1];
      return new Matrices(Engine.array(all), starts, all.strides()[rank], step);
    }

    Matrices transpose() {
      return new Matrices(array, starts, step, row);
    }

    int at(int t, int i) {
      return starts[t] + i * row;
    }

    Matrix from(int t, int i, int j) {
      return new Matrix(array, at(t, i) + j * step, row, step);
    }
  }

  /** A matrix anywhere in an array. */
  private record Matrix(Object array, int from, int row, int step) {
    Matrix transpose() {
      return new Matrix(array, from, step, row);
    }

    Matrix column(int j) {
      return new Matrix(array, from + j * step, row, step);
    }
  }

  /** Returns the transposed matrices: with contiguous rows where several blocks will read them. */
  private Matrices columns(Tensor x, Matrices rows) {
    return blocks == 1
        ? rows.transpose()
        : Matrices.of(Contiguous.pack(x.untracked().transpose()), batch);
  }

  // ---- forward ---------------------------------------------------------------------------------

  /**
   * Returns an array for the weights of all queries where they are so few that to keep them costs
   * less than to compute them again; else null.
   */
  @Nullable Object kept() {
    long all = (long) batch.size() * queries * keys;
    return all <= MOST_KEPT ? Engine.uninitialized(dtype, (int) all) : null;
  }

  /** Returns the mixed values; leaves the weights in what is kept, unless that is null. */
  Tensor forward(@Nullable Object kept) {
    Object y = Engine.uninitialized(dtype, batch.size() * queries * valueWidth);
    int units = batch.size() * blocks;
    long work = (long) block * keys * (width + valueWidth + 16);
    Parallel.runRanges(
        units,
        work,
        CHUNK,
        units * work / 32,
        (from, to) -> {
          Object scratch = takeScratch();
          for (int unit = from; unit < to; unit++) {
            Block b = new Block(unit / blocks, unit % blocks * block, scratch, kept);
            b.weigh();
            b.mix(b.weights, v, rows(y, b.t * queries + b.i, valueWidth));
          }
          pool().give(scratch);
        });
    return Engine.tensor(y, dtype, MatMul.matrices(batch, queries, valueWidth));
  }

  private ScratchPool<Object> pool() {
    return dtype == DType.FLOAT32 ? FLOATS : DOUBLES;
  }

  private Object takeScratch() {
    int size = block * (2 * keys + width);
    return pool().take(size, () -> Engine.uninitialized(dtype, size));
  }

  /** Some queries of one matrix, with the keys to which they may attend at most. */
  private final class Block {
    final int t;
    final int i;
    final int rows;
    final int n;

    /** Scores, or their cotangents. */
    final Matrix scores;

    final Matrix weights;
    final Matrix scaled;

    /** The scratch array holds scores, then weights unless they are kept, then scaled queries. */
    Block(int t, int i, Object scratch, @Nullable Object kept) {
      this.t = t;
      this.i = i;
      rows = Math.min(block, queries - i);
      n = causal ? Math.min(keys, i + rows) : keys;
      scores = new Matrix(scratch, 0, n, 1);
      weights =
          kept == null
              ? new Matrix(scratch, block * keys, n, 1)
              : new Matrix(kept, (t * queries + i) * keys, n, 1);
      scaled = new Matrix(scratch, 2 * block * keys, width, 1);
    }

    void scaleQueries() {
      for (int r = 0, to = scaled.from; r < rows; r++, to += width) {
        times.run(q.array, q.at(t, i + r), q.step, scale, 0, 0, scaled.array, to, width);
      }
    }

    void weigh() {
      scaleQueries();
      compare(scaled, width, keyColumns);
      hide(scores, lowest);
      kernels.softmax(scores.array, scores.from, rows, n, weights.array, weights.from);
      hide(weights, zero);
    }

    /** Writes a number wherever a query may not attend to a key. */
    private void hide(Matrix matrix, Object number) {
      Object x = matrix.array;
      for (int r = 0, at = matrix.from; r < rows; r++, at += n) {
        if (mask != null) {
          int row = mask.at(t, i + r);
          where.run(mask.array, row, mask.step, x, at, 1, number, 0, 0, x, at, n);
        }
        if (causal && i < n) {
          int last = at + i;
          where.run(steps, block - 1 - r, 1, x, last, 1, number, 0, 0, x, last, n - i);
        }
      }
    }

    /** Computes scores: the products of each row of x with each column, some at a time. */
    void compare(Matrix x, int depth, Matrices columns) {
      int most = columns.step == 1 ? inPlace(depth) : n;
      for (int j = 0; j < n; j += most) {
        int some = Math.min(most, n - j);
        multiply(rows, some, depth, x, columns.from(t, 0, j), scores.column(j), false);
      }
    }

    /** Multiplies by keys or values, some at a time. */
    void mix(Matrix x, Matrices y, Matrix out) {
      int most = inPlace(out.row);
      for (int j = 0; j == 0 || j < n; j += most) {
        int some = Math.min(most, n - j);
        multiply(rows, out.row, some, x.column(j), y.from(t, j, 0), out, j > 0);
      }
    }
  }

  // ---- backward --------------------------------------------------------------------------------

  @Nullable Tensor[] pullbacks(boolean[] needed, Tensor cotangent, @Nullable Object kept) {
    Shape shared =
        Shape.broadcast(
            "attention", MatMul.leading(inputs[1].shape()), MatMul.leading(inputs[2].shape()));
    Gradient gradient =
        new Gradient(
            Matrices.of(cotangent, batch),
            needed[0] ? Engine.uninitialized(dtype, batch.size() * queries * width) : null,
            needed[1] ? Engine.zeroed(dtype, shared.size() * keys * width) : null,
            needed[2] ? Engine.zeroed(dtype, shared.size() * keys * valueWidth) : null);
    // Who shares keys and values adds to the same gradients: one after another, block by block.
    List<List<Integer>> sharing = sharing(shared);
    long work = (long) queries * keys * (3 * width + 2 * valueWidth + 32);
    Parallel.runRanges(
        sharing.size(),
        work * batch.size() / Math.max(1, sharing.size()),
        CHUNK,
        batch.size() * work / 32,
        (from, to) -> {
          Object scratch = takeScratch();
          for (int s = from; s < to; s++) {
            for (int t : sharing.get(s)) {
              for (int i = 0; i < queries; i += block) {
                gradient.add(new Block(t, i, scratch, kept), s, kept == null);
              }
            }
          }
          pool().give(scratch);
        });
    @Nullable Tensor[] cotangents = new Tensor[inputs.length];
    for (Tensor input : inputs) {
      input.checkAfterReading(); // it may be a parameter, and nothing is recorded here
    }
    cotangents[0] = tensor(gradient.dq, MatMul.matrices(batch, queries, width));
    cotangents[1] = tensor(gradient.dk, MatMul.matrices(shared, keys, width));
    cotangents[2] = tensor(gradient.dv, MatMul.matrices(shared, keys, valueWidth));
    return cotangents;
  }

  private @Nullable Tensor tensor(@Nullable Object array, Shape shape) {
    return array == null ? null : Engine.tensor(array, dtype, shape);
  }

  /** The cotangent of the result, and what it becomes: null where not needed. */
  private final class Gradient {
    final Matrices g;
    final Matrices values = columns(inputs[2], v);
    final @Nullable Object dq;
    final @Nullable Object dk;
    final @Nullable Object dv;

    Gradient(Matrices g, @Nullable Object dq, @Nullable Object dk, @Nullable Object dv) {
      this.g = g;
      this.dq = dq;
      this.dk = dk;
      this.dv = dv;
    }

    /** Adds the part of a block, with keys and values in place s. */
    void add(Block b, int s, boolean again) {
      if (again) {
        b.weigh();
      } else {
        b.scaleQueries();
      }
      Matrix rows = g.from(b.t, b.i, 0);
      if (dv != null) {
        Matrix out = rows(dv, s * keys, valueWidth);
        multiply(b.n, valueWidth, b.rows, b.weights.transpose(), rows, out, true);
      }
      if (dq == null && dk == null) {
        return;
      }
      b.compare(rows, valueWidth, values);
      Matrix ds = b.scores;
      Object p = b.weights.array;
      kernels.softmaxPullback(ds.array, ds.from, p, b.weights.from, b.rows, b.n, ds.array, ds.from);
      if (dk != null) {
        Matrix out = rows(dk, s * keys, width);
        multiply(b.n, width, b.rows, ds.transpose(), b.scaled, out, true);
      }
      if (dq != null) {
        Matrix out = rows(dq, b.t * queries + b.i, width);
        b.mix(ds, k, out);
        times.run(dq, out.from, 1, scale, 0, 0, dq, out.from, b.rows * width);
      }
    }
  }

  /** Lists, for each matrix of keys and values, the matrices of queries that share it. */
  private List<List<Integer>> sharing(Shape shared) {
    Tensor places = Engine.tensor(Engine.uninitialized(dtype, 0), dtype, shared);
    int[] of = Indexing.offsets(batch, Runs.broadcastStrides(places, batch), 0, batch.rank());
    return List.copyOf(
        IntStream.range(0, of.length)
            .boxed()
            .collect(Collectors.groupingBy(t -> of[t], TreeMap::new, Collectors.toList()))
            .values());
  }

  private static Matrix rows(Object array, int first, int width) {
    return new Matrix(array, first * width, width, 1);
  }

  /** Returns how many rows or columns of so many elements a product reads where they are. */
  private static int inPlace(int elements) {
    return Math.max(64, IN_PLACE / Math.max(1, elements));
  }

  private void multiply(int m, int n, int depth, Matrix a, Matrix b, Matrix c, boolean more) {
    dev.adjoint.kernel.MatMul.multiply(
        kernels, m, n, depth, a.array, a.from, a.row, a.step, b.array, b.from, b.row, b.step,
        c.array, c.from, c.row, more);
  }
}
