package dev.adjoint.kernel.portable;

import com.google.common.base.Supplier;
import com.google.common.base.Suppliers;
import com.google.common.collect.MapMaker;
import dev.adjoint.kernel.FloatColumnLoops;
import dev.adjoint.kernel.FloatPanels;
import dev.adjoint.kernel.FloatRunLoops;
import dev.adjoint.kernel.Fold;
import dev.adjoint.kernel.Formula;
import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Loop;
import dev.adjoint.kernel.Matrix;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the providers share: each loop is made on first use, and row kernels are composed of loops
 * and folds.
 */
public abstract class FloatKernels implements Kernels {

  private final Map<String, Loop> loops = new ConcurrentHashMap<>();
  private final Map<Formula, Loop> formulas = new MapMaker().weakValues().makeMap();
  private final Map<String, Fold> folds = new ConcurrentHashMap<>();
  private final Supplier<FloatSoftmax> softmax = Suppliers.memoize(() -> new FloatSoftmax(this));
  private final Supplier<FloatNormalize> normalize =
      Suppliers.memoize(() -> new FloatNormalize(this));

  private boolean isPatient;

  /** Makes kernels that have no loops yet. */
  protected FloatKernels() {}

  /** Lets elementwise loops begin as portable ones (ADR 46). */
  public FloatKernels patient() {
    isPatient = true;
    return this;
  }

  /** Returns whether elementwise loops begin as portable ones. */
  protected final boolean isPatient() {
    return isPatient;
  }

  /** Makes the loop over a formula. */
  protected abstract Loop newLoop(Formula formula);

  /**
   * Makes the loops of a fold.
   *
   * @param function what is folded
   * @param fold what it is folded by: plus, max, min, or atLeast, a maximum that may miss a NaN
   */
  protected abstract Fold newFold(String function, String fold);

  /** Makes the loops of normalizations over runs, compiled apart from others. */
  protected abstract FloatRunLoops runLoops();

  /** Makes the loops of normalizations over columns. */
  protected abstract FloatColumnLoops columnLoops();

  @Override
  public final Loop loop(String function, int arity) {
    return loops.computeIfAbsent(function, name -> newLoop(Formula.of(name, arity)));
  }

  @Override
  public final Loop loop(Formula formula) {
    return formulas.computeIfAbsent(formula, this::newLoop);
  }

  /** Returns the fold by {@code fold} of {@code function(x, y)}. */
  public final Fold fold(String function, String fold) {
    return folds.computeIfAbsent(function + " " + fold, key -> newFold(function, fold));
  }

  @Override
  public final Reduction reduction(String name) {
    return switch (name) {
      case "sum" -> fold("first", "plus");
      case "max", "min" -> fold("first", name);
      default ->
          throw new IllegalArgumentException("No reduction '" + name + "', only sum, max and min");
    };
  }

  @Override
  public final Rows rows() {
    return softmax.get();
  }

  @Override
  public final Normalizer normalizer() {
    return normalize.get();
  }

  @Override
  public void pack(Matrix x, Object out, int outFrom, int width) {
    FloatPanels.pack(x, (float[]) out, outFrom, width);
  }
}
