package dev.adjoint.nn.calls;

import static dev.adjoint.nn.calls.CallRow.row;
import static dev.adjoint.nn.calls.Libtorch.longs;

import dev.adjoint.op.Einsum;
import dev.adjoint.op.Products;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.global.torch;

/** Products over named axes, and all products. */
final class ContractionCalls {

  private ContractionCalls() {}

  static List<CallRow> rows() {
    return List.of(
        row(
            "einsum",
            d -> {
              String equation =
                  d.of(
                      "equation",
                      "ij,jk->ik",
                      "ij,jk",
                      "ba",
                      "bij,bjk->bik",
                      "ii->i",
                      "ii",
                      "iij->j",
                      "ij->ji",
                      "ijk->j",
                      "i,j->ij",
                      "ij,ij->",
                      "ij,kj->ik",
                      "i,i,i->i",
                      "ijk,jl,km->ilm",
                      "ij,jk,kl->il",
                      "...ij,...jk->...ik",
                      "...i->...",
                      "i...,i->...",
                      "ij,j k -> k i");
              int[] sizes = d.wholes("sizes", 26, 1, 4);
              int[] batch = d.some(0, 2);
              for (String operand : equation.split("->")[0].replace(" ", "").split(",")) {
                int[] shape = new int[0];
                for (char letter : operand.replace("...", ".").toCharArray()) {
                  shape =
                      letter == '.'
                          ? Draw.concat(shape, d.broadcast(batch))
                          : Draw.concat(shape, sizes[letter - 'a']);
                }
                d.input(Values.MODERATE, shape);
              }
              return d.call(
                  x -> Einsum.einsum(equation, x),
                  t -> torch.einsum(equation, Libtorch.vector(Arrays.asList(t))));
            }),
        row(
            "tensordot",
            d -> {
              int[] sizes = d.some(3, 3);
              boolean two = d.flag("two");
              int[] a = two ? new int[] {1, -1} : new int[] {2};
              int[] b = two ? new int[] {1, 0} : new int[] {0};
              return d.input(Values.MODERATE, d.whole("m", 1, 4), sizes[0], sizes[1])
                  .input(Values.MODERATE, sizes[1], two ? sizes[0] : sizes[2], d.whole("n", 1, 4))
                  .call(
                      x -> Products.tensordot(x[0], x[1], a, b),
                      t -> torch.tensordot(t[0], t[1], longs(a), longs(b)));
            }),
        row(
            "kron",
            d ->
                d.input(Values.FINITE, d.some(0, 3))
                    .input(Values.FINITE, d.some(0, 3))
                    .call(x -> Products.kron(x[0], x[1]), t -> torch.kron(t[0], t[1]))),
        row(
            "meshgrid",
            d -> {
              Products.Axes axes = d.of("axes", Products.Axes.values());
              IntStream.range(0, d.whole("n", 1, 3))
                  .forEach(_ -> d.input(Values.REAL, d.sizes(1, 1)));
              return d.call(
                  x -> Products.meshgrid(axes, x),
                  t ->
                      torch.meshgrid(
                          Libtorch.vector(Arrays.asList(t)), axes.name().toLowerCase(Locale.ROOT)));
            }));
  }
}
