package homework;

import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import java.util.List;

/**
 * Eight pullbacks to write.
 *
 * <p>Each class computes y in {@code forward}. Its {@code pullback} gets g, the gradient of some
 * loss with respect to y (its cotangent, as messages call it), and returns the gradients of the
 * loss with respect to the inputs: one for each, of the shape of that input. Write it in place of
 * {@code throw new Hole()}, in tensor operations only, so that it can be differentiated again. The
 * loss is whatever comes after y: do not guess it, use g.
 */
public final class Pullbacks {

  private Pullbacks() {}

  /** 1. The square of each element. */
  public record Square() implements CustomFunction {

    @Override
    public Tensor forward(List<Tensor> in) {
      return in.get(0).square();
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
      Tensor x = in.get(0);
      return List.of(g.times(x).times(2));
    }
  }

  /** 2. The hyperbolic tangent of each element. Its derivative is a formula of y. */
  public record Tanh() implements CustomFunction {

    @Override
    public Tensor forward(List<Tensor> in) {
      return in.get(0).tanh();
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
      return List.of(g.times(y.square().neg().plus(1)));
    }
  }

  /** 3. The product of a, of shape (n, m), and b, of shape (m), which serves every row of a. */
  public record Product() implements CustomFunction {

    @Override
    public Tensor forward(List<Tensor> in) {
      return in.get(0).times(in.get(1));
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
      Tensor a = in.get(0);
      Tensor b = in.get(1);
      return List.of(g.times(b), g.times(a).sum(0));
    }
  }

  /** 4. The mean of each row of x, of shape (n, m); y and g have shape (n). */
  public record RowMean() implements CustomFunction {

    @Override
    public Tensor forward(List<Tensor> in) {
      return in.get(0).mean(1);
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
      Tensor x = in.get(0);
      return List.of(g.unsqueeze(1).expand(x.shape()).div(x.size(1)));
    }
  }

  /** 5. The matrix product of a, of shape (n, k), and b, of shape (k, m). */
  public record MatMul() implements CustomFunction {

    @Override
    public Tensor forward(List<Tensor> in) {
      return in.get(0).matmul(in.get(1));
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
      Tensor a = in.get(0);
      Tensor b = in.get(1);
      return List.of(g.matmul(b.transpose()), a.transpose().matmul(g));
    }
  }

  /**
   * 6. The largest element of each row of x, of shape (n, m); y and g have shape (n, 1). If several
   * are the largest, they share g evenly.
   */
  public record RowMax() implements CustomFunction {

    @Override
    public Tensor forward(List<Tensor> in) {
      return in.get(0).max(Keep.AXES, 1);
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
      Tensor x = in.get(0);
      Tensor largest = x.equal(y);
      return List.of(g.times(largest).div(largest.sum(Keep.AXES, 1)));
    }
  }

  /** 7. The softmax of each row of x, of shape (n, m): exp(x) divided by the sum of exp(x). */
  public record Softmax() implements CustomFunction {

    @Override
    public Tensor forward(List<Tensor> in) {
      return in.get(0).softmax(1);
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
      return List.of(y.times(g.minus(g.times(y).sum(Keep.AXES, 1))));
    }
  }

  /**
   * 8. The cross-entropy of logits x, of shape (n, classes): the mean over rows of the negative
   * logarithm of the softmax at the row's class. A number; the pullback must be finite for logits
   * of any size.
   *
   * @param target the classes, a row for each row of x: 1 at the class, 0 elsewhere
   */
  public record CrossEntropy(Tensor target) implements CustomFunction {

    @Override
    public Tensor forward(List<Tensor> in) {
      return target.times(in.get(0).logSoftmax(1)).sum(1).mean().neg();
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
      Tensor x = in.get(0);
      return List.of(g.times(x.softmax(1).minus(target)).div(x.size(0)));
    }
  }
}
