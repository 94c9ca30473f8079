package dev.adjoint.autodiff;

import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * The hessian of a scalar function at a point, as a linear map that is never formed: its products
 * with vectors, its diagonal, its largest eigenvalues.
 *
 * <pre>{@code
 * Hessian h = Hessian.of(() -> Losses.mse(model.forward(x), y), model.parameters());
 * double sharpness = h.largest(1, Generator.seeded(1)).values().item();
 * }</pre>
 *
 * <p>The function is called once, and its gradient recorded once; a product is one pass over that
 * graph. What the function draws at random is therefore the same in all products. Results are
 * constants; what is to be differentiated again is computed by {@link Derivatives}.
 */
public final class Hessian {

  private final List<Tensor> x;
  private final List<Tensor> gradient;

  private Hessian(List<Tensor> x, List<Tensor> gradient) {
    this.x = x;
    this.gradient = gradient;
  }

  /** Returns the hessian of a scalar function of one tensor. */
  public static Hessian of(UnaryOperator<Tensor> f, Tensor x) {
    return of(list -> f.apply(list.getFirst()), List.of(x));
  }

  /** Returns the hessian of a scalar function over all its inputs. */
  public static Hessian of(Function<List<Tensor>, Tensor> f, List<Tensor> x) {
    Derivatives.Call call = Derivatives.Call.of("hessian", f, x, false);
    return new Hessian(call.x(), call.gradients(true));
  }

  /**
   * Returns the hessian of a loss over parameters, at the values that they have now: after an
   * update, a product that needs the old values throws. Layers that behave otherwise in training
   * are best in eval mode.
   *
   * @throws IllegalArgumentException if a parameter is frozen
   */
  public static Hessian of(Supplier<Tensor> loss, List<Parameter> parameters) {
    List<Tensor> values = parameters.stream().map(Parameter::value).toList();
    Backward backward = Backward.wrt(values.toArray(Tensor[]::new)).createGraph();
    Tensor y = Recorder.mode().recording(true).call(loss::get);
    Derivatives.requireScalar("hessian", y);
    return new Hessian(values, backward.gradients(y));
  }

  /** Returns the number of rows: that of the elements of all inputs. */
  public int size() {
    return Math.toIntExact(x.stream().mapToLong(Tensor::size).sum());
  }

  /**
   * Returns the product with a vector.
   *
   * @param v a tensor for each input, of its shape
   * @return one for each input, of its shape
   */
  public List<Tensor> times(List<Tensor> v) {
    Derivatives.requireShapes("hessian", x, v);
    return Derivatives.hessianTimes(gradient, x, v, false);
  }

  /**
   * Returns the diagonal: a tensor for each input, of its shape. As many products as elements, a
   * block at a time; {@link #diagonal(int, Generator)} estimates it by fewer.
   */
  public List<Tensor> diagonal() {
    return IntStream.range(0, x.size())
        .mapToObj(i -> Jacobian.diagonal(gradient.get(i), x.get(i)))
        .toList();
  }

  /**
   * Estimates the diagonal by the mean of {@code z * Hz} over random signs z (Bekas, Kokiopoulou
   * and Saad, "An estimator for the diagonal of a matrix", 2007). Each element has the variance of
   * the sum of squares of the rest of its row, divided by the number of samples.
   *
   * @param samples the number of products
   */
  public List<Tensor> diagonal(int samples, Generator generator) {
    if (samples < 1) {
      throw new IllegalArgumentException(
          "diagonal: %d samples; expected at least 1".formatted(samples));
    }
    List<Tensor> sums = x.stream().map(t -> Tensors.zeros(t.shape(), t.dtype())).toList();
    for (int sample = 0; sample < samples; sample++) {
      List<Tensor> signs =
          x.stream()
              .map(t -> generator.bernoulli(0.5, t.shape(), t.dtype()).times(2).minus(1))
              .toList();
      List<Tensor> products = times(signs);
      List<Tensor> before = sums;
      sums =
          IntStream.range(0, x.size())
              .mapToObj(i -> before.get(i).plus(signs.get(i).times(products.get(i))))
              .toList();
    }
    return sums.stream().map(sum -> sum.div(samples)).toList();
  }

  /**
   * Returns the largest eigenvalues, to a relative error of about 1e-3 at most, which is less than
   * 1e-6 for those that stand apart.
   *
   * @param k how many
   * @param generator of the first vector
   */
  public Eigenpairs largest(int k, Generator generator) {
    return largest(k, 1e-3, 100 + 10 * k, generator);
  }

  /**
   * Returns the largest eigenvalues, by Lanczos' method with full reorthogonalization. Largest
   * means most positive: the most negative are those of the function's negative.
   *
   * @param k how many, from 1 to the size
   * @param tolerance the largest residual {@code |Hv - lv|}, relative to the magnitude of the
   *     largest eigenvalue found; no eigenvalue is further from l than the residual
   * @param products the most products with a vector, after which the result is returned as it is
   */
  public Eigenpairs largest(int k, double tolerance, int products, Generator generator) {
    return new Lanczos(this, generator).largest(k, tolerance, products);
  }

  /**
   * Eigenvalues and eigenvectors.
   *
   * @param values in descending order, float64, of shape (k)
   * @param vectors for each value a tensor for each input, of its shape; of length 1 over all
   * @param residuals the length of {@code Hv - lv} for each, float64, of shape (k)
   * @param products how many products with a vector it took
   * @param isConverged whether every residual is within the tolerance
   */
  public record Eigenpairs(
      Tensor values,
      List<List<Tensor>> vectors,
      Tensor residuals,
      int products,
      boolean isConverged) {

    /** Keeps the list as it is now. */
    public Eigenpairs {
      vectors = List.copyOf(vectors);
    }
  }

  // ---- as a matrix, for Lanczos --------------------------------------------------------------

  /** Returns the product with a vector of all elements in float64, of shape (size). */
  Tensor times(Tensor flat) {
    List<Tensor> parts = times(split(flat));
    return Joining.concat(
        0, parts.stream().map(p -> p.reshape(-1).to(DType.FLOAT64)).toArray(Tensor[]::new));
  }

  /** Returns the parts of a vector of all elements. */
  List<Tensor> split(Tensor flat) {
    List<Tensor> parts = flat.split(0, x.stream().mapToInt(Tensor::size).toArray());
    return IntStream.range(0, x.size())
        .mapToObj(i -> parts.get(i).reshape(x.get(i).shape()).to(x.get(i).dtype()))
        .toList();
  }

  /** Returns the relative rounding of a product. */
  double epsilon() {
    return x.stream().mapToDouble(t -> t.dtype().epsilon()).max().orElse(0);
  }
}
