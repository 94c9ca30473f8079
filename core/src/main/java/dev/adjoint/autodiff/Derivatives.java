package dev.adjoint.autodiff;

import com.google.common.collect.Sets;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Differentiates Java functions of tensors.
 *
 * <pre>{@code
 * Tensor h = Derivatives.hessian(x -> x.times(x).times(x).sum(), Tensor.of(1f, 2f)); // diag(6, 12)
 * }</pre>
 *
 * <p>The arguments need not be tracked. Where the result depends on something tracked, an argument
 * or a parameter that the function captures, it can itself be differentiated: a third derivative is
 * a jacobian of a hessian, and a loss may contain the gradient of a critic and be differentiated
 * with respect to the critic's parameters:
 *
 * <pre>{@code
 * Tensor gradient = Derivatives.valueAndGradient(q -> critic.forward(q).sum(), x).gradient();
 * gradient.norm(2).minus(1).square().backward().of(weight);
 * }</pre>
 *
 * <p>Recording this takes memory; inside of {@link Autodiff#noGrad} the results are constants.
 *
 * <p>What is differentiated is the function of its arguments; what it captures is constant, even if
 * it is the very tensor that is passed. Where a function does not depend on an argument, the
 * derivative is 0. A function that ignores an argument but captures the tensor passed for it is
 * refused as a mistake; gradients with respect to parameters that a function reads by itself come
 * from {@link Backward}.
 */
public final class Derivatives {

  private Derivatives() {}

  // ---- gradients -----------------------------------------------------------------------------

  /** Returns a scalar function's value and gradient. */
  public static ValueAndGradient valueAndGradient(UnaryOperator<Tensor> f, Tensor x) {
    return valueAndGradient(ofOne(f), List.of(x));
  }

  /** Returns a scalar function's value and its gradient with respect to each input. */
  public static ValueAndGradient valueAndGradient(
      Function<List<Tensor>, Tensor> f, List<Tensor> x) {
    Call call = Call.of("valueAndGradient", f, x, false);
    List<Tensor> gradients = call.gradients(call.nested);
    return new ValueAndGradient(call.nested ? call.y : call.y.untracked(), gradients);
  }

  // ---- products with a vector ----------------------------------------------------------------

  /**
   * Returns a vector times the jacobian: the gradient of {@code sum(f(x) * cotangent)}.
   *
   * @param cotangent of the output's shape
   */
  public static Tensor vjp(UnaryOperator<Tensor> f, Tensor x, Tensor cotangent) {
    return vjp(ofOne(f), List.of(x), cotangent).get(0);
  }

  /** Returns the gradients of {@code sum(f(x) * cotangent)}, one for each input. */
  public static List<Tensor> vjp(
      Function<List<Tensor>, Tensor> f, List<Tensor> x, Tensor cotangent) {
    Call call = Call.of("vjp", f, x, cotangent.isTracked());
    requireShape("vjp: the cotangent", cotangent, "the output", call.y.shape());
    return gradientsOf(call.y, call.x, cotangent, call.nested);
  }

  /**
   * Returns the jacobian times a vector: the change of the output as x moves along the tangent.
   *
   * <p>Computed in forward mode: tangents are carried along, from the inputs to the output.
   *
   * @param tangent of x's shape
   * @return of the output's shape
   */
  public static Tensor jvp(UnaryOperator<Tensor> f, Tensor x, Tensor tangent) {
    return jvp(ofOne(f), List.of(x), List.of(tangent));
  }

  /** Returns the change of the output when each input moves along its tangent. */
  public static Tensor jvp(
      Function<List<Tensor>, Tensor> f, List<Tensor> x, List<Tensor> tangents) {
    requireShapes("jvp", x, tangents);
    Call call = Call.of("jvp", f, x, anyTracked(tangents));
    return Forward.pass(List.of(call.y), call.x, tangents, call.nested).getFirst();
  }

  /**
   * Returns the product of a scalar function's hessian and a vector, without forming the hessian.
   *
   * @param v of x's shape
   */
  public static Tensor hessianVectorProduct(UnaryOperator<Tensor> f, Tensor x, Tensor v) {
    return hessianVectorProduct(ofOne(f), List.of(x), List.of(v)).get(0);
  }

  /** Returns the product of the hessian over all inputs and one vector for each input. */
  public static List<Tensor> hessianVectorProduct(
      Function<List<Tensor>, Tensor> f, List<Tensor> x, List<Tensor> v) {
    requireShapes("hessianVectorProduct", x, v);
    Call call = Call.of("hessianVectorProduct", f, x, anyTracked(v));
    return Forward.pass(call.gradients(true), call.x, v, call.nested);
  }

  // ---- whole matrices ------------------------------------------------------------------------

  /**
   * Returns every derivative of every output element: shape (output's axes..., x's axes...). One
   * pass for each element of the input or of the output, forward or backward, whichever has fewer;
   * many small passes run as one.
   */
  public static Tensor jacobian(UnaryOperator<Tensor> f, Tensor x) {
    return jacobian(ofOne(f), List.of(x)).get(0);
  }

  /** Returns the jacobian with respect to each input. */
  public static List<Tensor> jacobian(Function<List<Tensor>, Tensor> f, List<Tensor> x) {
    Call call = Call.of("jacobian", f, x, false);
    return Jacobian.of(call.y, call.x, call.nested);
  }

  /** Returns a scalar function's second derivatives: shape (x's axes..., x's axes...). */
  public static Tensor hessian(UnaryOperator<Tensor> f, Tensor x) {
    return hessian(ofOne(f), List.of(x)).get(0).get(0);
  }

  /**
   * Returns a scalar function's second derivatives.
   *
   * @return at i, j: shape (axes of input i..., axes of input j...)
   */
  public static List<List<Tensor>> hessian(Function<List<Tensor>, Tensor> f, List<Tensor> x) {
    Call call = Call.of("hessian", f, x, false);
    return call.gradients(true).stream()
        .map(gradient -> Jacobian.of(gradient, call.x, call.nested))
        .toList();
  }

  // ---- how -----------------------------------------------------------------------------------

  /**
   * Holds a call of the function that was recorded.
   *
   * @param x the arguments, each a node of its own, so that one tensor may be passed twice
   * @param y the output
   * @param nested whether results are to be differentiated again by somebody outside
   */
  record Call(String operation, List<Tensor> x, Tensor y, boolean nested) {

    static Call of(
        String operation, Function<List<Tensor>, Tensor> f, List<Tensor> x, boolean otherTracked) {
      Recorder.Mode mode = Recorder.mode();
      long start = mode.births().upcoming();
      List<Tensor> arguments = new ArrayList<>();
      for (Tensor tensor : x) {
        arguments.add(
            mode.recording() && tensor.isTracked()
                ? Autodiff.onGradient(tensor, UnaryOperator.identity())
                : tensor.tracked());
      }
      List<Tensor> fixed = List.copyOf(arguments);
      Tensor y = mode.recording(true).call(() -> f.apply(fixed));
      if (y == null) {
        throw new IllegalArgumentException(
            operation + ": the function returned null; expected a tensor");
      }
      Set<Node> used = Node.ancestors(y, node -> node.birth() >= start).keySet();
      Set<Node> outside = Sets.filter(used, node -> node.birth() < start);
      for (int i = 0; i < x.size(); i++) {
        Node passed = x.get(i).node();
        if (outside.contains(passed) && !used.contains(fixed.get(i).node())) {
          throw new IllegalArgumentException(
              ("%s: the function does not use its argument %d, but the tensor of shape %s that is"
                      + " passed for it; expected a function of its argument, or"
                      + " Backward.wrt(tensor).of(value)")
                  .formatted(operation, i, x.get(i).shape()));
        }
      }
      return new Call(
          operation, fixed, y, mode.recording() && (otherTracked || !outside.isEmpty()));
    }

    /** Returns the gradients of the output, which must be a scalar. */
    List<Tensor> gradients(boolean record) {
      requireScalar(operation, y);
      return gradientsOf(y, x, Tensors.ones(y.shape(), y.dtype()), record);
    }
  }

  /** Returns the gradients of a weighted sum, zeros where the root does not depend on a tensor. */
  private static List<Tensor> gradientsOf(
      Tensor root, List<Tensor> wrt, Tensor cotangent, boolean record) {
    Backward backward = Backward.wrt(wrt.toArray(Tensor[]::new)).seed(cotangent);
    return (record ? backward.createGraph() : backward).gradients(root);
  }

  private static boolean anyTracked(List<Tensor> tensors) {
    return tensors.stream().anyMatch(Tensor::isTracked);
  }

  private static Function<List<Tensor>, Tensor> ofOne(UnaryOperator<Tensor> f) {
    return list -> f.apply(list.get(0));
  }

  static void requireScalar(String operation, Tensor y) {
    if (y.size() != 1) {
      throw new IllegalArgumentException(
          "%s: the function returned shape %s; expected a scalar".formatted(operation, y.shape()));
    }
  }

  static void requireShapes(String operation, List<Tensor> x, List<Tensor> vectors) {
    if (x.size() != vectors.size()) {
      throw new IllegalArgumentException(
          "%s: %d vectors for %d inputs; expected one for each"
              .formatted(operation, vectors.size(), x.size()));
    }
    for (int i = 0; i < x.size(); i++) {
      requireShape(operation + ": vector " + i, vectors.get(i), "input " + i, x.get(i).shape());
    }
  }

  private static void requireShape(String what, Tensor vector, String like, Shape expected) {
    if (!vector.shape().equals(expected)) {
      throw new IllegalArgumentException(
          "%s has shape %s, %s %s; expected equal shapes"
              .formatted(what, vector.shape(), like, expected));
    }
  }
}
