package dev.adjoint.optim;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Adds noise to gradients, which helps very deep networks from poor beginnings (Neelakantan et al.
 * 2015, "Adding gradient noise improves learning for very deep networks", arXiv:1511.06807):
 * normal, of variance {@code eta / (1 + t)^gamma} in step t, from 0.
 *
 * <pre>{@code
 * GradientNoise noise = new GradientNoise(generator);
 * trainer.gradients(g -> noise.add(Clipping.clipNorm(g, 10)));
 * }</pre>
 *
 * <p>Defaults: eta 0.01 (the paper tries 0.3 and 1 as well), gamma 0.55. Noise after clipping keeps
 * its size, as in the paper.
 */
public final class GradientNoise {

  private static final String NAME = "GradientNoise";

  private final Generator generator;
  private double eta = 0.01;
  private double gamma = 0.55;
  private int steps;

  /** Creates noise from a generator, whose place is part of the {@link #state}. */
  public GradientNoise(Generator generator) {
    this.generator = generator;
  }

  /** Sets the variance of the first step. */
  public GradientNoise eta(double variance) {
    eta = Numbers.atLeastZero(NAME, "eta", variance);
    return this;
  }

  /** Sets the power of the number of steps by which the variance falls. */
  public GradientNoise gamma(double power) {
    gamma = Numbers.atLeastZero(NAME, "gamma", power);
    return this;
  }

  /** Returns the gradients of parameters with noise, and counts a step. */
  public Gradients add(Gradients gradients) {
    double deviation = Math.sqrt(eta / Math.pow(1.0 + steps, gamma));
    Gradients noisy =
        gradients.map((_, g) -> g.plus(generator.normal(0, deviation, g.shape(), g.dtype())));
    steps++;
    return noisy;
  }

  /** Returns what is remembered: the number of steps, and the place of the generator. */
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>(generator.state());
    state.put("step", SavedState.entry(steps));
    return Collections.unmodifiableMap(state);
  }

  /**
   * Continues from where noise with the same settings has been.
   *
   * @throws IllegalArgumentException naming what is missing or unknown; then nothing has changed
   */
  public void load(Map<String, Tensor> state) {
    Map<String, Tensor> ofGenerator = new LinkedHashMap<>(state);
    Tensor step = ofGenerator.remove("step");
    SavedState saved = new SavedState(NAME, step == null ? Map.of() : Map.of("step", step));
    int count = saved.count("step");
    saved.requireFit();
    generator.load(ofGenerator);
    steps = count;
  }

  /** Returns the settings and the number of steps. */
  @Override
  public String toString() {
    return "GradientNoise with eta %s, gamma %s, after %s steps".formatted(eta, gamma, steps);
  }
}
