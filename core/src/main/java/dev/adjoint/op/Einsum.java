package dev.adjoint.op;

import com.google.common.primitives.Ints;
import dev.adjoint.op.Contraction.Labeled;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Sums of products, written with a letter for each axis:
 *
 * <pre>{@code
 * Einsum.einsum("ij,jk->ik", a, b); // a matrix product
 * Einsum.einsum("bqhd,bkhd->bhqk", query, key); // the scores of attention
 * Einsum.einsum("ii->", a); // the trace
 * }</pre>
 */
public final class Einsum {

  /** Letters are labels 0 to 51; from there on come the axes of an ellipsis, the last one first. */
  private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  private static final int ELLIPSIS = -1;

  private final String equation;
  private final Tensor[] operands;

  /** Of each label: how often it occurs in operands, and how long its axis is. */
  private final int[] occurrences = new int[Long.SIZE];

  private final int[] sizes = new int[Long.SIZE];

  /** The most axes for which an ellipsis stands. */
  private int hidden;

  private Einsum(String equation, Tensor[] operands) {
    this.equation = equation;
    this.operands = operands;
  }

  /**
   * Multiplies tensors and sums, as {@code torch.einsum}: each letter names an axis, axes of one
   * name run together, and those that the result lacks are summed over.
   *
   * <p>A letter that an operand has twice takes a diagonal. An ellipsis stands for all axes without
   * a letter, which broadcast from the last on. Axes of one letter have one size, or the size 1,
   * which broadcasts. Spaces mean nothing.
   *
   * <p>Two operands at a time become one, by a matrix product or an elementwise one; up to six
   * operands in the order that takes the fewest multiplications. Where an equation only reorders
   * axes or takes diagonals, the result is a view.
   *
   * @param equation the letters of each operand, with commas between, and behind an arrow those of
   *     the result, as in {@code "bij,bjk->bik"}; without an arrow the result has the axes of an
   *     ellipsis, then the letters that occur once, sorted, capitals first
   * @throws IllegalArgumentException if the equation is malformed, or the shapes do not fit
   */
  public static Tensor einsum(String equation, Tensor... operands) {
    return new Einsum(equation, operands).result();
  }

  private Tensor result() {
    int arrow = equation.indexOf("->");
    int end = arrow < 0 ? equation.length() : arrow;
    String[] inputs = equation.substring(0, end).split(",", -1);
    if (inputs.length != operands.length) {
      throw bad("%d operands; expected as many tensors".formatted(inputs.length));
    }
    List<Labeled> terms = new ArrayList<>();
    int from = 0;
    for (String input : inputs) {
      terms.add(term(terms.size(), read(from, from + input.length())));
      from += input.length() + 1;
    }
    return Contraction.contract(terms, arrow < 0 ? implicit() : output(arrow + 2));
  }

  private int[] read(int from, int to) {
    List<Integer> labels = new ArrayList<>();
    for (int i = from; i < to; i++) {
      char c = equation.charAt(i);
      if (LETTERS.indexOf(c) >= 0) {
        labels.add(LETTERS.indexOf(c));
      } else if (equation.startsWith("...", i) && !labels.contains(ELLIPSIS)) {
        labels.add(ELLIPSIS);
        i += 2;
      } else if (c != ' ') {
        throw bad(
            "'%s' at position %d; expected letters, one ellipsis (...) an operand, commas between operands and one arrow (->)"
                .formatted(c, i));
      }
    }
    return labels.stream().mapToInt(label -> label).toArray();
  }

  /** Puts labels in place of an ellipsis that stands for so many axes. */
  private static int[] expanded(int[] labels, int axes) {
    return Arrays.stream(labels)
        .flatMap(label -> label == ELLIPSIS ? ofEllipsis(axes) : IntStream.of(label))
        .toArray();
  }

  private static IntStream ofEllipsis(int axes) {
    return IntStream.range(0, axes).map(axis -> LETTERS.length() + axes - 1 - axis);
  }

  private Labeled term(int operand, int[] read) {
    Tensor x = operands[operand];
    boolean hasEllipsis = Arrays.stream(read).anyMatch(label -> label == ELLIPSIS);
    int letters = read.length - (hasEllipsis ? 1 : 0);
    if (letters > x.rank() || !hasEllipsis && letters < x.rank()) {
      throw bad(
          "%d letters for the %d axes of operand %d; expected one an axis, or an ellipsis (...)"
              .formatted(letters, x.rank(), operand));
    }
    hidden = Math.max(hidden, x.rank() - letters);
    int[] labels = expanded(read, x.rank() - letters);
    for (int axis = 0; axis < labels.length; axis++) {
      int label = labels[axis];
      int size = x.size(axis);
      occurrences[label]++;
      if (occurrences[label] == 1 || sizes[label] == 1) {
        sizes[label] = size;
      } else if (size != sizes[label] && size != 1) {
        throw differ(label, sizes[label], size, operand, ", or 1");
      }
    }
    return diagonals(operand, new Labeled(x, labels));
  }

  private Labeled diagonals(int operand, Labeled term) {
    int[] labels = term.labels();
    for (int second = 1; second < labels.length; second++) {
      int a = term.axis(labels[second]);
      int b = second;
      if (a < b) {
        Tensor x = term.x();
        if (x.size(a) != x.size(b)) {
          throw differ(labels[a], x.size(a), x.size(b), operand, " within an operand");
        }
        int[] others = IntStream.range(0, labels.length).filter(i -> i != a && i != b).toArray();
        Tensor last = x.permute(Ints.concat(others, new int[] {a, b}));
        int[] left = Ints.concat(others, new int[] {a});
        Arrays.setAll(left, i -> labels[left[i]]);
        return diagonals(operand, new Labeled(Linalg.diagonal(last), left));
      }
    }
    return term;
  }

  private int[] implicit() {
    IntStream once = IntStream.range(0, LETTERS.length()).filter(label -> occurrences[label] == 1);
    return IntStream.concat(ofEllipsis(hidden), once).toArray();
  }

  private int[] output(int from) {
    int[] labels = expanded(read(from, equation.length()), hidden);
    long seen = 0;
    for (int label : labels) {
      if (occurrences[label] == 0 || (seen >> label & 1) != 0) {
        throw bad(
            "%s after the arrow; expected letters of operands, each once".formatted(name(label)));
      }
      seen |= 1L << label;
    }
    return labels;
  }

  // ---- messages --------------------------------------------------------------------------------

  private static String name(int label) {
    return label < LETTERS.length() ? "letter " + LETTERS.charAt(label) : "an axis of the ellipsis";
  }

  private IllegalArgumentException differ(int label, int a, int b, int operand, String or) {
    return bad(
        "%s has size %d, and %d in operand %d; expected equal sizes%s"
            .formatted(name(label), a, b, operand, or));
  }

  private IllegalArgumentException bad(String what) {
    return new IllegalArgumentException(
        "einsum: \"%s\" of shapes %s: %s"
            .formatted(
                equation,
                Arrays.stream(operands)
                    .map(x -> x.shape().toString())
                    .collect(Collectors.joining(", ")),
                what));
  }
}
