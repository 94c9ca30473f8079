package dev.adjoint.op;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Describes one operation to the tests: a row of {@link OpTable}.
 *
 * <p>Shapes of inputs are written with letters, as in {@code "m n"}, so that one row is tried with
 * many sizes: every letter in turn becomes 1 and 0, grows, and takes odd sizes.
 *
 * @param methods what of the public interface the row covers, as in {@code "plus(Tensor)"} for a
 *     method of Tensor and {@code "Joining.stack(int, Tensor[])"} for a static function
 * @param primitives the {@linkplain OpTable#key keys} of the primitives it covers
 * @param order how often it can be differentiated with finite differences to compare: 2, or 0 where
 *     the result is a constant
 * @param tolerance the error allowed, in units of 8 epsilon of the type
 * @param nonEmpty the letters that may not become 0
 */
record OpCase(
    String name,
    List<Input> inputs,
    Function<Tensor[], Tensor> function,
    Function<Dense[], Dense> oracle,
    List<String> methods,
    List<String> primitives,
    int order,
    double tolerance,
    String nonEmpty) {

  /** The order of rows that round: gradients flow, but finite differences see steps. */
  static final int ROUNDS = -1;

  private static final Map<Character, Integer> SIZES = Map.of('b', 2, 'm', 3, 'n', 5, 'k', 4);

  /** Says where an input's elements come from, and its shape. */
  record Input(Domain domain, String shape) {}

  /** Gives every letter a size. */
  record Sizes(String label, Map<Character, Integer> letters) {
    int[] of(Input input) {
      return input.shape().isEmpty()
          ? new int[0]
          : Arrays.stream(input.shape().split(" ")).mapToInt(this::of).toArray();
    }

    private int of(String size) {
      return Character.isDigit(size.charAt(0))
          ? Integer.parseInt(size)
          : letters.get(size.charAt(0));
    }

    @Override
    public String toString() {
      return label;
    }
  }

  static Input in(Domain domain, String shape) {
    return new Input(domain, shape);
  }

  static OpCase op(
      String name,
      Function<Tensor[], Tensor> function,
      Function<Dense[], Dense> oracle,
      Input... inputs) {
    return new OpCase(name, List.of(inputs), function, oracle, List.of(), List.of(), 2, 1, "");
  }

  OpCase covers(String... newMethods) {
    return new OpCase(
        name,
        inputs,
        function,
        oracle,
        List.of(newMethods),
        primitives,
        order,
        tolerance,
        nonEmpty);
  }

  OpCase uses(String... newPrimitives) {
    return new OpCase(
        name,
        inputs,
        function,
        oracle,
        methods,
        List.of(newPrimitives),
        order,
        tolerance,
        nonEmpty);
  }

  OpCase order(int newOrder) {
    return new OpCase(
        name, inputs, function, oracle, methods, primitives, newOrder, tolerance, nonEmpty);
  }

  OpCase tolerance(double newTolerance) {
    return new OpCase(
        name, inputs, function, oracle, methods, primitives, order, newTolerance, nonEmpty);
  }

  OpCase nonEmpty(String letters) {
    return new OpCase(
        name, inputs, function, oracle, methods, primitives, order, tolerance, letters);
  }

  /** Tells whether a gradient flows to an input: none does to a mask. */
  boolean moves(int input) {
    return inputs.get(input).domain() != Domain.MASK;
  }

  // ---- sizes ---------------------------------------------------------------------------------

  /** Returns small sizes, all different. */
  Sizes small() {
    return new Sizes("small", letters());
  }

  /** Returns small sizes, then sizes in which one letter is 1. */
  List<Sizes> nonEmptySizes() {
    List<Sizes> all = new ArrayList<>(List.of(small()));
    letters().keySet().forEach(letter -> all.add(with(letter, 1)));
    return all;
  }

  /** Returns small sizes, then those in which one letter is 1, then those in which one is 0. */
  List<Sizes> allSizes() {
    List<Sizes> all = nonEmptySizes();
    letters().keySet().stream()
        .filter(letter -> nonEmpty.indexOf(letter) < 0)
        .forEach(letter -> all.add(with(letter, 0)));
    return all;
  }

  /** Returns sizes with which some input has so many elements; those of a single axis fewer. */
  Sizes atLeast(int elements) {
    for (int factor = 1; ; factor++) {
      Map<Character, Integer> grown = letters();
      int times = factor;
      grown.replaceAll((letter, size) -> size * times);
      Sizes sizes = new Sizes("large", grown);
      boolean enough =
          grown.isEmpty()
              || factor == 400
              || inputs.stream().anyMatch(input -> Dense.product(sizes.of(input)) >= elements);
      if (enough) {
        return sizes;
      }
    }
  }

  /** Returns small sizes but for the last letter of the first input. */
  Sizes lastOf(int size) {
    Map<Character, Integer> letters = letters();
    return letters.isEmpty() ? small() : with(List.copyOf(letters.keySet()).getLast(), size);
  }

  private Sizes with(char letter, int size) {
    Map<Character, Integer> letters = letters();
    letters.put(letter, size);
    return new Sizes(letter + " = " + size, letters);
  }

  private Map<Character, Integer> letters() {
    Map<Character, Integer> letters = new LinkedHashMap<>();
    for (Input input : inputs) {
      input
          .shape()
          .chars()
          .filter(Character::isLetter)
          .forEach(letter -> letters.put((char) letter, SIZES.get((char) letter)));
    }
    return letters;
  }

  // ---- numbers -------------------------------------------------------------------------------

  /** Returns numbers for all inputs, the same at every call; all of them are float32 numbers. */
  Dense[] numbers(Sizes sizes) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(name.hashCode());
    return inputs.stream()
        .map(input -> Dense.drawn(sizes.of(input), () -> (float) input.domain().draw(random)))
        .toArray(Dense[]::new);
  }

  /** Returns a tensor with the numbers. */
  static Tensor tensor(Dense x, DType dtype) {
    return Tensor.of(x.values(), x.sizes()).to(dtype);
  }

  static Tensor[] tensors(Dense[] x, DType dtype) {
    return Arrays.stream(x).map(dense -> tensor(dense, dtype)).toArray(Tensor[]::new);
  }

  /** Returns numbers to weigh the elements of a result by, the same at every call. */
  static Tensor weights(Tensor like) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    return tensor(
        Dense.drawn(like.shape().toArray(), () -> (float) random.nextDouble(-1, 1)), like.dtype());
  }

  @Override
  public String toString() {
    return name;
  }
}
