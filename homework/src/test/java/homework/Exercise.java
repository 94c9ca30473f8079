package homework;

import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.function.Function;

/** The exercises: what is computed, at which inputs, for how many points, and known mistakes. */
enum Exercise {
  SQUARE(
      new Points(0, 2, 1, 0),
      new Pullbacks.Square(),
      in -> in.getFirst().square(),
      List.of(x(3, 4)),
      mistake(
          "x", (g, in, y) -> g.times(in.get(0)), "x stands twice in x * x: the derivative is 2x.")),
  TANH(
      new Points(0, 2, 1, 0),
      new Pullbacks.Tanh(),
      in -> in.getFirst().tanh(),
      List.of(x(3, 4)),
      mistake(
          "x",
          (g, in, y) -> g.times(in.get(0).square().neg().plus(1)),
          "This is 1 - x^2; the derivative is 1 - tanh(x)^2, and tanh(x) is y."),
      mistake(
          "x",
          (g, in, y) -> g.times(y.neg().plus(1)),
          "This is 1 - y; the derivative is 1 - y^2.")),
  PRODUCT(
      new Points(0, 2, 1, 0),
      new Pullbacks.Product(),
      in -> in.get(0).times(in.get(1)),
      List.of(new Input("a", normal(1, 3, 4)), new Input("b", normal(2, 4))),
      mistake("a", (g, in, y) -> g.times(in.get(0)), "The derivative by a is the other factor, b."),
      mistake(
          "b",
          (g, in, y) -> g.times(in.get(1)).sum(0),
          "The derivative by b is the other factor, a."),
      mistake(
          "b",
          (g, in, y) -> g.times(in.get(0)).mean(0),
          "All rows use b, and gradients add up: sum over axis 0, without dividing.")),
  ROW_MEAN(
      new Points(0, 2, 1, 0),
      new Pullbacks.RowMean(),
      in -> in.getFirst().mean(1),
      List.of(x(3, 3)),
      mistake(
          "x",
          (g, in, y) -> g.div(3).expand(3, 3),
          "g has shape (3) and was broadcast as a row; its elements belong to the rows of x, so"
              + " make it a column: unsqueeze(1)."),
      mistake(
          "x",
          (g, in, y) -> g.unsqueeze(1).expand(3, 3),
          "Each element makes a third of its row's mean: divide by the number of columns.")),
  MAT_MUL(
      new Points(0, 2, 1, 0),
      new Pullbacks.MatMul(),
      in -> in.get(0).matmul(in.get(1)),
      List.of(new Input("a", normal(1, 2, 3)), new Input("b", normal(2, 3, 4)))),
  ROW_MAX(
      new Points(0, 2, 1, 1),
      new Pullbacks.RowMax(),
      in -> in.getFirst().max(Keep.AXES, 1),
      List.of(x(3, 4)),
      mistake(
          "x",
          (g, in, y) -> g.expand(3, 4),
          "Only the largest element of a row moves the maximum: the others get 0.")) {
    @Override
    String special() {
      Tensor x = Tensor.of(new double[][] {{1, 5, 5, 2}});
      Tensor y = x.max(Keep.AXES, 1);
      double sum =
          function
              .pullback(Tensors.ones(y.shape(), y.dtype()), List.of(x), y)
              .getFirst()
              .sum()
              .item();
      return Math.abs(sum - 1) < 1e-12
          ? ""
          : ("Of (1, 5, 5, 2), two elements are the largest. If both move by t, the maximum moves"
                  + " by t, so that their gradients must add up to g. They add up to %.3g g: divide"
                  + " by how many are the largest.")
              .formatted(sum);
    }
  },
  SOFTMAX(
      new Points(0, 2, 1, 0),
      new Pullbacks.Softmax(),
      in -> in.getFirst().softmax(1),
      List.of(x(3, 4)),
      mistake(
          "x",
          (g, in, y) -> g.times(y).times(y.neg().plus(1)),
          "This is how y moves with the x in its own place. But every x of the row is in the sum"
              + " that y is divided by, and so moves all y of the row: a sum over the row is"
              + " missing."),
      mistake(
          "x",
          (g, in, y) -> y.times(g.minus(g.times(y).sum())),
          "The sum goes over the whole tensor; a row knows nothing of the others: sum over axis"
              + " 1.")),
  CROSS_ENTROPY(
      new Points(0, 2, 1, 1),
      new Pullbacks.CrossEntropy(target()),
      in -> target().times(in.getFirst().logSoftmax(1)).sum(1).mean().neg(),
      List.of(x(3, 4)),
      mistake(
          "x",
          (g, in, y) -> g.times(in.getFirst().softmax(1)).div(3),
          "This pushes every logit down, and none up: the target is missing."),
      mistake(
          "x",
          (g, in, y) -> g.times(in.getFirst().softmax(1).minus(target())),
          "The loss is the mean over the rows: divide by how many they are."),
      mistake(
          "x",
          (g, in, y) -> g.times(in.getFirst().minus(target())).div(3),
          "x are logits: take their softmax.")) {
    @Override
    String special() {
      Tensor x = Tensor.of(new double[][] {{1000, 0, 0, 0}, {0, 0, 0, -1000}, {1, 2, 3, 4}});
      Tensor y = function.forward(List.of(x));
      Tensor dx = function.pullback(Tensor.scalar(1, DType.FLOAT64), List.of(x), y).getFirst();
      return dx.isFinite().all().item() == 1
          ? ""
          : "At a logit of 1000 the gradient is not finite, as exp(1000) overflows. x.softmax(1)"
              + " subtracts the largest logit of each row first.";
    }
  },
  LAYER_NORM(
      new Points(0, 4, 2, 0), new Norms.LayerNorm(), in -> norm(in, 1), norm(), norm(1, "row")),
  BATCH_NORM(
      new Points(2, 4, 2, 0), new Norms.BatchNorm(), in -> norm(in, 0), norm(), norm(0, "column"));

