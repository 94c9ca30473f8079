package dev.adjoint.nn.calls;

import static dev.adjoint.nn.calls.CallRow.row;
import static dev.adjoint.nn.calls.Libtorch.longs;

import dev.adjoint.op.Losses;
import dev.adjoint.op.Standardize;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Normalization with gain and bias, of sets of every kind. */
final class NormCalls {

  private NormCalls() {}

  static List<CallRow> rows() {
    return List.of(
        row("layer norm", d -> layerNorm(d, true)),
        row("RMS norm", d -> layerNorm(d, false)),
        row("batch norm", NormCalls::batchNorm),
        row("instance norm", NormCalls::instanceNorm),
        row("group norm", NormCalls::groupNorm),
        row(
            "cosine similarity",
            d -> {
              int[] sizes = d.sizes(1, 3);
              int axis = d.axis(sizes.length);
              return d.wellFormed()
                  .input(Values.DISTINCT, sizes)
                  .input(Values.DISTINCT, sizes)
                  .call(
                      x -> Losses.cosineSimilarity(x[0], x[1], axis),
                      t -> torch.cosine_similarity(t[0], t[1], axis, 1e-8));
            }));
  }

  private static Call layerNorm(Draw d, boolean centered) {
    int[] sizes = d.some(1, 4);
    int features = d.whole("features", 1, sizes.length);
    int[] last = Arrays.copyOfRange(sizes, sizes.length - features, sizes.length);
    double epsilon = d.of("epsilon", 1e-5, 1e-3, .1);
    int[] axes = new int[features];
    Arrays.setAll(axes, i -> i - features);
    d.wellFormed().input(Values.MODERATE, sizes).input(Values.MODERATE, last);
    if (centered) {
      d.input(Values.MODERATE, last);
    }
    return d.call(
        x -> {
          Tensor bias = centered ? x[2] : null;
          return Standardize.normalize(
                  x[0], x[1], bias, new Standardize.Rule(centered, epsilon, false), axes)
              .y();
        },
        t ->
            centered
                ? torch.layer_norm(
                    t[0],
                    longs(last),
                    new TensorOptional(t[1]),
                    new TensorOptional(t[2]),
                    epsilon,
                    false)
                : torch.rms_norm(
                    t[0], longs(last), new TensorOptional(t[1]), new DoubleOptional(epsilon)));
  }

  private static Call batchNorm(Draw d) {
    int[] sizes = d.some(2, 5);
    boolean training = d.flag("training");
    double epsilon = d.of("epsilon", 1e-5, 1e-3, .1);
    int c = sizes[1];
    Tensor mean = d.constant("mean", Values.MODERATE, c);
    Tensor variance = d.constant("variance", Values.POSITIVE, c);
    d.wellFormed()
        .input(Values.MODERATE, sizes)
        .input(Values.MODERATE, c)
        .input(Values.MODERATE, c);
    int[] axes = new int[sizes.length - 1];
    Arrays.setAll(axes, i -> i == 0 ? 0 : i + 1);
    int[] across = across(sizes.length, c);
    return d.call(
        x -> {
          Tensor gain = x[1].reshape(across);
          Tensor bias = x[2].reshape(across);
          if (!training) {
            Tensor deviation = variance.plus(epsilon).sqrt().reshape(across);
            return x[0].minus(mean.reshape(across)).div(deviation).times(gain).plus(bias);
          }
          if (x[0].size() == c) {
            throw new IllegalArgumentException("one value a channel");
          }
          return Standardize.normalize(
                  x[0], gain, bias, new Standardize.Rule(true, epsilon, false), axes)
              .y();
        },
        t -> {
          if (training && t[0].numel() == c) { // the Python function refuses
            throw new IllegalArgumentException("one value a channel");
          }
          return torch.batch_norm(
              t[0],
              new TensorOptional(t[1]),
              new TensorOptional(t[2]),
              Libtorch.optional(mean),
              Libtorch.optional(variance),
              training,
              .1,
              epsilon,
              false);
        });
  }

  private static int[] across(int rank, int channels) {
    int[] shape = new int[rank];
    Arrays.fill(shape, 1);
    shape[1] = channels;
    return shape;
  }

  private static Call instanceNorm(Draw d) {
    int[] sizes = d.some(3, 5);
    double epsilon = d.of("epsilon", 1e-5, 1e-3, .1);
    int c = sizes[1];
    d.wellFormed()
        .input(Values.MODERATE, sizes)
        .input(Values.MODERATE, c)
        .input(Values.MODERATE, c);
    int[] axes = new int[sizes.length - 2];
    Arrays.setAll(axes, i -> i + 2);
    int[] across = across(sizes.length, c);
    return d.call(
        x -> {
          return Standardize.normalize(
                  x[0],
                  x[1].reshape(across),
                  x[2].reshape(across),
                  new Standardize.Rule(true, epsilon, false),
                  axes)
              .y();
        },
        t -> {
          return torch.instance_norm(
              t[0],
              new TensorOptional(t[1]),
              new TensorOptional(t[2]),
              new TensorOptional(),
              new TensorOptional(),
              true,
              .1,
              epsilon,
              false);
        });
  }

  private static Call groupNorm(Draw d) {
    int groups = d.whole("groups", 1, 3);
    int c = groups * d.whole("each", 1, 3);
    int[] positions = d.some(0, 2);
    double epsilon = d.of("epsilon", 1e-5, 1e-3, .1);
    int[] sizes = Draw.concat(new int[] {d.whole("n", 1, 3), c}, positions);
    d.wellFormed()
        .input(Values.MODERATE, sizes)
        .input(Values.MODERATE, c)
        .input(Values.MODERATE, c);
    return d.call(
        x -> {
          Tensor parts = x[0].reshape(sizes[0], groups, c / groups, -1);
          return Standardize.normalize(
                  parts,
                  x[1].reshape(groups, c / groups, 1),
                  x[2].reshape(groups, c / groups, 1),
                  new Standardize.Rule(true, epsilon, false),
                  2,
                  3)
              .y()
              .reshape(sizes);
        },
        t -> {
          return torch.group_norm(
              t[0], groups, new TensorOptional(t[1]), new TensorOptional(t[2]), epsilon, false);
        });
  }
}
