package dev.adjoint.nn.calls;

import dev.adjoint.nn.calls.Values.Manner;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;

/**
 * Draws the arguments of one call, and remembers them as text. What it draws depends on its seed
 * only. One call in a dozen gets a bad argument: an axis that is not there, a size that is off.
 */
final class Draw {

  private final Random random;
  private final StringBuilder text = new StringBuilder();
  private final List<Tensor> inputs = new ArrayList<>();
  private final DType dtype;

  /** How many more arguments are good before a bad one. */
  private int good;

  private final boolean special;

  Draw(long seed) {
    random = new Random(seed);
    dtype = random.nextInt(8) == 0 ? DType.FLOAT32 : DType.FLOAT64;
    good = random.nextInt(12) == 0 ? random.nextInt(3) : Integer.MAX_VALUE;
    special = random.nextInt(10) == 0;
    text.append(dtype);
  }

  String text() {
    return text.toString();
  }

  DType dtype() {
    return dtype;
  }

  /** Returns a call of what was drawn. */
  Call call(Call.Ours ours, Call.Theirs theirs) {
    return new Call(text(), List.copyOf(inputs), ours, theirs, random.nextLong());
  }

  // ---- numbers -------------------------------------------------------------------------------

  /** Draws a whole number between two, both included. */
  int whole(String name, int from, int to) {
    return note(name, random.nextInt(from, to + 1));
  }

  double real(String name, double from, double to) {
    return note(name, Math.rint(random.nextDouble(from, to) * 100) / 100);
  }

  boolean flag(String name) {
    return note(name, random.nextBoolean());
  }

  @SafeVarargs
  final <T> T of(String name, T... choices) {
    return note(name, choices[random.nextInt(choices.length)]);
  }

  /** Draws an axis of so many, counted from the first or the last. */
  int axis(int rank) {
    int axis = bad() ? random.nextBoolean() ? rank : -rank - 1 : random.nextInt(-rank, rank);
    return note("axis", axis);
  }

  /** Draws some of so many axes in any order; none stands for all. */
  int[] axes(int rank) {
    List<Integer> all = shuffled(rank);
    int n = random.nextInt(rank + 1);
    return note(
        "axes",
        all.subList(0, n).stream()
            .mapToInt(axis -> random.nextBoolean() ? axis : axis - rank)
            .toArray());
  }

  /** Draws an order of so many axes. */
  int[] order(int rank) {
    return note("order", shuffled(rank).stream().mapToInt(i -> i).toArray());
  }

  /** Draws so many whole numbers between two, both included. */
  int[] wholes(String name, int n, int from, int to) {
    return note(name, IntStream.generate(() -> random.nextInt(from, to + 1)).limit(n).toArray());
  }

  private List<Integer> shuffled(int n) {
    List<Integer> all = new ArrayList<>(IntStream.range(0, n).boxed().toList());
    java.util.Collections.shuffle(all, random);
    return all;
  }

  private <T> T note(String name, T value) {
    String words = value instanceof int[] numbers ? Arrays.toString(numbers) : value.toString();
    text.append(' ').append(name).append('=').append(words);
    return value;
  }

  /** Tells whether the argument that is drawn now shall be bad. */
  private boolean bad() {
    return good-- == 0;
  }

  // ---- shapes --------------------------------------------------------------------------------

  /** Draws the sizes of so many axes: 1 to 5, seldom 0. */
  int[] sizes(int fewest, int most) {
    boolean empty = random.nextInt(25) == 0;
    return filled(random.nextInt(fewest, most + 1), () -> random.nextInt(empty ? 0 : 1, 6));
  }

  /** Draws the sizes of so many axes, none of them 0. */
  int[] some(int fewest, int most) {
    return filled(random.nextInt(fewest, most + 1), () -> random.nextInt(1, 6));
  }

  /** Draws the sizes of so many axes, each of them at least 2. */
  int[] several(int fewest, int most) {
    return filled(random.nextInt(fewest, most + 1), () -> random.nextInt(2, 5));
  }

  /** Draws sizes that broadcast to the given ones. */
  int[] broadcast(int... sizes) {
    int dropped = random.nextInt(3) == 0 ? random.nextInt(sizes.length + 1) : 0;
    int[] result = Arrays.copyOfRange(sizes, dropped, sizes.length);
    for (int i = 0; i < result.length; i++) {
      result[i] = random.nextInt(4) == 0 ? 1 : result[i];
    }
    return result;
  }

  private static int[] filled(int n, IntSupplier size) {
    return IntStream.generate(size).limit(n).toArray();
  }

  /** Returns sizes of which one is off, if a bad argument is due. */
  private int[] spoiled(int... sizes) {
    if (!bad()) {
      return sizes;
    }
    if (sizes.length == 0 || random.nextInt(3) == 0) {
      return concat(new int[] {random.nextInt(1, 3)}, sizes);
    }
    int[] result = sizes.clone();
    result[random.nextInt(sizes.length)]++;
    return result;
  }

  static int[] concat(int[] a, int... b) {
    int[] result = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, result, a.length, b.length);
    return result;
  }

  // ---- tensors -------------------------------------------------------------------------------

  /** Lets no more arguments be bad: for what one of both takes more generally. */
  Draw wellFormed() {
    good = Integer.MAX_VALUE;
    return this;
  }

  /** Draws an argument whose gradient is wanted: the next element of what a call gets. */
  Draw input(Values values, int... sizes) {
    inputs.add(constant("x" + inputs.size(), values, spoiled(sizes)).tracked());
    return this;
  }

  /** Draws a tensor without gradient. */
  Tensor constant(String name, Values values, int... sizes) {
    Manner manner =
        special && values == Values.REAL
            ? Manner.SPECIAL
            : Manner.values()[Math.max(0, random.nextInt(4) - 1)];
    int n = Shape.of(sizes).size();
    double[] drawn = new double[n];
    Arrays.setAll(drawn, _ -> values.draw(random, manner));
    return laidOut(name, Tensor.of(drawn, sizes).to(dtype), values != Values.DISTINCT);
  }

  /** Draws whole numbers from 0 to below a bound. */
  IntTensor indices(String name, int bound, int... sizes) {
    int limit = bad() ? bound + 1 : bound;
    int[] values = new int[Shape.of(sizes).size()];
    Arrays.setAll(values, _ -> limit < 1 ? 0 : random.nextInt(limit));
    return note(name, IntTensor.of(values, sizes));
  }

  /** Returns about the same tensor, with its elements lying otherwise. */
  private Tensor laidOut(String name, Tensor x, boolean repeating) {
    int layout = x.rank() == 0 ? 9 : random.nextInt(repeating ? 0 : 1, 10);
    int axis = x.rank() == 0 ? 0 : random.nextInt(x.rank());
    int[] order = IntStream.range(0, x.rank()).map(i -> x.rank() - 1 - i).toArray();
    text.append(' ').append(name).append(' ').append(x.shape());
    return switch (layout) {
      case 0 -> word("expanded", x.slice(axis, 0, 1).expand(x.shape()));
      case 1, 2 -> word("transposed", x.permute(order).copy().permute(order));
      case 3 -> word("sliced", x.repeat(2, axis).slice(axis, 1, 2 * x.size(axis), 2));
      case 4 -> word("flipped", x.flip(axis).copy().flip(axis));
      default -> x;
    };
  }

  private Tensor word(String layout, Tensor x) {
    text.append(' ').append(layout);
    return x;
  }
}
