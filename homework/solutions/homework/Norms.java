package homework;

import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import java.util.List;

/**
 * Two normalizations to write: y = gain * (x - mean) / sigma + bias.
 *
 * <p>The inputs are x, of shape (n, m), and gain and bias, of shape (m). The mean and sigma are
 * computed from x; sigma is the root of the variance plus {@link #EPSILON}, and the variance is the
 * mean of the squared differences from the mean.
 */
public final class Norms {

  static final double EPSILON = 1e-5;

  private Norms() {}

  /** 9. Layer norm: the mean and sigma of each row. */
  public record LayerNorm() implements CustomFunction {

    @Override
    public Tensor forward(List<Tensor> in) {
      Tensor x = in.get(0);
      Tensor sigma = x.biasedVariance(Keep.AXES, 1).plus(EPSILON).sqrt();
      Tensor normalized = x.minus(x.mean(Keep.AXES, 1)).div(sigma);
      return in.get(1).times(normalized).plus(in.get(2));
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
      Tensor x = in.get(0);
      Tensor gain = in.get(1);
      Tensor sigma = x.biasedVariance(Keep.AXES, 1).plus(EPSILON).sqrt();
      Tensor normalized = x.minus(x.mean(Keep.AXES, 1)).div(sigma);
      Tensor q = g.times(gain);
      Tensor along = normalized.times(q.times(normalized).mean(Keep.AXES, 1));
      Tensor dx = q.minus(q.mean(Keep.AXES, 1)).minus(along).div(sigma);
      return List.of(dx, g.times(normalized).sum(0), g.sum(0));
    }
  }

  /** 10. Batch norm, as in training: the mean and sigma of each column. */
  public record BatchNorm() implements CustomFunction {

    @Override
    public Tensor forward(List<Tensor> in) {
      Tensor x = in.get(0);
      Tensor sigma = x.biasedVariance(Keep.AXES, 0).plus(EPSILON).sqrt();
      Tensor normalized = x.minus(x.mean(Keep.AXES, 0)).div(sigma);
      return in.get(1).times(normalized).plus(in.get(2));
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
      Tensor x = in.get(0);
      Tensor gain = in.get(1);
      Tensor sigma = x.biasedVariance(Keep.AXES, 0).plus(EPSILON).sqrt();
      Tensor normalized = x.minus(x.mean(Keep.AXES, 0)).div(sigma);
      Tensor q = g.times(gain);
      Tensor along = normalized.times(q.times(normalized).mean(Keep.AXES, 0));
      Tensor dx = q.minus(q.mean(Keep.AXES, 0)).minus(along).div(sigma);
      return List.of(dx, g.times(normalized).sum(0), g.sum(0));
    }
  }
}
