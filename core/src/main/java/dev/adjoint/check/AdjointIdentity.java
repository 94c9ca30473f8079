package dev.adjoint.check;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.op.Tangent;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The identity {@code <u, Jv> = <J'u, v>} of each step of a computation, for random u and v: it
 * holds to rounding, and needs no differences, hence no step size.
 *
 * <p>It judges a step whose tangent has a rule of its own, the linear and bilinear ones: there the
 * forward computation and the pullback were written apart, and must be transposes of one another.
 * The tangents of all other steps, elementwise and custom functions among them, are derived from
 * their pullbacks and would agree with them however wrong: of these the identity says nothing.
 */
final class AdjointIdentity {

  private final Generator random;
  private final Set<String> judged = new TreeSet<>();
  private final Set<String> others = new TreeSet<>();
  private final List<String> findings = new ArrayList<>();
  private double worst;

  private AdjointIdentity(Generator random) {
    this.random = random;
  }

  /** Tries every step from the sources to the output. */
  static AdjointIdentity of(CheckedFunction.Recorded recorded, Generator random) {
    AdjointIdentity identity = new AdjointIdentity(random);
    for (GraphStep step : GraphStep.between(recorded.sources(), recorded.y())) {
      Autodiff.noGrad(() -> identity.judge(step));
    }
    return identity;
  }

  private void judge(GraphStep step) {
    String title = step.primitive().title();
    Tangent rule = Tangent.of(step.primitive());
    if (rule == null || rule == Tangent.SYMMETRIC) {
      others.add(title);
      return;
    }
    judged.add(title);
    Tensor u = RandomCotangent.like(step.y(), random);
    @Nullable Tensor[] v = new Tensor[step.x().length];
    List<Tensor> moves = new ArrayList<>();
    for (int i : step.indices(true)) {
      moves.add(RandomCotangent.like(step.x()[i], random));
      v[i] = moves.getLast();
    }
    Tensor forward = products(u, rule.apply(step.primitive(), step.x(), v, step.y()));
    List<Tensor> pulled = step.pullback(u);
    double scale = forward.abs().sum().item();
    double backward = 0;
    for (int i = 0; i < pulled.size(); i++) {
      Tensor products = products(pulled.get(i), moves.get(i));
      backward += products.sum().item();
      scale += products.abs().sum().item();
    }
    double error = Math.abs(forward.sum().item() - backward);
    double relative = error == 0 ? 0 : error / scale;
    if (relative > 1e5 * step.y().dtype().epsilon()) { // not where NaN hides it
      findings.add(
          String.format(
              Locale.ROOT,
              "the pullback of '%s' is not the transpose of its forward computation: <u, Jv> is"
                  + " %.9g, <J'u, v> %.9g; expected equal numbers",
              title,
              forward.sum().item(),
              backward));
    }
    worst = Math.max(worst, Double.isNaN(relative) ? 0 : relative);
  }

  private static Tensor products(Tensor a, Tensor b) {
    return a.to(DType.FLOAT64).times(b);
  }

  /** Returns a sentence for each step of which the identity does not hold. */
  List<String> findings() {
    return findings;
  }

  /** Says in a line which steps were checked exactly, too, and how well the identity holds. */
  @Override
  public String toString() {
    String exactly =
        judged.isEmpty()
            ? ""
            : String.format(
                Locale.ROOT,
                "checked exactly, by <u, Jv> = <J'u, v> to %.1e: %s",
                worst,
                String.join(", ", judged));
    String rest = others.isEmpty() ? "" : "by differences alone: " + String.join(", ", others);
    return exactly.isEmpty() ? "checked " + rest : rest.isEmpty() ? exactly : exactly + "; " + rest;
  }
}
