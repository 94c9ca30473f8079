package dev.adjoint.op;

import dev.adjoint.op.BadCallTest.BadCall;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** Misuses of products, of linear algebra and of what is composed of them. */
final class BadProducts {

  private static final Tensor A = Tensors.ones(2, 3);
  private static final Tensor B = Tensors.ones(4, 5);

  private BadProducts() {}

  static List<BadCall> calls() {
    List<BadCall> calls = new ArrayList<>();
    products(calls);
    matrices(calls);
    contractions(calls);
    return calls;
  }

  private static void matrices(List<BadCall> calls) {
    record Named(String name, Function<Tensor, Object> function) {}
    Stream.of(
            new Named("solve", a -> Linalg.solve(a, A)),
            new Named("solveTriangular", a -> Linalg.solveTriangular(a, A, true)),
            new Named("inverse", Linalg::inverse),
            new Named("matrixPower", a -> Linalg.matrixPower(a, 2)),
            new Named("det", Linalg::det),
            new Named("slogdet", Linalg::slogdet),
            new Named("logdet", Linalg::logdet),
            new Named("cholesky", Linalg::cholesky),
            new Named("eigh", Linalg::eigh))
        .forEach(op ->
            calls.add(
                new BadCall(
                    op.name() + " of matrices that are not square",
                    () -> {
                      var _ = op.function().apply(A);
                    },
                    op.name() + ":",
                    "(2, 3)",
                    "expected square matrices")));
    Tensor vector = Tensors.ones(3);
    Tensor square = Tensors.eye(4);
    calls.add(new BadCall("qr of a vector", () -> Linalg.qr(vector), "qr:", "(3)", "(..., m, n)"));
    calls.add(
        new BadCall("pinv of a vector", () -> Linalg.pinv(vector), "pinv:", "(3)", "(..., m, n)"));
    calls.add(
        new BadCall("svd of a vector", () -> Linalg.svd(vector), "svd:", "(3)", "(..., m, n)"));
    calls.add(
        new BadCall(
            "solve with right sides of another size",
            () -> Linalg.solve(square, A),
            "solve:",
            "(4, 4)",
            "(2, 3)",
            "expected (..., n, n) and (..., n, k)"));
    calls.add(
        new BadCall(
            "solveTriangular with right sides of another size",
            () -> Linalg.solveTriangular(square, B, true, false, false),
            "solveTriangular:",
            "(4, 4)",
            "expected (..., n, n) and (..., n, k)"));
    calls.add(
        new BadCall(
            "solve of batches that do not broadcast",
            () -> Linalg.solve(Tensors.ones(2, 4, 4), Tensors.ones(3, 4, 1)),
            "solve:",
            "(2)",
            "(3)",
            "expected"));
    calls.add(
        new BadCall(
            "lstsq with a vector",
            () -> Linalg.lstsq(A, vector),
            "lstsq:",
            "(2, 3)",
            "(3)",
            "expected (..., m, n) and (..., m, k)"));
  }

  private static void contractions(List<BadCall> calls) { // see EinsumTest for equations
    calls.add(
        new BadCall(
            "tensordot over too many axes",
            () -> Products.tensordot(A, B, 3),
            "tensordot:",
            "3 axes",
            "(2, 3)",
            "(4, 5)",
            "expected 0 to 2"));
    calls.add(
        new BadCall(
            "tensordot over axes of other sizes",
            () -> Products.tensordot(A, B, new int[] {1, 0}, new int[] {0, 1}),
            "tensordot:",
            "[1, 0]",
            "(2, 3)",
            "[0, 1]",
            "(4, 5)",
            "expected as many, and pairs of equal sizes"));
    calls.add(
        new BadCall(
            "tensordot over an axis and nothing",
            () -> Products.tensordot(A, B, new int[] {1}, new int[0]),
            "tensordot:",
            "[1]",
            "[]",
            "expected as many"));
    calls.add(
        new BadCall(
            "tensordot over an axis twice",
            () -> Products.tensordot(A, A, new int[] {1, -1}, new int[] {0, 1}),
            "tensordot:",
            "axis 1",
            "twice",
            "(2, 3)"));
    calls.add(
        new BadCall(
            "meshgrid of a matrix",
            () -> Products.meshgrid(Products.Axes.IJ, Tensors.ones(3), A),
            "meshgrid:",
            "vector 1",
            "(2, 3)",
            "expected one axis"));
  }

  private static void products(List<BadCall> calls) {
    Tensor sequence = Tensors.ones(2, 3, 4);
    AttentionOptions biased = AttentionOptions.DEFAULT.bias(Tensors.ones(2, 2));
    for (Runnable call :
        List.<Runnable>of(
            () -> ScaledDotProduct.attention(sequence, sequence, sequence, null, biased),
            () -> ScaledDotProduct.weights(sequence, sequence, null, biased))) {
      calls.add(
          new BadCall(
              "attention with a bias of other scores",
              call,
              "attention: bias of shape (2, 2)",
              "expected one that broadcasts to (2, 3, 3)"));
    }
    calls.add(
        new BadCall(
            "linear with a bias of inputs",
            () -> MatMul.linear(A, B.transpose().slice(1, 0, 3), Tensors.ones(3)),
            "linear:",
            "(2, 3)",
            "(5, 3)",
            "(3)",
            "expected (..., in), (out, in) and (out)"));
    calls.add(
        new BadCall(
            "matmul of other sizes", () -> A.matmul(B), "matmul:", "(2, 3)", "(4, 5)", "expected"));
    calls.add(
        new BadCall(
            "matmul of a scalar",
            () -> A.matmul(Tensors.ones()),
            "matmul:",
            "(2, 3)",
            "()",
            "expected"));
    calls.add(
        new BadCall(
            "matmul by a vector",
            () -> A.matmul(Tensors.ones(2)),
            "matmul:",
            "(2, 3)",
            "(2)",
            "expected"));
    calls.add(
        new BadCall(
            "matmul of batches that do not broadcast",
            () -> Tensors.ones(2, 3, 4).matmul(Tensors.ones(3, 4, 5)),
            "matmul:",
            "(2, 3, 4)",
            "(3, 4, 5)",
            "broadcast"));
    calls.add(
        new BadCall(
            "one-hot outside",
            () -> Tensors.oneHot(IntTensor.of(3), 3, A.dtype()),
            "oneHot:",
            "3"));
  }
}
