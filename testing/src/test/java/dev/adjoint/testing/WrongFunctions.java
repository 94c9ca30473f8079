package dev.adjoint.testing;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import java.util.List;

/** Functions whose pullbacks are wrong in the ways that pullbacks are wrong. */
final class WrongFunctions {

  private WrongFunctions() {}

  /** Squares; the pullback has a factor of two too many. */
  static final class Square implements CustomFunction {
    @Override
    public Tensor forward(List<Tensor> in) {
      return in.get(0).square();
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
      return List.of(g.times(in.get(0)).times(4));
    }
  }

  /** Normalizes each feature over the batch; the pullback forgets that the mean depends on x. */
  static final class Normalize implements CustomFunction {
    @Override
    public Tensor forward(List<Tensor> in) {
      Tensor x = in.get(0);
      return x.minus(x.mean(Keep.AXES, 0)).times(rate(x));
    }

    /** The right one is {@code rate * (g - mean(g) - y * mean(g * y))}. */
    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
      Tensor projection = y.times(g.times(y).mean(Keep.AXES, 0));
      return List.of(g.minus(projection).times(rate(in.get(0))));
    }

    private static Tensor rate(Tensor x) {
      return x.biasedVariance(Keep.AXES, 0).rsqrt();
    }
  }

  /** Adds a bias to each row; its cotangent is that of the first row, not the sum over all. */
  static final class AddBias implements CustomFunction {
    @Override
    public Tensor forward(List<Tensor> in) {
      return in.get(0).plus(in.get(1));
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
      return List.of(g, g.select(0, 0));
    }
  }

  /** Cubes; the pullback is right, but takes the slope for a constant. */
  static final class Cube implements CustomFunction {
    @Override
    public Tensor forward(List<Tensor> in) {
      return in.get(0).pow(3);
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
      return List.of(g.times(Autodiff.noGrad(() -> in.get(0).square().times(3))));
    }
  }
}
