package dev.adjoint.explain;

import com.google.common.base.Ascii;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.StringJoiner;

/** Writes numbers and tensors in few digits: 0.5, 1.234, [1, 2], (32, 64) norm 3.21. */
final class Numbers {

  /** The most elements that are written one by one. */
  static final int FEW = 8;

  private static final MathContext DIGITS = new MathContext(4, RoundingMode.HALF_EVEN);

  private Numbers() {}

  /** Returns a number in at most four digits; whole ones below a million in all of theirs. */
  static String text(double number) {
    if (!Double.isFinite(number) || number == 0) {
      return number == 0 ? "0" : Double.toString(number);
    }
    BigDecimal exact = new BigDecimal(number);
    boolean isWhole = number == Math.rint(number) && Math.abs(number) < 1e6;
    BigDecimal rounded = (isWhole ? exact : exact.round(DIGITS)).stripTrailingZeros();
    double size = Math.abs(number);
    return size < 1e6 && size >= 1e-4
        ? rounded.toPlainString()
        : Ascii.toLowerCase(rounded.toString());
  }

  /**
   * Returns the elements, if they are few and fit into a width, perhaps a row a line; else shape
   * and norm.
   */
  static String text(Tensor tensor, int width) {
    Tensor values = tensor.untracked();
    if (values.size() > 0 && values.size() <= FEW) {
      int[] sizes = values.shape().toArray();
      String text = text(values.toDoubleArray(), sizes, 0, 0, values.size());
      if (text.length() <= width) {
        return text;
      }
      String rows = text.replace("], [", "],\n [");
      if (rows.lines().allMatch(row -> row.length() <= width)) {
        return rows;
      }
    }
    return values.shape() + ", norm " + text(values.to(DType.FLOAT64).norm(2).item());
  }

  private static String text(double[] values, int[] sizes, int axis, int from, int count) {
    if (axis == sizes.length) {
      return text(values[from]);
    }
    StringJoiner text = new StringJoiner(", ", "[", "]");
    int part = count / sizes[axis];
    for (int i = 0; i < sizes[axis]; i++) {
      text.add(text(values, sizes, axis + 1, from + i * part, part));
    }
    return text.toString();
  }
}
