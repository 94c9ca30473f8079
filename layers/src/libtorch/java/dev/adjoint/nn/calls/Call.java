package dev.adjoint.nn.calls;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * One call of an operation with drawn arguments, which both libraries compute: its results; the
 * gradients of a weighted sum of the results, with respect to the inputs; and the gradients of a
 * weighted sum of those, with respect to the inputs and the first weights.
 *
 * @param text the arguments, as a person reads them
 * @param inputs what gradients are taken with respect to
 * @param seed that of the weights
 */
record Call(String text, List<Tensor> inputs, Ours ours, Theirs theirs, long seed) {

  /** Our function; returns a tensor, indices, or a list of such. */
  interface Ours {
    Object apply(Tensor... x);
  }

  /** The same of libtorch. */
  interface Theirs {
    Object apply(org.bytedeco.pytorch.Tensor... x);
  }

  /** Ends a comparison: what they differ in. */
  static final class Mismatch extends RuntimeException {
    Mismatch(String message) {
      super(message);
    }
  }

  /** Compares both; returns whether they computed anything, or both refused. */
  boolean compare(int order) {
    List<Tensor> y = new ArrayList<>();
    List<org.bytedeco.pytorch.Tensor> expected = List.of();
    List<org.bytedeco.pytorch.Tensor> leaves =
        inputs.stream().map(x -> Libtorch.of(x).set_requires_grad(true)).toList();
    RuntimeException refused = null;
    try {
      flatten(ours.apply(inputs.toArray(new Tensor[0])), y);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      refused = e;
    }
    RuntimeException declined = null;
    try {
      expected = Libtorch.results(theirs.apply(leaves.toArray(new org.bytedeco.pytorch.Tensor[0])));
    } catch (RuntimeException e) {
      declined = e;
    }
    if ((refused == null) != (declined == null)) {
      throw new Mismatch(
          refused != null
              ? "we refuse: " + refused.getMessage() + "; they return " + shapes(expected)
              : "they refuse: " + declined.getMessage().lines().findFirst().get() + "; we " + y);
    }
    if (refused != null) {
      return false;
    }
    boolean finite = same("value", y, expected);
    // At infinity and NaN, formulas of the same gradient differ.
    if (order > 0 && inputs.stream().allMatch(Call::isFinite)) {
      gradients(y, leaves, expected, finite ? order : 1);
    }
    return true;
  }

  private void gradients(
      List<Tensor> y,
      List<org.bytedeco.pytorch.Tensor> leaves,
      List<org.bytedeco.pytorch.Tensor> expected,
      int order) {
    Random random = new Random(seed);
    List<Tensor> weights = new ArrayList<>();
    List<org.bytedeco.pytorch.Tensor> theirWeights = new ArrayList<>();
    Tensor[] x = inputs.toArray(new Tensor[0]);
    Tensor total = weighted(y, weights, random);
    org.bytedeco.pytorch.Tensor theirTotal = weighted(expected, weights, theirWeights);
    List<Tensor> first = Backward.wrt(x).createGraph().gradients(total);
    List<org.bytedeco.pytorch.Tensor> theirFirst = gradients(theirTotal, leaves);
    boolean finite = same("gradient", first, theirFirst);
    if (order < 2 || !finite || inputs.getFirst().dtype() == DType.FLOAT32) {
      return;
    }
    List<Tensor> seconds = new ArrayList<>();
    Tensor again = weighted(first, seconds, random);
    org.bytedeco.pytorch.Tensor theirAgain = weighted(theirFirst, seconds, new ArrayList<>());
    Tensor[] all = Stream.concat(Stream.of(x), weights.stream()).toArray(Tensor[]::new);
    same(
        "second gradient",
        Backward.wrt(all).gradients(again),
        gradients(theirAgain, Stream.concat(leaves.stream(), theirWeights.stream()).toList()));
  }

  /** Returns the sum of tensors, each times weights that are drawn for it. */
  private static Tensor weighted(List<Tensor> tensors, List<Tensor> weights, Random random) {
    Tensor total = Tensor.scalar(0, tensors.getFirst().dtype());
    for (Tensor tensor : tensors) {
      double[] drawn = new double[tensor.size()];
      Arrays.setAll(drawn, _ -> random.nextGaussian());
      Tensor weight =
          Tensor.of(drawn, tensor.shape().toArray()).to(tensor.dtype()).untracked().tracked();
      weights.add(weight);
      total = total.plus(tensor.times(weight).sum());
    }
    return total;
  }

