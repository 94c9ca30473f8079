package dev.adjoint.op;

import static dev.adjoint.op.Domain.MASK;
import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Rows for {@link ScaledDotProduct}: masks, order, and heads that share keys and values. */
final class AttentionRows {

  private static final double SCALE = 0.4;
  private static final int FIRST = 1;
  private static final double[] SLOPES = {0.5, 0.3, 0.25, 0.1, 0.05, 0};
  private static final AttentionOptions LATER =
      AttentionOptions.DEFAULT.scale(SCALE).causal(true).first(FIRST).slopes(SLOPES);

  private AttentionRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    for (boolean causal : new boolean[] {false, true}) {
      String kind = causal ? "causal attention" : "attention";
      rows.add(row(kind, causal, in(REAL, "b m k"), in(REAL, "b n k"), in(REAL, "b n 2")));
      rows.add(
          row(
              "masked " + kind,
              causal,
              in(REAL, "b m k"),
              in(REAL, "b n k"),
              in(REAL, "b n 2"),
              in(MASK, "m n")));
    }
    rows.add(
        row("attention to the same", false, in(REAL, "b m k"), in(REAL, "n k"), in(REAL, "n 2")));
    rows.add(
        row(
            "attention with groups of heads",
            true,
            in(REAL, "b 6 m k"),
            in(REAL, "b 2 n k"),
            in(REAL, "b 2 n 3"),
            in(MASK, "b 1 1 n")));
    rows.add(
        op(
                "weights of attention",
                x -> ScaledDotProduct.weights(x[0], x[1], x[2], options(true)),
                x -> weights(x[0], x[1], x[2], true),
                in(REAL, "b m k"),
                in(REAL, "b n k"),
                in(MASK, "b m n"))
            .covers(
                "ScaledDotProduct.weights(Tensor, Tensor, Tensor, AttentionOptions)",
                "ScaledDotProduct.scores(Tensor, Tensor)") // the shape of these weights
            .tolerance(4));
    rows.add(
        op(
                "attention that prefers what is near",
                x -> ScaledDotProduct.attention(x[0], x[1], x[2], x[3], LATER),
                x -> mixed(x[2], weights(x[0], x[1], x[3], LATER)),
                in(REAL, "b 6 m k"),
                in(REAL, "b 2 n k"),
                in(REAL, "b 2 n 3"),
                in(MASK, "b 1 1 n"))
            .covers("ScaledDotProduct.attention(Tensor, Tensor, Tensor, Tensor, AttentionOptions)")
            .tolerance(4));
    rows.add(
        op(
                "weights of attention that prefers what is near",
                x -> ScaledDotProduct.weights(x[0], x[1], null, LATER),
                x -> weights(x[0], x[1], null, LATER),
                in(REAL, "b 6 m k"),
                in(REAL, "b 2 n k"))
            .covers("ScaledDotProduct.weights(Tensor, Tensor, Tensor, AttentionOptions)")
            .tolerance(4));
    rows.add(
        op(
                "attention with a bias",
                x -> ScaledDotProduct.attention(x[0], x[1], x[2], x[3], LATER.bias(x[4])),
                x -> mixed(x[2], weights(x[0], x[1], x[3], x[4], LATER)),
                in(REAL, "b 6 m k"),
                in(REAL, "b 2 n k"),
                in(REAL, "b 2 n 3"),
                in(MASK, "b 1 1 n"),
                in(REAL, "6 m n"))
            .covers("ScaledDotProduct.attention(Tensor, Tensor, Tensor, Tensor, AttentionOptions)")
            .tolerance(4));
    rows.add(
        op(
                "attention with a bias that hides",
                x -> ScaledDotProduct.attention(x[0], x[1], x[2], null, hiding(x[3], x[4])),
                x -> mixed(x[2], weights(x[0], x[1], x[3], x[4], options(false))),
                in(REAL, "b m k"),
                in(REAL, "n k"),
                in(REAL, "n 2"),
                in(MASK, "b 1 n"),
                in(REAL, "m n"))
            .covers("ScaledDotProduct.attention(Tensor, Tensor, Tensor, Tensor, AttentionOptions)")
            .tolerance(4));
    rows.add(
        op(
                "weights of attention with a bias",
                x -> ScaledDotProduct.weights(x[0], x[1], null, LATER.bias(x[2])),
                x -> weights(x[0], x[1], null, x[2], LATER),
                in(REAL, "b 6 m k"),
                in(REAL, "b 2 n k"),
                in(REAL, "b 1 m n"))
            .covers("ScaledDotProduct.weights(Tensor, Tensor, Tensor, AttentionOptions)")
            .tolerance(4));
    return rows;
  }

  private static OpCase row(String name, boolean causal, OpCase.Input... inputs) {
    return op(
            name,
            x -> ScaledDotProduct.attention(x[0], x[1], x[2], mask(x), options(causal)),
            x -> mixed(x[2], weights(x[0], x[1], x.length > 3 ? x[3] : null, causal)),
            inputs)
        .covers("ScaledDotProduct.attention(Tensor, Tensor, Tensor, Tensor, AttentionOptions)")
        .uses("ScaledDotProduct.Fused")
        .tolerance(4);
  }

  private static Tensor mask(Tensor[] x) {
    return x.length > 3 ? x[3] : null;
  }

  private static Dense weights(Dense q, Dense k, Dense mask, boolean causal) {
    return weights(q, k, mask, options(causal));
  }

  private static AttentionOptions options(boolean causal) {
    return AttentionOptions.DEFAULT.scale(SCALE).causal(causal);
  }

  private static AttentionOptions hiding(Tensor mask, Tensor bias) {
    Tensor hidden = Tensor.scalar(Double.NEGATIVE_INFINITY, bias.dtype());
    return options(false).bias(Where.where(mask, bias, hidden));
  }

  private static Dense weights(Dense q, Dense k, Dense mask, AttentionOptions options) {
    return weights(q, k, mask, null, options);
  }

  private static Dense weights(Dense q, Dense k, Dense mask, Dense bias, AttentionOptions options) {
    int[] sizes = q.sizes().clone();
    sizes[sizes.length - 1] = k.size(-2);
    Dense exponentials =
        Dense.of(
            sizes,
            i -> {
              int row = i[i.length - 2];
              int column = i[i.length - 1];
              int ahead = column - row - options.first();
              boolean hidden = options.causal() && ahead > 0 || mask != null && mask.at(i) == 0;
              double slope = options.slopes().isEmpty() ? 0 : options.slopes().get(i[1]);
              double score = -slope * Math.abs(ahead) / SCALE;
              for (int f = 0; f < q.size(-1); f++) {
                score += q.at(with(i, row, f)) * k.at(with(sharing(i, q, k), column, f));
              }
              double more = bias == null ? 0 : bias.at(i);
              return hidden ? 0 : Math.exp(SCALE * score + more);
            });
    return Dense.of(
        sizes,
        i -> {
          double sum = 0;
          for (int column = 0; column < k.size(-2); column++) {
            sum += exponentials.at(with(i, i[i.length - 2], column));
          }
          return sum == 0 ? 0 : exponentials.at(i) / sum;
        });
  }

  private static Dense mixed(Dense v, Dense weights) {
    int[] sizes = weights.sizes().clone();
    sizes[sizes.length - 1] = v.size(-1);
    return Dense.of(
        sizes,
        i -> {
          double sum = 0;
          for (int s = 0; s < v.size(-2); s++) {
            sum +=
                weights.at(with(i, i[i.length - 2], s))
                    * v.at(with(sharing(i, weights, v), s, i[i.length - 1]));
          }
          return sum;
        });
  }

  /** Returns an index in which the head is that of keys and values. */
  private static int[] sharing(int[] index, Dense q, Dense k) {
    int[] shared = index.clone();
    if (q.rank() > 3) {
      shared[1] /= q.size(1) / k.size(1);
    }
    return shared;
  }

  private static int[] with(int[] index, int row, int column) {
    int[] result = index.clone();
    result[result.length - 2] = row;
    result[result.length - 1] = column;
    return result;
  }
}
