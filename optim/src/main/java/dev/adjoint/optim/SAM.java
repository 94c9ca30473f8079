package dev.adjoint.optim;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Lets another optimizer step by the gradients at a worse place nearby, so that the minimum that it
 * finds is flat (Foret et al. 2021, "Sharpness-aware minimization for efficiently improving
 * generalization", arXiv:2010.01412): at the values plus {@code rho * g / |g|}, with the norm of
 * the gradients of all its parameters together.
 *
 * <pre>{@code
 * SAM sam = new SAM(new SGD(model.namedParameters()).learningRate(0.1).momentum(0.9));
 * double before = sam.step(() -> Losses.crossEntropy(model.forward(x), y));
 * }</pre>
 *
 * <p>The default rho is 0.05. A step computes the loss twice, and so takes twice as long. A trainer
 * does so by itself, and keeps running statistics from the second time; in a loop written by hand
 * they see both. Parameters, rates, groups and schedule are those of the other optimizer.
 */
public final class SAM extends Wrapper<SAM> {

  private double rho = 0.05;

  /** Creates a wrapper of an optimizer. */
  public SAM(FluentOptimizer<?> inner) {
    super(inner);
  }

  /** Sets the distance at which the loss is looked at. */
  public SAM rho(double distance) {
    rho = atLeastZero("rho", distance);
    return this;
  }

  @Override
  Gradients lookedAt(Gradients here, Supplier<Gradients> again) {
    Set<Parameter> own = Set.copyOf(parameters());
    List<Parameter> moved =
        here.parameters().stream().filter(p -> own.contains(p) && !p.isFrozen()).toList();
    double norm = Clipping.totalNorm(here, moved);
    if (!(norm > 0 && norm < Double.POSITIVE_INFINITY) || rho == 0) {
      return inner.lookedAt(here, again);
    }
    // Since rho / norm may overflow; a float32, too.
    double unit = Math.scalb(1.0, Math.min(Math.getExponent(norm), Float.MAX_EXPONENT));
    Map<Parameter, Tensor> before = new LinkedHashMap<>();
    Map<Parameter, Tensor> worse = new LinkedHashMap<>();
    for (Parameter parameter : moved) {
      Tensor value = parameter.value().untracked();
      before.put(parameter, value.times(1));
      worse.put(
          parameter,
          value.plus(here.of(parameter).untracked().div(unit).times(rho / (norm / unit))));
    }
    Parameter.assign(worse);
    try {
      Gradients there = inner.lookedAt(again.get(), again);
      Set<Object> values = values(); // as a gradient may be one, it is copied before it is gone
      return there.map(g -> values.contains(g.storage().array()) ? g.untracked().copy() : g);
    } finally {
      Parameter.assign(before);
    }
  }
}