  private static org.bytedeco.pytorch.Tensor weighted(
      List<org.bytedeco.pytorch.Tensor> tensors,
      List<Tensor> weights,
      List<org.bytedeco.pytorch.Tensor> theirWeights) {
    org.bytedeco.pytorch.Tensor total = Libtorch.of(Tensor.scalar(0, weights.getFirst().dtype()));
    for (int i = 0; i < tensors.size(); i++) {
      org.bytedeco.pytorch.Tensor weight = Libtorch.of(weights.get(i)).set_requires_grad(true);
      theirWeights.add(weight);
      total = total.add(tensors.get(i).mul(weight).sum());
    }
    return total;
  }

  /** Returns gradients that can be differentiated; zeros where there are none. */
  private static List<org.bytedeco.pytorch.Tensor> gradients(
      org.bytedeco.pytorch.Tensor total, List<org.bytedeco.pytorch.Tensor> leaves) {
    List<org.bytedeco.pytorch.Tensor> gradients =
        total.requires_grad()
            ? Libtorch.results(
                torch.grad(
                    new TensorVector(total),
                    Libtorch.vector(leaves),
                    new TensorVector(),
                    new BoolOptional(true),
                    /* create_graph= */ true,
                    /* allow_unused= */ true))
            : leaves.stream().map(_ -> new org.bytedeco.pytorch.Tensor()).toList();
    List<org.bytedeco.pytorch.Tensor> result = new ArrayList<>();
    for (int i = 0; i < leaves.size(); i++) {
      org.bytedeco.pytorch.Tensor g = gradients.get(i);
      result.add(g.defined() ? g : torch.zeros_like(leaves.get(i)));
    }
    return result;
  }

  /** Compares shapes and elements; tells whether all elements are finite. */
  private static boolean same(
      String what, List<Tensor> ours, List<org.bytedeco.pytorch.Tensor> theirs) {
    if (ours.size() != theirs.size()) {
      throw new Mismatch("%s: %d results, not %d".formatted(what, ours.size(), theirs.size()));
    }
    boolean finite = true;
    for (int i = 0; i < ours.size(); i++) {
      double[] expected = Libtorch.elements(theirs.get(i));
      Shape shape = ours.get(i).shape();
      if (!Arrays.equals(Libtorch.longs(shape.toArray()), theirs.get(i).shape())) {
        throw new Mismatch(
            "%s %d: shape %s, not %s"
                .formatted(what, i, shape, Arrays.toString(theirs.get(i).shape())));
      }
      double[] actual = ours.get(i).toDoubleArray();
      boolean rough = ours.get(i).dtype() == DType.FLOAT32;
      int place = differing(actual, expected, rough ? 2e-4 : 1e-9, rough ? 2e-5 : 1e-10);
      if (place >= 0) {
        throw new Mismatch(
            "%s %d, element %d: %s, not %s%n  %s%n  %s"
                .formatted(
                    what,
                    i,
                    place,
                    actual[place],
                    expected[place],
                    Arrays.toString(actual),
                    Arrays.toString(expected)));
      }
      finite &= DoubleStream.of(expected).allMatch(Double::isFinite);
    }
    return finite;
  }

  /**
   * Returns the place of the first numbers that differ by more than factors of their own size and
   * of the largest number's, or -1.
   */
  private static int differing(double[] actual, double[] expected, double own, double largest) {
    double scale =
        DoubleStream.of(expected).map(Math::abs).filter(Double::isFinite).max().orElse(0);
    for (int i = 0; i < expected.length; i++) {
      double limit = own * Math.abs(expected[i]) + largest * Math.max(1, scale);
      if (Double.compare(actual[i], expected[i]) != 0
          && actual[i] != expected[i]
          && !(Math.abs(actual[i] - expected[i]) <= limit && Double.isFinite(expected[i]))) {
        return i;
      }
    }
    return -1;
  }

  private static boolean isFinite(Tensor x) {
    return DoubleStream.of(x.toDoubleArray()).allMatch(Double::isFinite);
  }

  private static void flatten(Object result, List<Tensor> into) {
    switch (result) {
      case Tensor one -> into.add(one);
      case IntTensor one -> into.add(one.toTensor(DType.FLOAT64));
      case List<?> list -> list.forEach(each -> flatten(each, into));
      default -> throw new IllegalArgumentException(result.getClass().toString());
    }
  }

  private static String shapes(List<org.bytedeco.pytorch.Tensor> tensors) {
    return tensors.stream().map(t -> Arrays.toString(t.shape())).toList().toString();
  }
}
