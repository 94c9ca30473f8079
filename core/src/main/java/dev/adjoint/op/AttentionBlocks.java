package dev.adjoint.op;

import static dev.adjoint.kernel.MatMul.inPlace;
import static dev.adjoint.kernel.MatMul.multiply;
import static dev.adjoint.kernel.MatMul.multiplyInPlace;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Fold;
import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Loop;
import dev.adjoint.kernel.Matrices;
import dev.adjoint.kernel.Matrix;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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

  /** The most weights that are kept for the pullback, where that costs less. */
  private static final int MOST_KEPT = 1 << 20;

  /** Multiplications of one chunk of work. */
  private static final int CHUNK = 1 << 20;

  private final DType dtype;
  private final Kernels kernels;
  private final Loop where;
  private final Loop times;
  private final Loop plus;
  private final Loop minusMultiple;
  private final AttentionOptions options;
  private final Tensor[] inputs;
  private final Matrices q;
  private final Matrices k;
  private final Matrices v;
  private final Matrices keyColumns;
  private final @Nullable Matrices bias;

  /** What is 0 where a query may not attend to a key. */
  private final List<Matrices> masks;

  private final Shape batch;
  private final int queries;
  private final int keys;
  private final int width;
  private final int valueWidth;

  /** Between rows of scores: so that a sum over what is not hidden has the bits of any length. */
  private final int stride;

  /** Queries in a block, and blocks. */
  private final int block;

  private final int blocks;

  /** Numbers of the type, one each. */
  private final Object scale;

  private final Object lowest;
  private final Object zero;

  /** A 1 for each query of a block, then as many zeros. */
  private final Object steps;

  /** The slope of each head, and how far a key is from the last query, from key 0 on. */
  private final Object slopes;

  private final Object distances;

  AttentionBlocks(AttentionOptions options, Tensor[] x) {
    inputs = x;
    dtype = x[0].dtype();
    kernels = Engine.kernels(dtype);
    where = kernels.loop("where", 3);
    times = kernels.loop("times", 2);
    plus = kernels.loop("plus", 2);
    minusMultiple = kernels.loop("minusMultiple", 3);
    this.options = options;
    batch = batch(x[0], x[1], x[2]);
    q = MatMul.batched(inRows(x[0]), batch);
    k = MatMul.batched(x[1], batch);
    v = MatMul.batched(x[2], batch);
    queries = x[0].size(-2);
    keys = x[1].size(-2);
    width = x[0].size(-1);
    valueWidth = x[2].size(-1);
    stride = padded(keys);
    Tensor added = options.bias() == null ? null : options.bias().untracked();
    bias = added == null ? null : ofScores(added);
    masks =
        Stream.of(x.length == 3 ? null : x[3], added == null ? null : ScaledDotProduct.shown(added))
            .filter(Objects::nonNull)
            .map(this::ofScores)
            .toList();
    int most = Math.clamp(SCORES / Math.max(1, keys), FEWEST_QUERIES, MOST_QUERIES);
    block = Math.clamp(queries, 1, most);
    blocks = Math.ceilDiv(queries, block);
    keyColumns = columns(x[1], k);
    scale = Engine.array(Tensor.scalar(options.scale(x[0]), dtype));
    lowest = Engine.array(Tensor.scalar(ScaledDotProduct.LOWEST, dtype));
    zero = Engine.array(Tensor.scalar(0, dtype));
    steps = Engine.array(Tensors.arange(2 * block).less(block).to(dtype));
    slopes = Engine.array(options.slopes(dtype));
    distances =
        Engine.array(
            options.slopes().isEmpty()
                ? Tensors.zeros(0)
                : Tensors.arange(0, last() + keys, 1, dtype).minus(last()).abs());
  }

  /** Returns what broadcasts to the scores, a matrix for each of theirs. */
  private Matrices ofScores(Tensor x) {
    Shape scores = MatMul.matrices(batch, queries, keys);
    return MatMul.batched(new Movement.Expand(scores).forward(inRows(x)), batch);
  }

  /** Returns the position of the last query. */
  private int last() {
    return options.first() + queries - 1;
  }

  /** Returns how much room a row of so many scores takes. */
  private int padded(int n) {
    return options.causal() ? Math.ceilDiv(n, Fold.LANES) * Fold.LANES : n;
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
    int step = x.rank() == 0 ? 0 : x.strides()[x.rank() - 1];
    return step == 0 || step == 1 || x.size(-1) == 1 ? x : Contiguous.pack(x);
  }

  /** Returns the transposed matrices: with contiguous rows where several blocks will read them. */
  private Matrices columns(Tensor x, Matrices rows) {
    return blocks == 1
        ? rows.transpose()
        : MatMul.batched(Contiguous.pack(x.untracked().transpose()), batch);
  }

  // ---- forward ---------------------------------------------------------------------------------

  /**
   * Returns memory for the weights of all queries where they are so few that to keep them costs
   * less than to compute them again; else null.
   */
  @Nullable Tensor kept() {
    long all = (long) batch.size() * queries * stride;
    return all > MOST_KEPT
        ? null
        : Engine.tensor(Engine.uninitialized(dtype, (int) all), dtype, Shape.of((int) all));
  }

  /** Returns the mixed values; leaves the weights in what is kept, unless that is null. */
  Tensor forward(@Nullable Tensor weights) {
    Object kept = weights == null ? null : Engine.array(weights);
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
            b.mix(b.weights, v, rowsOf(y, b.t * queries + b.i, b.rows, valueWidth));
          }
          Buffers.give(scratch);
        });
    return Engine.tensor(y, dtype, MatMul.matrices(batch, queries, valueWidth));
  }

  private Object takeScratch() {
    return Engine.elements(dtype).scratch(block * (2L * stride + width));
  }

  /** Some queries of one matrix, with the keys to which they may attend at most. */
  private final class Block {
    final int t;
    final int i;
    final int rows;
    final int n;

    /** Elements between rows of scores. */
    final int next;

    /** Scores, or their cotangents. */
    final Matrix scores;

    final Matrix weights;
    final Matrix scaled;

    /** The scratch array holds scores, then weights unless they are kept, then scaled queries. */
    Block(int t, int i, Object scratch, @Nullable Object kept) {
      this.t = t;
      this.i = i;
      rows = Math.min(block, queries - i);
      n = options.causal() ? Math.min(keys, options.first() + i + rows) : keys;
      next = padded(n);
      scores = new Matrix(scratch, 0, rows, n, next, 1);
      weights =
          kept == null
              ? new Matrix(scratch, block * stride, rows, n, next, 1)
              : new Matrix(kept, (t * queries + i) * stride, rows, n, next, 1);
      scaled = Matrix.packed(scratch, 2 * block * stride, rows, width);
    }

    void scaleQueries() {
      Matrix from = q.get(t);
      for (int r = 0; r < rows; r++) {
        int at = from.at(i + r, 0);
        int to = scaled.at(r, 0);
        times.run(from.data(), at, from.columnStride(), scale, 0, 0, scaled.data(), to, width);
      }
    }

    void weigh() {
      scaleQueries();
      compare(scaled, keyColumns);
      prefer();
      hide(scores, lowest);
      fillUp(scores, lowest);
      kernels
          .rows()
          .softmax(scores.data(), scores.from(), rows, next, weights.data(), weights.from());
      hide(weights, zero);
    }

    /** Subtracts what keys lose by their distance, and adds the bias. */
    private void prefer() {
      Object x = scores.data();
      for (int r = 0; r < rows; r++) {
        int at = scores.at(r, 0);
        if (!options.slopes().isEmpty()) {
          int slope = t % options.slopes().size();
          int from = queries - 1 - (i + r);
          minusMultiple.run(x, at, 1, distances, from, 1, slopes, slope, 0, x, at, n);
        }
        if (bias != null) {
          Matrix more = bias.get(t);
          plus.run(x, at, 1, more.data(), more.at(i + r, 0), more.columnStride(), x, at, n);
        }
      }
    }

    /** Writes a number wherever a query may not attend to a key. */
    private void hide(Matrix matrix, Object number) {
      Object x = matrix.data();
      int own = options.first() + i;
      for (int r = 0; r < rows; r++) {
        int at = matrix.at(r, 0);
        for (Matrices mask : masks) {
          Matrix allowed = mask.get(t);
          int row = allowed.at(i + r, 0);
          where.run(allowed.data(), row, allowed.columnStride(), x, at, 1, number, 0, 0, x, at, n);
        }
        if (options.causal() && own < n) {
          int from = at + own;
          where.run(steps, block - 1 - r, 1, x, from, 1, number, 0, 0, x, from, n - own);
        }
      }
    }

    /** Writes a number behind the scores of each row, where rows have room for more. */
    void fillUp(Matrix matrix, Object number) {
      for (int r = 0; r < rows && n < next; r++) {
        int at = matrix.at(r, n);
        where.run(zero, 0, 0, zero, 0, 0, number, 0, 0, matrix.data(), at, next - n);
      }
    }

    /** Computes scores: the products of each row of x with each column. */
    void compare(Matrix x, Matrices columns) {
      Matrix seen = columns.get(t).block(0, 0, x.columns(), n);
      if (columns.columnStride() == 1) {
        multiplyInPlace(kernels, x, seen, scores, false);
      } else {
        multiply(kernels, x, seen, scores, false);
      }
    }

    /** Multiplies by keys or values, some at a time. */
    void mix(Matrix x, Matrices y, Matrix out) {
      int most = inPlace(out.columns());
      for (int j = 0; j == 0 || j < n; j += most) {
        int some = Math.min(most, n - j);
        Matrix part = y.get(t).block(j, 0, some, out.columns());
        multiply(kernels, x.block(0, j, rows, some), part, out, j > 0);
      }
    }
  }

  // ---- backward --------------------------------------------------------------------------------

  @Nullable Tensor[] pullbacks(boolean[] needed, Tensor cotangent, @Nullable Tensor weights) {
    Object kept = weights == null ? null : Engine.array(weights);
    Shape shared =
        Shape.broadcast(
            "attention", MatMul.leading(inputs[1].shape()), MatMul.leading(inputs[2].shape()));
    Gradient gradient =
        new Gradient(
            MatMul.batched(cotangent, batch),
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
          Buffers.give(scratch);
        });
    @Nullable Tensor[] cotangents = new Tensor[needed.length];
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
      Matrix rows = g.get(b.t).block(b.i, 0, b.rows, valueWidth);
      if (dv != null) {
        Matrix out = rowsOf(dv, s * keys, b.n, valueWidth);
        multiply(kernels, b.weights.transpose(), rows, out, true);
      }
      if (dq == null && dk == null) {
        return;
      }
      b.compare(rows, values);
      b.fillUp(b.scores, zero);
      Object ds = b.scores.data();
      int from = b.scores.from();
      Matrix p = b.weights;
      kernels.rows().softmaxPullback(ds, from, p.data(), p.from(), b.rows, b.next, ds, from);
      if (dk != null) {
        Matrix out = rowsOf(dk, s * keys, b.n, width);
        multiply(kernels, b.scores.transpose(), b.scaled, out, true);
      }
      if (dq != null) {
        Matrix out = rowsOf(dq, b.t * queries + b.i, b.rows, width);
        b.mix(b.scores, k, out);
        times.run(dq, out.from(), 1, scale, 0, 0, dq, out.from(), b.rows * width);
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

  private static Matrix rowsOf(Object array, int first, int rows, int width) {
    return Matrix.packed(array, first * width, rows, width);
  }
}
