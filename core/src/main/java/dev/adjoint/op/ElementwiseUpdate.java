package dev.adjoint.op;

import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Storage;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;

/**
 * A composition of elementwise functions that replaces arrays in place, in one pass: the update
 * rule of an optimizer, as it is written in a paper.
 *
 * <pre>{@code
 * // array 0 moves towards array 1, by a part of the way
 * var approach =
 *     new ElementwiseUpdate(
 *         "approach", 2, x -> new Tensor[] {x[0].plus(x[1].minus(x[0]).times(x[2]))}, 1);
 * approach.run(DType.FLOAT32, new Object[] {average, value}, new double[] {0.1}, n);
 * }</pre>
 */
public final class ElementwiseUpdate {

  private final Program.Cache programs;

  /**
   * Names an update, whose formula is traced when it first runs for a type.
   *
   * @param arrays how many arrays the formula takes
   * @param formula takes a tensor for each array and then one for each number; returns what
   *     replaces the first arrays
   * @param numbers how many numbers it takes
   */
  public ElementwiseUpdate(
      String name, int arrays, Function<Tensor[], Tensor[]> formula, int numbers) {
    this.programs = new Program.Cache(name, arrays + numbers, 1, (key, x) -> updated(formula, x));
  }

  /**
   * Replaces the first n elements of the first arrays.
   *
   * @param arrays different {@code float[]} or {@code double[]}, according to the type
   * @param numbers what changes from one run to the next, rounded to the type
   * @throws IllegalArgumentException if the formula is not elementwise, with the reason
   */
  public void run(DType dtype, Object[] arrays, double[] numbers, int n) {
    Elements elements = Engine.elements(dtype);
    Object rounded = elements.uninitialized(numbers.length);
    elements.round(numbers, numbers.length, rounded, 0);
    programs.of(dtype, 0).update(arrays, rounded, n);
  }

  /** Traces the formula now, so that a run has nothing left to refuse. */
  public void prepare(DType dtype) {
    programs.of(dtype, 0);
  }

  /** Applies a formula so that each output is a result of its own. */
  private static Tensor[] updated(Function<Tensor[], Tensor[]> formula, Tensor[] samples) {
    Set<Storage> seen = new HashSet<>();
    for (Tensor sample : samples) {
      seen.add(sample.storage());
    }
    Tensor[] made = formula.apply(samples.clone());
    for (int i = 0; i < made.length; i++) {
      // What is an input, or another result, is computed again, into an array of its own.
      for (int k = seen.contains(made[i].storage()) ? i : -1; k >= 0; k--) {
        made[i] = made[i].times(1);
      }
      seen.add(made[i].storage());
    }
    return made;
  }
}
