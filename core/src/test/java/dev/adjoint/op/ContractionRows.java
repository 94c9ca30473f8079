package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.op.Products.Axes;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/** Rows for {@link Einsum} and {@link Products}, against a loop over all values of all letters. */
final class ContractionRows {

  private ContractionRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    equations(rows);
    products(rows);
    grids(rows);
    return rows;
  }

  private static void equations(List<OpCase> rows) {
    rows.add(einsum("ij->ji", "ij->ji", "m n"));
    rows.add(einsum("ba", "ba->ab", "m n")); // sorted
    rows.add(einsum("aB", "aB->Ba", "m n")); // capitals first
    rows.add(einsum("ij->", "ij->", "m n"));
    rows.add(einsum("ijk->j", "ijk->j", "b m n"));
    rows.add(einsum("ii,j", "ii,j->j", "3 3", "n"));
    rows.add(einsum("ijji->ij", "ijji->ij", "3 2 2 3"));
    rows.add(einsum("iiij->ij", "iiij->ij", "3 3 3 n"));
    rows.add(einsum("", "->", ""));
    rows.add(einsum("i,i", "i,i->", "n", "n"));
    rows.add(einsum("i , j -> j i", "i,j->ji", "m", "3"));
    rows.add(einsum("ij,ij->ij", "ij,ij->ij", "m n", "m n"));
    rows.add(einsum("ij,ij->i", "ij,ij->i", "m n", "m n"));
    rows.add(einsum("ij,jk", "ij,jk->ik", "m k", "k n"));
    rows.add(einsum("kj,ik->ji", "kj,ik->ji", "k m", "n k"));
    rows.add(einsum("bij,bjk->bik", "bij,bjk->bik", "b m k", "b k n"));
    rows.add(einsum("bij,jk->bik", "bij,jk->bik", "b m k", "k n"));
    rows.add(einsum("bqhd,bkhd->bhqk", "bqhd,bkhd->bhqk", "2 m b k", "2 n b k"));
    rows.add(einsum("abij,cijb->ca", "abij,cijb->ca", "m b n k", "2 n k b"));
    rows.add(einsum("abi,cij->j", "abi,cij->j", "m 2 k", "b k n"));
    rows.add(einsum("iij,jk->ki", "iij,jk->ki", "3 3 k", "k n"));
    rows.add(einsum("ij,jk->ik", "ij,jk->ik", "m 1", "k n"));
    rows.add(einsum("i,i,i->", "i,i,i->", "1", "n", "1"));
    rows.add(einsum("...ij,...jk->...ik", "abij,bjk->abik", "2 b m k", "b k n"));
    rows.add(einsum("i...,...j", "iab,bj->abij", "m 2 b", "b n"));
    rows.add(einsum("...,...->...", "abc,c->abc", "b m n", "n"));
    rows.add(einsum("...i->i", "abi->i", "b m n"));
    rows.add(einsum("...i,i->...", "ai,i->a", "m n", "n"));
    rows.add(einsum("bn,anm,bm->ba", "bn,anm,bm->ba", "b n", "k n m", "b m"));
    rows.add(einsum("ij,jk,kl,li->", "ij,jk,kl,li->", "m n", "n k", "k b", "b m"));
    rows.add(einsum("a,b,a,b,a,b,ab->b", "a,b,a,b,a,b,ab->b", "m", "n", "m", "n", "m", "n", "m n"));
  }

  private static OpCase einsum(String equation, String written, String... shapes) {
    return op(
            "einsum of \"%s\" (%s)".formatted(equation, String.join("), (", shapes)),
            x -> Einsum.einsum(equation, x),
            x -> sum(written, x),
            Arrays.stream(shapes).map(shape -> in(REAL, shape)).toArray(OpCase.Input[]::new))
        .covers("Einsum.einsum(String, Tensor[])")
        .tolerance(8);
  }

  private static void products(List<OpCase> rows) {
    rows.add(
        op(
                "tensordot over 2 axes",
                x -> Products.tensordot(x[0], x[1], 2),
                x -> sum("aij,ijb->ab", x),
                in(REAL, "b m k"),
                in(REAL, "m k n"))
            .covers("Products.tensordot(Tensor, Tensor, int)")
            .tolerance(8));
    rows.add(
        op(
                "tensordot over no axes",
                x -> Products.tensordot(x[0], x[1], 0),
                x -> sum("ab,c->abc", x),
                in(REAL, "m k"),
                in(REAL, "3"))
            .covers("Products.tensordot(Tensor, Tensor, int)"));
    rows.add(
        op(
                "tensordot over lists of axes",
                x -> Products.tensordot(x[0], x[1], new int[] {-1, 0}, new int[] {0, 2}),
                x -> sum("iaj,jbi->ab", x),
                in(REAL, "m b k"),
                in(REAL, "k n m"))
            .covers("Products.tensordot(Tensor, Tensor, int[], int[])")
            .tolerance(8));
    rows.add(
        op(
                "tensordot over an axis of size 1",
                x -> Products.tensordot(x[0], x[1], new int[] {1}, new int[] {0}),
                x -> sum("ai,ib->ab", x),
                in(REAL, "m 1"),
                in(REAL, "k n"))
            .covers("Products.tensordot(Tensor, Tensor, int[], int[])")
            .tolerance(8));
    rows.add(kron("m n", "2 3"));
    rows.add(kron("3", "b m k"));
    rows.add(kron("b m 2", "k"));
  }

  private static OpCase kron(String a, String b) {
    return op(
            "kron of (%s) and (%s)".formatted(a, b),
            x -> Products.kron(x[0], x[1]),
            x -> {
              int rank = Math.max(x[0].rank(), x[1].rank());
              int[] sizes = new int[rank];
              for (int i = 1; i <= rank; i++) {
                sizes[rank - i] = size(x[0], i) * size(x[1], i);
              }
              return Dense.of(
                  sizes,
                  index -> {
                    int[] coarse = new int[rank];
                    int[] fine = new int[rank];
                    for (int i = 1; i <= rank; i++) {
                      coarse[rank - i] = index[rank - i] / size(x[1], i);
                      fine[rank - i] = index[rank - i] % size(x[1], i);
                    }
                    return x[0].at(coarse) * x[1].at(fine);
                  });
            },
            in(REAL, a),
            in(REAL, b))
        .covers("Products.kron(Tensor, Tensor)");
  }

  /** Returns the size of an axis that is counted from the last, 1 where there is none. */
  private static int size(Dense x, int fromEnd) {
    return fromEnd > x.rank() ? 1 : x.size(-fromEnd);
  }

  private static void grids(List<OpCase> rows) {
    for (Axes axes : Axes.values()) {
      boolean swaps = axes == Axes.XY;
      rows.add(
          op(
                  "meshgrid " + axes,
                  x -> {
                    List<Tensor> grid = Products.meshgrid(axes, x);
                    return grid.get(0).times(grid.get(1)).plus(grid.get(2));
                  },
                  x ->
                      Dense.of(
                          new int[] {
                            x[swaps ? 1 : 0].size(0), x[swaps ? 0 : 1].size(0), x[2].size(0)
                          },
                          i ->
                              x[0].at(i[swaps ? 1 : 0]) * x[1].at(i[swaps ? 0 : 1])
                                  + x[2].at(i[2])),
                  in(REAL, "m"),
                  in(REAL, "3"),
                  in(REAL, "2"))
              .covers("Products.meshgrid(Axes, Tensor[])"));
    }
  }

  /** Computes an equation with an arrow and without an ellipsis: one loop over everything. */
  private static Dense sum(String equation, Dense... x) {
    String[] sides = equation.split("->", -1);
    String[] inputs = sides[0].split(",", -1);
    TreeMap<Character, Integer> sizes = new TreeMap<>();
    for (int t = 0; t < x.length; t++) {
      for (int axis = 0; axis < x[t].rank(); axis++) {
        int size = x[t].size(axis);
        sizes.merge(inputs[t].charAt(axis), size, (a, b) -> a == 1 ? b : a);
      }
    }
    String summed =
        sizes.keySet().stream()
            .map(String::valueOf)
            .filter(letter -> !sides[1].contains(letter))
            .reduce("", String::concat);
    int[] ranges = summed.chars().map(c -> sizes.get((char) c)).toArray();
    return Dense.of(
        sides[1].chars().map(c -> sizes.get((char) c)).toArray(),
        outer -> {
          double[] total = {0};
          Dense.of(
              ranges,
              inner -> {
                double product = 1;
                for (int t = 0; t < x.length; t++) {
                  product *= x[t].at(index(inputs[t], sides[1], outer, summed, inner));
                }
                total[0] += product;
                return 0;
              });
          return total[0];
        });
  }

  private static int[] index(String of, String kept, int[] outer, String summed, int[] inner) {
    return of.chars()
        .map(c -> kept.indexOf(c) < 0 ? inner[summed.indexOf(c)] : outer[kept.indexOf(c)])
        .toArray();
  }
}
