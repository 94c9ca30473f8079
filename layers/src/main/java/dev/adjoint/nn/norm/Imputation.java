package dev.adjoint.nn.norm;

import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.op.Indexing;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Replaces missing numbers, which are NaN, by the median of their feature over the training data.
 *
 * <pre>{@code
 * Imputation imputation = Imputation.fit(train).withIndicators();
 * Standardization standardization = Standardization.fit(imputation.forward(train));
 * }</pre>
 *
 * <p>That a number is missing can tell more than the median hides: {@link #withIndicators} appends
 * a feature for each one that is missing somewhere in the training data, 1 where it is missing and
 * else 0. Nothing is learned; the buffers are median, and missing: 1 for features that were missing
 * somewhere, else 0.
 */
public final class Imputation extends Layer implements Transform {

  private final Shape features = Shape.of(size("features").get());
  private final Setting<Boolean> indicators = flag("indicators");
  private final Buffer median = buffer("median", features, 0);
  private final Buffer missing = buffer("missing", features, 0);

  /** Creates a layer from its description. */
  public Imputation(Description from) {
    super(from);
  }

  /**
   * Fits an imputation. The median of an even number of values is the mean of the middle two.
   *
   * @param x training data of shape (m, n), NaN where a number is missing
   * @throws IllegalArgumentException if there are none, a feature is missing in all of them, or a
   *     value is infinite
   */
  public static Imputation fit(Tensor x) {
    if (x.rank() != 2 || x.size() == 0) {
      throw new IllegalArgumentException(
          "Imputation: data of shape %s; expected (m, n), at least 1 example of at least 1 feature"
              .formatted(x.shape()));
    }
    int n = x.size(1);
    double[] medians = new double[n];
    double[] missing = new double[n];
    for (int feature = 0; feature < n; feature++) {
      double[] all = x.untracked().select(1, feature).toDoubleArray();
      double[] known = DoubleStream.of(all).filter(v -> !Double.isNaN(v)).sorted().toArray();
      if (known.length == 0) {
        throw new IllegalArgumentException(
            "Imputation: feature %d is missing in all %d examples; expected it in one at least"
                .formatted(feature, all.length));
      }
      double infinite = Double.isInfinite(known[0]) ? known[0] : known[known.length - 1];
      if (Double.isInfinite(infinite)) {
        throw new IllegalArgumentException(
            "Imputation: feature %d is %s in an example; expected finite numbers, or NaN where one is missing"
                .formatted(feature, infinite));
      }
      medians[feature] = known[(known.length - 1) / 2] / 2 + known[known.length / 2] / 2;
      missing[feature] = known.length < all.length ? 1 : 0;
    }
    return of(Tensor.of(medians).to(x.dtype()), Tensor.of(missing).to(x.dtype()));
  }

  /**
   * Creates an imputation from what was found in data that are elsewhere.
   *
   * @param median of each feature, of shape (n)
   * @param missing 1 for features that are missing somewhere, else 0: of shape (n)
   */
  public static Imputation of(Tensor median, Tensor missing) {
    return new Imputation(
        Description.of(Imputation::new)
            .set("features", median.size())
            .with("median", median)
            .with("missing", missing));
  }

  /** Appends a feature for each one that is missing somewhere in the training data. */
  public Imputation withIndicators() {
    indicators.set(true);
    return this;
  }

  /**
   * Returns examples without NaN.
   *
   * @param x of shape (..., n)
   * @return of shape (..., n), or (..., n + indicators)
   */
  @Override
  public Tensor forward(Tensor x) {
    Tensor medians = median.value();
    requireLastAxis("input", x, medians.size());
    Tensor isMissing = x.untracked().isNaN();
    Tensor filled = Where.where(isMissing, medians, x);
    if (!indicators.get()) {
      return observed(filled);
    }
    Tensor indicated = Indexing.indexSelect(isMissing, x.rank() - 1, indicated());
    return observed(Joining.concat(x.rank() - 1, filled, indicated));
  }

  private IntTensor indicated() {
    double[] flags = missing.value().toDoubleArray();
    int[] features = IntStream.range(0, flags.length).filter(i -> flags[i] != 0).toArray();
    return IntTensor.of(features, features.length);
  }

  /** Returns the medians of the training data: shape (n). */
  public Tensor median() {
    return median.value();
  }
}
