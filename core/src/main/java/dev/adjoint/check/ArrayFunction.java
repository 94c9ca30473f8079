package dev.adjoint.check;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.check.CheckedFunction.Variable;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/**
 * A function of an array with derivatives written by hand, as a function of tensors.
 *
 * @param f computes the outputs
 * @param vjp computes the gradient of the sum of the outputs times the second argument
 * @param transposed the same with the transposed jacobian; null if there is no jacobian
 */
record ArrayFunction(
    UnaryOperator<double[]> f,
    BinaryOperator<double[]> vjp,
    @Nullable BinaryOperator<double[]> transposed)
    implements TensorFunction, CustomFunction {

  private static final int SUSPECTS = 5;

  /** Returns a function of several outputs whose jacobian has a row for each output. */
  static ArrayFunction of(UnaryOperator<double[]> f, Function<double[], double[][]> jacobian) {
    return new ArrayFunction(
        f,
        (x, g) -> product(g, requireRows(jacobian.apply(x), g.length, x.length)),
        (x, g) -> Arrays.stream(jacobian.apply(x)).mapToDouble(row -> product(row, g)).toArray());
  }

  private static double[][] requireRows(double[][] jacobian, int rows, int columns) {
    if (jacobian.length != rows
        || !Arrays.stream(jacobian).allMatch(row -> row.length == columns)) {
      throw new IllegalArgumentException(
          "gradient check: the jacobian has %d rows of %s elements; expected %d rows, one for each output, of %d, one for each element of x"
              .formatted(
                  jacobian.length,
                  Arrays.stream(jacobian).map(row -> row.length).distinct().toList(),
                  rows,
                  columns));
    }
    return jacobian;
  }

  private static double[] product(double[] g, double[][] rows) {
    double[] sums = Buffers.zeroedDoubles(rows.length == 0 ? 0 : rows[0].length);
    for (int i = 0; i < g.length; i++) {
      for (int j = 0; j < sums.length; j++) {
        sums[j] += g[i] * rows[i][j];
      }
    }
    return sums;
  }

  private static double product(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  @Override
  public String name() {
    return "the function";
  }

  @Override
  public Tensor apply(Tensor... x) {
    if (x.length != 1) {
      throw new IllegalArgumentException(
          "gradient check: %d inputs for a function of one array; expected at(1.5, -2, ...)"
              .formatted(x.length));
    }
    return Autodiff.apply(this, x);
  }

  @Override
  public Tensor forward(List<Tensor> inputs) {
    double[] x = inputs.getFirst().toDoubleArray();
    double[] y = f.apply(x);
    requireUnchanged(x, inputs, "function");
    return Tensor.of(y, y.length);
  }

  @Override
  public List<Tensor> pullback(Tensor cotangent, List<Tensor> inputs, Tensor output) {
    double[] x = inputs.getFirst().toDoubleArray();
    double[] gradient = vjp.apply(x, cotangent.toDoubleArray());
    requireUnchanged(x, inputs, "gradient");
    if (gradient.length != x.length) {
      throw new IllegalArgumentException(
          "gradient check: the gradient has %d elements; expected %d, one for each element of x"
              .formatted(gradient.length, x.length));
    }
    return List.of(Tensor.of(gradient, gradient.length).reshape(inputs.getFirst().shape()));
  }

  private static void requireUnchanged(double[] x, List<Tensor> inputs, String what) {
    double[] before = inputs.getFirst().toDoubleArray();
    int element = Arrays.mismatch(x, before);
    if (element >= 0) {
      throw new IllegalArgumentException(
          "gradient check: the %s changed element %d of its argument from %s to %s; expected it to leave x as it is"
              .formatted(what, element, before[element], x[element]));
    }
  }

  /** Names the outputs whose derivatives are wrong, after a failure. */
  List<Suspect> suspects(GradientCheck check, List<Variable> variables) {
    double[] x = variables.getFirst().base().toDoubleArray();
    int outputs = f.apply(x).length;
    if (transposed != null
        && outputs == x.length
        && GradientCheckRun.gradients(check, new ArrayFunction(f, transposed, null), variables)
            .stream()
            .allMatch(InputReport::isOk)) {
      return List.of(
          new Suspect(
              "the jacobian is transposed: its row i holds the derivatives of output i, one for"
                  + " each element of x",
              ""));
    }
    List<Suspect> suspects = new ArrayList<>();
    for (int i = 0; i < outputs && outputs > 1 && suspects.size() < SUSPECTS; i++) {
      String output = "output " + i + ", ";
      GradientCheckRun.gradients(check, output(i, outputs), variables).stream()
          .filter(input -> input.failed() > 0)
          .forEach(input -> suspects.add(new Suspect(output + ReportPrinter.first(input), "")));
    }
    return suspects;
  }

  private ArrayFunction output(int i, int outputs) {
    return new ArrayFunction(
        x -> DoubleStream.of(f.apply(x)[i]).toArray(),
        (x, g) -> {
          double[] seed = Buffers.zeroedDoubles(outputs);
          seed[i] = g[0];
          return vjp.apply(x, seed);
        },
        null);
  }
}
