package dev.adjoint.autodiff;

import com.google.common.collect.Streams;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.op.GrowingTensor;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Linalg;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

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
    return Forward.pass(gradient, x, v, false);
  }

  /**
   * Returns the diagonal: a tensor for each input, of its shape. As many products as elements, a
   * block at a time; {@link #diagonal(int, Generator)} estimates it by fewer.
   */
  public List<Tensor> diagonal() {
    return Streams.zip(gradient.stream(), x.stream(), Jacobian::diagonal).toList();
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
    return Streams.zip(
            parts.stream(), x.stream(), (part, t) -> part.reshape(t.shape()).to(t.dtype()))
        .toList();
  }

  /** Returns the relative rounding of a product. */
  double epsilon() {
    return x.stream().mapToDouble(t -> t.dtype().epsilon()).max().orElse(0);
  }

  /**
   * Lanczos' method: a basis of the vectors q, Hq, HHq, ..., in which the matrix is tridiagonal,
   * and the eigenvalues at the ends of the spectrum soon are those of the whole (Golub and Van
   * Loan, "Matrix Computations", chapter 10). Each vector is made orthogonal to all before, twice:
   * with rounding, the recurrence alone finds the same eigenvalue again and again.
   */
  private static final class Lanczos {

    /** So many products from one look at the eigenvalues to the next. */
    private static final int STRIDE = 5;

    private final Hessian matrix;
    private final Generator generator;
    private final int n;
    private final List<Double> diagonal = new ArrayList<>();
    private final List<Double> beside = new ArrayList<>(); // 0 where a new start was needed

    Lanczos(Hessian matrix, Generator generator) {
      this.matrix = matrix;
      this.generator = generator;
      this.n = matrix.size();
    }

    Eigenpairs largest(int k, double tolerance, int products) {
      if (k < 1 || k > n || products < k || !(tolerance >= 0)) {
        throw new IllegalArgumentException(
            "largest: %d eigenvalues with tolerance %s by %d products for %d elements; expected 1 to %d by as many products at least"
                .formatted(k, tolerance, products, n, n));
      }
      return Autodiff.noGrad(() -> run(k, tolerance, Math.min(n, products)));
    }

    private Eigenpairs run(int k, double tolerance, int most) {
      GrowingTensor vectors = new GrowingTensor("largest", 0, most);
      Tensor q = start(null);
      for (int count = 1; ; count++) {
        Tensor basis = vectors.append(q.unsqueeze(0));
        Tensor w = matrix.times(q);
        double along = q.times(w).sum().item();
        if (!Double.isFinite(along)) {
          throw new IllegalStateException(
              "largest: the product of the hessian and a vector is not finite; expected a function"
                  + " with finite second derivatives at this point");
        }
        diagonal.add(along);
        w = orthogonal(w, basis);
        double length = w.norm(2).item();
        if (count == most || count >= k && count % STRIDE == 0) {
          Eigenpairs found = pairs(k, tolerance, count == n ? 0 : length, basis);
          if (found.isConverged() || count == most) {
            return found;
          }
        }
        boolean isClosed = length <= 8 * matrix.epsilon() * scale(); // what is left is rounding
        beside.add(isClosed ? 0 : length);
        q = isClosed ? start(basis) : w.div(length);
      }
    }

    /** Returns a random vector of length 1 that is orthogonal to those before. */
    private Tensor start(@Nullable Tensor basis) {
      Tensor random = generator.normal(0, 1, Shape.of(n), DType.FLOAT64);
      Tensor rest = basis == null ? random : orthogonal(random, basis);
      return rest.div(rest.norm(2));
    }

    private static Tensor orthogonal(Tensor w, Tensor basis) {
      Tensor once = w.minus(basis.matmul(w).matmul(basis));
      return once.minus(basis.matmul(once).matmul(basis));
    }

    private double scale() {
      return IntStream.range(0, diagonal.size())
          .mapToDouble(i -> Math.abs(diagonal.get(i)) + (i == 0 ? 0 : beside.get(i - 1)))
          .max()
          .orElse(0);
    }

    private Eigenpairs pairs(int k, double tolerance, double length, Tensor basis) {
      int m = diagonal.size();
      double[] elements = Buffers.zeroedDoubles(m * m);
      for (int i = 0; i < m; i++) {
        elements[i * m + i] = diagonal.get(i);
        if (i > 0) {
          elements[i * m + i - 1] = elements[(i - 1) * m + i] = beside.get(i - 1);
        }
      }
      Linalg.Eigh eigen = Linalg.eigh(Tensor.of(elements, m, m));
      Tensor values = eigen.values().slice(0, m - k, m).flip(0);
      Tensor small = eigen.vectors().slice(1, m - k, m).flip(1); // (m, k)
      Tensor residuals = small.select(0, m - 1).abs().times(length);
      double allowed = tolerance * eigen.values().abs().max().item();
      Tensor whole = small.transpose().matmul(basis);
      return new Eigenpairs(
          values,
          IntStream.range(0, k).mapToObj(i -> matrix.split(whole.select(0, i))).toList(),
          residuals,
          m,
          residuals.max().item() <= allowed);
    }
  }
}
