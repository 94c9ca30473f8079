package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * Some parameters of an optimizer, with a learning rate and a weight decay of their own.
 *
 * <pre>{@code
 * Optimizer optimizer =
 *     new AdamW(model.namedParameters())
 *         .learningRate(1e-3)
 *         .weightDecay(0.1)
 *         .group(ParameterGroup.biasesAndNorms().weightDecay(0))
 *         .group(ParameterGroup.of(model.encoder().parameters()).learningRate(1e-4));
 * }</pre>
 *
 * <p>Both settings default to those of the optimizer. A parameter may be in several groups; where
 * they disagree, the later one counts. Settings may be changed at any time, and a schedule
 * multiplies the rates of groups as well.
 */
public final class ParameterGroup {

  private static final String NAME = "ParameterGroup";

  private final BiPredicate<String, Parameter> rule;

  /** Parameters of which each has to be found; empty for a rule. */
  private final Set<Parameter> listed;

  private final boolean mayBeEmpty;

  /** NaN while it is that of the optimizer. */
  double learningRate = Double.NaN;

  /** NaN while it is that of the optimizer. */
  double weightDecay = Double.NaN;

  private ParameterGroup(
      BiPredicate<String, Parameter> rule, Set<Parameter> listed, boolean mayBeEmpty) {
    this.rule = rule;
    this.listed = listed;
    this.mayBeEmpty = mayBeEmpty;
  }

  /** Returns a group of these parameters, such as those of a layer. */
  public static ParameterGroup of(Collection<Parameter> parameters) {
    Set<Parameter> listed = new HashSet<>(parameters);
    return new ParameterGroup((path, p) -> listed.contains(p), listed, false);
  }

  /**
   * Returns the group of all parameters that a rule accepts.
   *
   * @param rule is given each parameter and its path, as in {@code encoder.0.weight}
   */
  public static ParameterGroup where(BiPredicate<String, Parameter> rule) {
    return new ParameterGroup(rule, Set.of(), false);
  }

  /**
   * Returns the group of what usually does not decay: parameters of fewer than two axes, those
   * whose path ends in {@code bias}, and those of a layer whose class is called {@code ...Norm}. It
   * may be empty.
   */
  public static ParameterGroup biasesAndNorms() {
    return new ParameterGroup(ParameterGroup::isBiasOrNorm, Set.of(), true);
  }

  private static boolean isBiasOrNorm(String path, Parameter parameter) {
    String name = parameter.name(); // of a parameter of a layer, Class.name
    int dot = name.indexOf('.');
    return parameter.shape().rank() < 2
        || path.endsWith("bias")
        || dot >= 0 && name.substring(0, dot).endsWith("Norm");
  }

  /** Sets the learning rate of these parameters. */
  public ParameterGroup learningRate(double rate) {
    learningRate = Numbers.atLeastZero(NAME, "learning rate", rate);
    return this;
  }

  /** Sets the weight decay of these parameters. */
  public ParameterGroup weightDecay(double factor) {
    weightDecay = Numbers.atLeastZero(NAME, "weight decay", factor);
    return this;
  }

  /** Returns those of an optimizer's parameters that are in this group. */
  List<ParameterState> members(String optimizer, List<ParameterState> states) {
    List<ParameterState> members = new ArrayList<>();
    Set<Parameter> missing = new HashSet<>(listed);
    for (ParameterState state : states) {
      missing.remove(state.parameter());
      if (rule.test(state.path(), state.parameter())) {
        members.add(state);
      }
    }
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: parameter '%s' of a group is none of this optimizer's; expected some of %s"
              .formatted(optimizer, missing.iterator().next().name(), paths(states)));
    }
    if (members.isEmpty() && !mayBeEmpty) {
      throw new IllegalArgumentException(
          "%s: a group of no parameters; expected some of %s".formatted(optimizer, paths(states)));
    }
    return members;
  }

  private static List<String> paths(List<ParameterState> states) {
    return states.stream().map(ParameterState::path).toList();
  }

  /** Returns how many parameters these are, and the settings that are not the optimizer's. */
  @Override
  public String toString() {
    return "ParameterGroup of %s%s%s"
        .formatted(
            listed.isEmpty() ? "a rule" : listed.size() + " parameters",
            Double.isNaN(learningRate) ? "" : ", learning rate " + learningRate,
            Double.isNaN(weightDecay) ? "" : ", weight decay " + weightDecay);
  }
}
