package dev.adjoint.nn.calls;

import static dev.adjoint.nn.calls.CallRow.row;
import static dev.adjoint.nn.calls.Libtorch.scalar;

import dev.adjoint.op.Linalg;
import dev.adjoint.op.MatMul;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Matrix products, and functions of matrices. */
final class ProductCalls {

  private ProductCalls() {}

  static List<CallRow> rows() {
    return List.of(
        row(
            "matmul",
            d -> {
              int[] batch = d.sizes(0, 2);
              int[] sizes = d.sizes(3, 3);
              int[] left = Draw.concat(d.broadcast(batch), sizes[0], sizes[1]);
              int[] right = Draw.concat(d.broadcast(batch), sizes[1], sizes[2]);
              return d.input(Values.FINITE, d.flag("row") ? new int[] {sizes[1]} : left)
                  .input(Values.FINITE, d.flag("column") ? new int[] {sizes[1]} : right)
                  .call(x -> x[0].matmul(x[1]), t -> torch.matmul(t[0], t[1]));
            }),
        row(
            "linear",
            d -> {
              int[] sizes = d.sizes(2, 4);
              int out = d.whole("out", 1, 5);
              return d.input(Values.FINITE, sizes)
                  .input(Values.FINITE, out, sizes[sizes.length - 1])
                  .input(Values.FINITE, out)
                  .call(
                      x -> MatMul.linear(x[0], x[1], x[2]),
                      t -> torch.linear(t[0], t[1], new TensorOptional(t[2])));
            }),
        row(
            "outer",
            d ->
                d.input(Values.REAL, d.sizes(1, 1))
                    .input(Values.REAL, d.sizes(1, 1))
                    .call(x -> Linalg.outer(x[0], x[1]), t -> torch.outer(t[0], t[1]))),
        row(
            "diagonal",
            d ->
                d.input(Values.REAL, d.sizes(2, 4))
                    .call(x -> Linalg.diagonal(x[0]), t -> torch.diagonal(t[0], 0, -2, -1))),
        row(
            "diag embed",
            d ->
                d.input(Values.REAL, d.sizes(1, 3))
                    .call(x -> Linalg.diagEmbed(x[0]), t -> torch.diag_embed(t[0]))),
        row(
            "triu",
            d -> {
              int k = d.whole("diagonal", -3, 3);
              return d.input(Values.REAL, d.sizes(2, 4))
                  .call(x -> Linalg.triu(x[0], k), t -> torch.triu(t[0], k));
            }),
        row(
            "tril",
            d -> {
              int k = d.whole("diagonal", -3, 3);
              return d.input(Values.REAL, d.sizes(2, 4))
                  .call(x -> Linalg.tril(x[0], k), t -> torch.tril(t[0], k));
            }),
        row(
            "eigenvalues",
            d ->
                square(d, Values.DISTINCT)
                    .call(
                        x -> Linalg.eigh(x[0]).values(),
                        t -> torch.linalg_eigh(symmetric(t[0])).get0())),
        // Their sign is free.
        row(
            "squares of eigenvectors",
            d ->
                square(d, Values.DISTINCT)
                    .call(
                        x -> Linalg.eigh(x[0]).vectors().square(),
                        t -> torch.linalg_eigh(symmetric(t[0])).get1().square())),
        row(
            "inverse square root",
            d ->
                square(d, Values.DISTINCT)
                    .call(
                        x -> Linalg.inverseSqrt(positive(x[0])),
                        t -> of(positive(t[0]), torch::rsqrt))),
        row(
            "matrix exponential",
            d ->
                square(d, Values.DISTINCT)
                    .call(
                        x -> Linalg.matrixFunction(x[0], Tensor::exp),
                        t -> torch.matrix_exp(symmetric(t[0])))));
  }

  /** Draws square matrices, some of them none. */
  static Draw square(Draw d, Values values) {
    int[] batch = d.sizes(0, 2);
    int n = d.whole("n", 1, 4);
    return d.input(values, Draw.concat(batch, n, n));
  }

  static org.bytedeco.pytorch.Tensor symmetric(org.bytedeco.pytorch.Tensor t) {
    if (t.size(-1) != t.size(-2)) { // it might broadcast
      throw new IllegalArgumentException("not square");
    }
    return t.add(t.transpose(-2, -1)).mul(scalar(.5));
  }

  /** Returns positive definite matrices. */
  static Tensor positive(Tensor x) {
    return x.matmul(x.transpose())
        .plus(Tensor.scalar(1, x.dtype()).expand(x.shape().toArray()))
        .plus(Linalg.diagEmbed(Tensor.scalar(1, x.dtype()).expand(x.size(-1))));
  }

  static org.bytedeco.pytorch.Tensor positive(org.bytedeco.pytorch.Tensor t) {
    return t.matmul(t.transpose(-2, -1))
        .add(scalar(1))
        .add(torch.eye(t.size(-1)).to(t.scalar_type()));
  }

  /** Applies a function to eigenvalues. */
  private static org.bytedeco.pytorch.Tensor of(
      org.bytedeco.pytorch.Tensor t, UnaryOperator<org.bytedeco.pytorch.Tensor> f) {
    T_TensorTensor_T eigen = torch.linalg_eigh(t);
    org.bytedeco.pytorch.Tensor v = eigen.get1();
    return v.mul(f.apply(eigen.get0()).unsqueeze(-2)).matmul(v.transpose(-2, -1));
  }
}
