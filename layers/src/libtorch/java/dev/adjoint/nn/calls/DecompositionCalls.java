package dev.adjoint.nn.calls;

import static dev.adjoint.nn.calls.CallRow.row;
import static dev.adjoint.nn.calls.Libtorch.scalar;

import dev.adjoint.op.Linalg;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.global.torch;

/** Equations, determinants and decompositions, of matrices that are not nearly singular. */
final class DecompositionCalls {

  private DecompositionCalls() {}

  static List<CallRow> rows() {
    return List.of(
        row(
            "solve",
            d -> {
              int[] batch = d.sizes(0, 2);
              int n = d.whole("n", 1, 4);
              int[] right = d.flag("vector") ? new int[] {n} : new int[] {n, d.whole("k", 1, 3)};
              return d.input(Values.DISTINCT, Draw.concat(d.broadcast(batch), n, n))
                  .input(
                      Values.MODERATE,
                      Draw.concat(right.length == 1 ? batch : d.broadcast(batch), right))
                  .call(
                      x -> Linalg.solve(shifted(x[0]), x[1]),
                      t -> torch.linalg_solve(shifted(t[0]), t[1]));
            }),
        row(
            "solve triangular",
            d -> {
              int[] batch = d.sizes(0, 2);
              int n = d.whole("n", 1, 4);
              int k = d.whole("k", 1, 3);
              boolean upper = d.flag("upper");
              boolean left = d.flag("left");
              boolean ones = d.flag("ones");
              return d.input(Values.DISTINCT, Draw.concat(d.broadcast(batch), n, n))
                  .input(
                      Values.MODERATE, Draw.concat(d.broadcast(batch), left ? n : k, left ? k : n))
                  .call(
                      x -> Linalg.solveTriangular(shifted(x[0]), x[1], upper, left, ones),
                      t -> torch.linalg_solve_triangular(shifted(t[0]), t[1], upper, left, ones));
            }),
        row(
            "inverse",
            d ->
                ProductCalls.square(d, Values.DISTINCT)
                    .call(
                        x -> Linalg.inverse(shifted(x[0])), t -> torch.linalg_inv(shifted(t[0])))),
        row(
            "least squares",
            d -> {
              int[] batch = d.some(0, 2);
              int n = d.whole("n", 1, 4);
              int m = n + d.whole("more", 0, 2);
              return d.wellFormed()
                  .input(Values.DISTINCT, Draw.concat(batch, m, n))
                  .input(Values.MODERATE, Draw.concat(batch, m, d.whole("k", 1, 3)))
                  .call(
                      x -> Linalg.lstsq(x[0], x[1]),
                      t ->
                          torch
                              .linalg_lstsq(
                                  t[0], t[1], new DoubleOptional(), new StringViewOptional())
                              .get0());
            }),
        row(
            "pinv",
            d -> {
              int[] batch = d.some(0, 2);
              return d.input(
                      Values.DISTINCT, Draw.concat(batch, d.whole("m", 1, 4), d.whole("n", 1, 4)))
                  .call(x -> Linalg.pinv(x[0]), t -> torch.linalg_pinv(t[0]));
            }),
        row(
            "matrix power",
            d -> {
              int power = d.whole("power", -3, 5);
              return ProductCalls.square(d, Values.DISTINCT)
                  .call(
                      x -> Linalg.matrixPower(shifted(x[0]), power),
                      t -> torch.linalg_matrix_power(shifted(t[0]), power));
            }),
        row(
            "det",
            d ->
                ProductCalls.square(d, Values.DISTINCT)
                    .call(x -> Linalg.det(x[0]), t -> torch.linalg_det(t[0]))),
        row(
            "slogdet",
            d ->
                ProductCalls.square(d, Values.DISTINCT)
                    .call(
                        x -> {
                          Linalg.Slogdet parts = Linalg.slogdet(shifted(x[0]));
                          return List.of(parts.sign(), parts.logabsdet());
                        },
                        t -> torch.linalg_slogdet(shifted(t[0])))),
        row(
            "logdet",
            d ->
                ProductCalls.square(d, Values.DISTINCT)
                    .call(
                        x -> Linalg.logdet(ProductCalls.positive(x[0])),
                        t -> torch.logdet(ProductCalls.positive(t[0])))),
        row(
            "cholesky",
            d ->
                ProductCalls.square(d, Values.DISTINCT)
                    .call(
                        x -> Linalg.cholesky(ProductCalls.positive(x[0])),
                        t -> torch.linalg_cholesky(ProductCalls.positive(t[0])))),
        row(
            "qr",
            d ->
                d.input(Values.DISTINCT, d.some(2, 4))
                    .call(
                        x -> {
                          Linalg.Qr parts = Linalg.qr(x[0]);
                          return List.of(parts.q(), parts.r());
                        },
                        t -> {
                          T_TensorTensor_T parts = torch.linalg_qr(t[0]);
                          org.bytedeco.pytorch.Tensor sign = // theirs is free
                              torch.diagonal(parts.get1(), 0, -2, -1).sign();
                          return List.of(
                              parts.get0().mul(sign.unsqueeze(-2)),
                              parts.get1().mul(sign.unsqueeze(-1)));
                        })),
        row(
            "svd",
            d ->
                d.input(Values.DISTINCT, d.some(2, 4))
                    .call(
                        x -> {
                          Linalg.Svd parts = Linalg.svd(x[0]);
                          return List.of(
                              parts.u().square(), parts.s(), parts.vh().square()); // but for signs
                        },
                        t -> {
                          T_TensorTensorTensor_T parts =
                              torch.linalg_svd(t[0], false, new StringViewOptional());
                          return List.of(
                              parts.get0().square(), parts.get1(), parts.get2().square());
                        })));
  }

  /** Moves matrices away from singular ones. */
  private static Tensor shifted(Tensor x) {
    return x.plus(Tensors.eye(x.size(-1), x.dtype()).times(3));
  }

  private static org.bytedeco.pytorch.Tensor shifted(org.bytedeco.pytorch.Tensor t) {
    return t.add(torch.eye(t.size(-1)).to(t.scalar_type()).mul(scalar(3)));
  }
}
