package dev.adjoint.check;

import com.google.common.primitives.Booleans;
import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Node;
import dev.adjoint.op.Primitive;
import dev.adjoint.op.Reductions;
import dev.adjoint.op.Tangent;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
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
    Set<Node> leading = new HashSet<>();
    recorded.sources().forEach(source -> leading.add(source.node()));
    Node.ancestors(recorded.y(), node -> true).entrySet().stream()
        .sorted(Comparator.comparingLong(entry -> entry.getKey().birth()))
        .forEach(entry -> {
          Node node = entry.getKey();
          Primitive primitive = node.primitive();
          Tensor[] x = node.inputs().toArray(Tensor[]::new);
          boolean[] leads = new boolean[x.length];
          for (int i = 0; i < x.length; i++) {
            leads[i] = leading.contains(x[i].node());
          }
          if (primitive != null && Booleans.contains(leads, true)) {
            leading.add(node);
            Autodiff.noGrad(() -> identity.judge(primitive, x, leads, entry.getValue()));
          }
        });
    return identity;
  }

  private void judge(Primitive primitive, Tensor[] x, boolean[] leads, Tensor y) {
    Tangent rule = Tangent.of(primitive);
    if (rule == null || rule == Tangent.SYMMETRIC) {
      others.add(primitive.title());
      return;
    }
    judged.add(primitive.title());
    Tensor u = RandomCotangent.like(y, random);
    @Nullable Tensor[] v = new Tensor[x.length];
    for (int i = 0; i < x.length; i++) {
      v[i] = leads[i] ? RandomCotangent.like(x[i], random) : null;
    }
    Tensor forward = products(u, rule.apply(primitive, x, v, y));
    @Nullable Tensor[] pulled = primitive.pullbacks(leads, u, x, y);
    double scale = forward.abs().sum().item();
    double backward = 0;
    for (int i = 0; i < x.length; i++) {
      Tensor part = pulled[i];
      Tensor tangent = v[i];
      if (part != null && tangent != null) {
        Tensor products = products(Reductions.sumTo(part, x[i].shape()), tangent);
        backward += products.sum().item();
        scale += products.abs().sum().item();
      }
    }
    double error = Math.abs(forward.sum().item() - backward);
    double relative = error == 0 ? 0 : error / scale;
    if (relative > 1e5 * y.dtype().epsilon()) { // not where NaN hides it
      findings.add(
          String.format(
              Locale.ROOT,
              "the pullback of '%s' is not the transpose of its forward computation: <u, Jv> is"
                  + " %.9g, <J'u, v> %.9g; expected equal numbers",
              primitive.title(),
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

  /** Says in a line how well the identity holds, and of which steps it says nothing. */
  @Override
  public String toString() {
    String rest =
        others.isEmpty()
            ? ""
            : "not judged, since forward mode uses their pullbacks: " + String.join(", ", others);
    return "without a step size: "
        + (judged.isEmpty()
            ? ""
            : String.format(
                Locale.ROOT,
                "<u, Jv> = <J'u, v> to %.1e in %s%s",
                worst,
                String.join(", ", judged),
                rest.isEmpty() ? "" : "; "))
        + rest;
  }
}
