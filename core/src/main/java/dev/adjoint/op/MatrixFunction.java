package dev.adjoint.op;

import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Computes functions of symmetric matrices of shape (..., n, n), and their derivatives.
 *
 * <p>The inputs are a matrix and as many directions as the order says. With {@code a = V diag(l)
 * VT} and directions e turned into its axes, {@code VT e V}, the derivative along them is {@code V
 * t VT}, where t_ij sums, over all paths from i to j and all orders of the directions, the divided
 * difference of f at the eigenvalues of the path times the elements of the directions along it
 * (Daleckii and Krein 1965). A cotangent is one more direction: so one rule gives all orders.
 *
 * @param f an elementwise function
 * @param order the number of directions
 */
record MatrixFunction(UnaryOperator<Tensor> f, int order) implements Primitive {

  static Tensor of(UnaryOperator<Tensor> f, Tensor a) {
    return Recorder.apply(new MatrixFunction(f, 0), a);
  }

  @Override
  public Tensor forward(Tensor... x) {
    Tensor a = x[0].untracked().to(DType.FLOAT64);
    Linalg.Eigh eigen = MatrixBatch.named(name(), () -> Linalg.eigh(a));
    Tensor v = eigen.vectors();
    Tensor turned = v.transpose();
    int n = v.size(-1);
    List<double[]> directions = new ArrayList<>();
    for (int i = 1; i <= order; i++) {
      Tensor e = Linalg.symmetric(x[i].untracked().to(DType.FLOAT64));
      directions.add(turned.matmul(e).matmul(v).toDoubleArray());
    }
    double[] out = (double[]) Engine.zeroed(DType.FLOAT64, v.size());
    double[] values = eigen.values().toDoubleArray();
    List<double[]> derivatives = derivatives(eigen.values());
    for (int first = 0; first < values.length; first += n) {
      DividedDifferences differences = new DividedDifferences(values, derivatives, first);
      new Paths(differences, directions, n, out, new int[order + 1]).addAll();
    }
    Tensor inner = Engine.tensor(out, DType.FLOAT64, v.shape());
    return v.matmul(inner).matmul(turned).to(x[0].dtype());
  }

  /** Returns the values of f and of its derivatives up to one more than the order. */
  private List<double[]> derivatives(Tensor values) {
    List<double[]> all = new ArrayList<>();
    UnaryOperator<Tensor> derivative = f;
    for (int i = 0; i < order + 2; i++) {
      Tensor y = derivative.apply(values);
      if (!y.shape().equals(values.shape())) {
        throw new IllegalArgumentException(
            "matrixFunction: the function turned values of shape %s into %s; expected an elementwise function"
                .formatted(values.shape(), y.shape()));
      }
      if (y.isTracked()) {
        throw new IllegalArgumentException(
            "matrixFunction: the function captures a tracked tensor, to which no gradient would"
                + " flow; expected a function of the eigenvalues and constants");
      }
      all.add(y.toDoubleArray());
      UnaryOperator<Tensor> last = derivative;
      derivative = t -> Derivatives.vjp(last, t, Tensors.ones(t.shape(), t.dtype()));
    }
    return all;
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    int directions = input == 0 ? order + 1 : order;
    Tensor[] next = Arrays.copyOf(x, directions + 1);
    next[input == 0 ? directions : input] = g;
    return Recorder.apply(new MatrixFunction(f, directions), next);
  }

  /** Sums over the paths through one matrix, as many steps long as there are directions. */
  private record Paths(
      DividedDifferences f, List<double[]> directions, int n, double[] out, int[] path) {

    void addAll() {
      for (int i = 0; i < n; i++) {
        path[0] = i;
        walk(0, 1, 0);
      }
    }

    /** Goes on after so many steps, with the product of their elements and the directions used. */
    private void walk(int steps, double product, int used) {
      int matrix = f.first() * n;
      int at = path[steps];
      if (steps == directions.size()) {
        int[] sorted = path.clone();
        Arrays.sort(sorted); // as the values are
        out[matrix + path[0] * n + at] += product * f.at(sorted, 0, steps);
        return;
      }
      for (int d = 0; d < directions.size(); d++) {
        if ((used >> d & 1) == 0) {
          for (int to = 0; to < n; to++) {
            path[steps + 1] = to;
            walk(steps + 1, product * directions.get(d)[matrix + at * n + to], used | 1 << d);
          }
        }
      }
    }
  }

  /**
   * The divided differences of a function at ascending values: (f(b) - f(a)) / (b - a), of these
   * again, and so on; between equal values, the derivatives that these tend to.
   *
   * @param values of several matrices
   * @param derivatives of f at the values, from the function itself on: one more than is asked for
   * @param first where the values of this matrix begin
   */
  private record DividedDifferences(double[] values, List<double[]> derivatives, int first) {

    private static final double EPSILON = Math.ulp(1.0);

    /** Returns the difference over the values that some indices, in ascending order, stand for. */
    double at(int[] indices, int from, int to) {
      int low = first + indices[from];
      int high = first + indices[to];
      int k = to - from;
      double factorial = 1;
      double sum = 0;
      for (int i = 0; i <= k; i++) {
        factorial *= Math.max(1, i);
        sum += derivatives.get(k)[first + indices[from + i]];
      }
      double mean = sum / (k + 1) / factorial;
      double gap = values[high] - values[low];
      if (k == 0 || gap == 0) {
        return mean;
      }
      double a = at(indices, from, to - 1);
      double b = at(indices, from + 1, to);
      // Between near values the difference is lost in rounding, and the derivative is nearly
      // linear:
      // whichever is expected to be less wrong.
      double rounding = EPSILON * (Math.abs(a) + Math.abs(b)) / gap;
      double bend =
          gap
              * Math.abs(derivatives.get(k + 1)[high] - derivatives.get(k + 1)[low])
              / (12 * factorial);
      return bend < rounding ? mean : (b - a) / gap;
    }
  }
}