  /**
   * What an exercise is worth.
   *
   * @param value for the function itself; 0 where it is given
   * @param gradient for a right pullback
   * @param second for one whose own gradient is right
   * @param special for what {@link #special} asks
   */
  record Points(int value, int gradient, int second, int special) {
    int all() {
      return value + gradient + second + special;
    }
  }

  record Input(String name, Tensor value) {}

  /** A wrong gradient of an input, and what to say to whoever has computed it. */
  record Mistake(String input, Pullback pullback, String hint) {}

  interface Pullback {
    Tensor apply(Tensor g, List<Tensor> in, Tensor y);
  }

  final Points points;
  final CustomFunction function;
  final Function<List<Tensor>, Tensor> expected;
  final List<Input> inputs;
  final List<Mistake> mistakes;

  Exercise(
      Points points,
      CustomFunction function,
      Function<List<Tensor>, Tensor> expected,
      List<Input> inputs,
      Mistake... mistakes) {
    this.points = points;
    this.function = function;
    this.expected = expected;
    this.inputs = inputs;
    this.mistakes = List.of(mistakes);
  }

  /** Returns what is wrong in a case that the gradient check does not see; empty if nothing. */
  String special() {
    return "";
  }

  List<Tensor> at() {
    return inputs.stream().map(Input::value).toList();
  }

  String[] names() {
    return inputs.stream().map(Input::name).toArray(String[]::new);
  }

  private static Mistake mistake(String input, Pullback pullback, String hint) {
    return new Mistake(input, pullback, hint);
  }

  private static Input x(int... sizes) {
    return new Input("x", normal(1, sizes));
  }

  private static Tensor normal(long seed, int... sizes) {
    return Generator.seeded(seed).normal(sizes).to(DType.FLOAT64);
  }

  private static Tensor target() {
    return Tensor.of(new double[][] {{0, 1, 0, 0}, {1, 0, 0, 0}, {0, 0, 0, 1}});
  }

  private static List<Input> norm() {
    return List.of(x(3, 4), new Input("gain", normal(2, 4)), new Input("bias", normal(3, 4)));
  }

  private static Tensor norm(List<Tensor> in, int axis) {
    return in.get(1).times(normalized(in, axis)).plus(in.get(2));
  }

  private static Tensor normalized(List<Tensor> in, int axis) {
    return in.get(0).minus(in.get(0).mean(Keep.AXES, axis)).div(sigma(in, axis));
  }

  private static Tensor sigma(List<Tensor> in, int axis) {
    return in.get(0).biasedVariance(Keep.AXES, axis).plus(Norms.EPSILON).sqrt();
  }

  private static Mistake[] norm(int axis, String line) {
    Pullback constant = (g, in, y) -> g.times(in.get(1)).div(sigma(in, axis));
    Pullback centered =
        (g, in, y) -> {
          Tensor q = constant.apply(g, in, y);
          return q.minus(q.mean(Keep.AXES, axis));
        };
    Pullback withoutGain =
        (g, in, y) -> Derivatives.vjp(x -> normalized(List.of(x), axis), in.get(0), g);
    return new Mistake[] {
      mistake("y", (g, in, y) -> norm(in, 1 - axis), "Each %s has its own mean.".formatted(line)),
      mistake(
          "y",
          (g, in, y) -> {
            Tensor sigma = in.get(0).unbiasedVariance(Keep.AXES, axis).plus(Norms.EPSILON).sqrt();
            return norm(in, axis)
                .minus(in.get(2))
                .times(sigma(in, axis))
                .div(sigma)
                .plus(in.get(2));
          },
          "The variance is the mean of the squares: divide by n, not by n - 1."),
      mistake(
          "x",
          constant,
          "Mean and sigma were taken for constants; both move with every x of the %s."
              .formatted(line)),
      mistake(
          "x",
          centered,
          "The mean is right, but sigma was taken for a constant; it moves with every x of the %s."
              .formatted(line)),
      mistake("x", withoutGain, "y is gain times the normalized x: multiply g by gain first."),
      mistake(
          "gain",
          (g, in, y) -> g.times(in.get(0)).sum(0),
          "gain is multiplied by the normalized x, not by x."),
      mistake(
          "gain",
          (g, in, y) -> g.times(y).sum(0),
          "gain is multiplied by the normalized x, not by y."),
    };
  }
}
