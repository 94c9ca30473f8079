package dev.adjoint.kernel;

import org.jspecify.annotations.Nullable;

/**
 * Computes on runs of array elements of one type: the whole interface between the engine and a
 * provider.
 *
 * <p>Kernels are stateless and, but for normalization, single-threaded; whoever calls them splits
 * the work ({@link Parallel}). Arrays are {@code float[]} or {@code double[]}, according to the
 * kernels' element type, and are passed as {@link Object} so that the engine above is written once.
 * Every result has the same bits in any provider, on any vector width and in any state of the JIT.
 */
public interface Kernels {

  /** Names the provider and element type, as in {@code "vector float32"}. */
  String name();

  // ---- elementwise ------------------------------------------------------------------------------

  /**
   * Returns the loop over a function of so many values, one to three, by the function's name in
   * {@code FloatFunctions}.
   *
   * @throws IllegalArgumentException if there is none
   */
  Loop loop(String function, int arity);

  /** Returns the loop over a formula, the same one for as long as it is used. */
  Loop loop(Formula formula);

  /**
   * Returns how much of a loop a function of so many values takes: a formula's functions may take
   * up to 1 together.
   */
  double share(String function, int arity);

  // ---- reductions -------------------------------------------------------------------------------

  /** Returns the reduction named {@code sum}, {@code max} or {@code min}; NaN in, NaN out. */
  Reduction reduction(String name);

  /** Folds many values into one, in an order that depends on their number only. */
  interface Reduction {
    /**
     * Reduces rows: {@code out[outFrom + r] = fold(x[from + r * n .. from + r * n + n))} for {@code
     * r < rows}.
     */
    void rows(Object x, int from, int rows, int n, Object out, int outFrom);

    /**
     * Reduces columns of a matrix whose rows are {@code stride} apart: {@code out[outFrom + j] =
     * fold over r < rows of x[from + r * stride + j]} for {@code j < n}.
     */
    void columns(Object x, int from, int rows, int stride, int n, Object out, int outFrom);

    /** The rows of a chunk: columns are folded over each chunk, and then over all. */
    int CHUNK_ROWS = 256;

    /**
     * Reduces what columns of chunks were reduced to, rows of n elements that follow one another:
     * as {@link #columns} does at once if there are more rows than a chunk has.
     */
    void chunks(Object parts, int from, int chunks, int n, Object out, int outFrom);
  }

  /** Returns what computes on rows. */
  Rows rows();

  /** Softmax and its relatives, on rows of n elements that follow one another. */
  interface Rows {
    /**
     * Computes {@code exp(x - max) / sum(exp(x - max))} of each row; where the largest value is
     * infinite, the limit: 1 for that value (or its share), else 0.
     */
    void softmax(Object x, int xFrom, int rows, int n, Object out, int outFrom);

    /**
     * Computes {@code exp(x - max)} of each row; where the largest value is infinite, the limit: 1
     * for that value, else 0.
     */
    void exponentials(Object x, int xFrom, int rows, int n, Object out, int outFrom);

    /**
     * Computes {@code y * (g - sum(g * y))} of each row: the pullback of softmax at its output y.
     */
    void softmaxPullback(
        Object g, int gFrom, Object y, int yFrom, int rows, int n, Object out, int outFrom);

    /** Computes {@code x - logsumexp(x)} of each row. */
    void logSoftmax(Object x, int xFrom, int rows, int n, Object out, int outFrom);

    /**
     * Computes {@code g - exp(y) * sum(g)} of each row: the pullback of log-softmax at its output
     * y.
     */
    void logSoftmaxPullback(
        Object g, int gFrom, Object y, int yFrom, int rows, int n, Object out, int outFrom);

    /**
     * Computes the two summands of {@code log(sum(exp(x)))} of each row, one value a row: together
     * they would lose what the smaller one says.
     *
     * @param shift receives the largest value; 0 where that is -infinity
     * @param log receives {@code log(sum(exp(x - shift)))}
     */
    void logSumExp(
        Object x, int xFrom, int rows, int n, Object shift, int shiftFrom, Object log, int logFrom);
  }

  /** Returns what normalizes. */
  Normalizer normalizer();

  /** Normalization. As sums of columns need all rows, this splits its work itself. */
  interface Normalizer {
    /** Returns how many numbers {@link #forward} keeps of each set. */
    int STATISTICS = 7;

    /**
     * Normalizes sets: {@code h = gain (x - mu) / sigma + bias}, {@code mu} 0 where not centered.
     *
     * @param affine the gains of all features, then their biases
     * @param statistics receives rows of one value a set: what {@link #pullback} needs, and last
     *     the mean (0 where not centered) and the biased variance (or the mean square)
     */
    void forward(Norm norm, Object x, Object affine, Object h, Object statistics);

    /**
     * Computes {@code dx = (q - mean(q) - y mean(q y)) / sigma}, where {@code q = gain dh} and y is
     * what is standardized, without {@code mean(q)} where not centered.
     *
     * @param dx or null
     * @param sums what {@code sum(dh y)} of each feature is added to, and after these {@code
     *     sum(dh)}; or null
     */
    void pullback(
        Norm norm,
        Object dh,
        Object x,
        Object affine,
        Object statistics,
        @Nullable Object dx,
        double @Nullable [] sums);
  }

  // ---- matrix product --------------------------------------------------------------------------

  /** Returns the most rows that a tile may have. */
  int tileRows();

  /** Returns the most columns that a tile may have. */
  int tileColumns();

  /** Returns the most columns that a tile of one row may have. */
  default int rowColumns() {
    return tileColumns();
  }

  /**
   * Adds a product to a tile of c: {@code c[i][j] += sum}, where {@code sum = fma(a[i][k], b[k][j],
   * sum)} from 0 for {@code k = 0 .. depth - 1} in this order, whatever the provider.
   *
   * @param operands where the rows of a, b and c lie, counted from where the tile begins
   * @param rows 1 to {@link #tileRows()}
   * @param columns 1 to {@link #tileColumns()}, or {@link #rowColumns()} in a single row
   * @param aRow the tile's first row in the table of rows of a
   */
  void tile(
      Tiles operands, int rows, int columns, int depth, int aFrom, int aRow, int bFrom, int cFrom);

  /**
   * Packs the rows of x into panels of {@code width} rows, one behind the other, each stored column
   * by column. The last panel may have fewer rows; the rest of it is left as it was.
   */
  void pack(Matrix x, Object out, int outFrom, int width);

  // ---- convolution of one channel by itself ----------------------------------------------------

  /**
   * Computes {@code y[i][j] = sum}, where {@code sum = fma(w[tap], x[i][j + shift], sum)} from 0
   * for the taps in their order.
   *
   * @param x laid out as {@code layout} says, from what element (0, 0) of y reads
   * @param y whose rows are contiguous, as those of x
   */
  void correlate(ConvLayout layout, Matrix x, Span w, Matrix y);

  /**
   * Adds what rows contribute to the gradient of w: {@code sums[tap][j] += sum}, where {@code sum =
   * fma(g[i][j], x[i][j + shift], sum)} from 0 for the rows in their order. A row of sums, added
   * up, is the gradient of one weight; it has room for a vector past its end.
   */
  void correlateRows(ConvLayout layout, Matrix x, Matrix g, Matrix sums);
}
