package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Node;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EinsumTest {

  private static final Tensor A = Tensors.ones(2, 3);
  private static final Tensor B = Tensors.ones(3, 4);

  @Test
  void aChainOfMatricesTakesTheFewestMultiplications() {
    // The example of Cormen et al., Introduction to Algorithms, section 15.2: 15,125 products.
    Tensor[] chain = chain(30, 35, 15, 5, 10, 20, 25);
    assertThat(multiplications(Einsum.einsum("ab,bc,cd,de,ef,fg->ag", chain))).isEqualTo(15125);
    assertThat(multiplications(leftToRight(chain))).isEqualTo(40500);
  }

  @Test
  void theOrderInWhichOperandsAreWrittenDoesNotMatter() {
    Tensor[] chain = chain(30, 35, 15, 5, 10, 20, 25);
    Tensor[] shuffled = {chain[3], chain[0], chain[5], chain[2], chain[4], chain[1]};
    assertThat(multiplications(Einsum.einsum("de,ab,fg,cd,ef,bc->ag", shuffled))).isEqualTo(15125);
  }

  @Test
  void aVectorBehindALongChainIsMultipliedFirst() {
    Tensor[] chain = chain(20, 20, 20, 20, 20, 20, 20, 20, 20, 1);
    Tensor y = Einsum.einsum("ab,bc,cd,de,ef,fg,gh,hi,ij->aj", chain);
    assertThat(multiplications(y)).isEqualTo(8 * 20 * 20);
    assertThat(y.minus(leftToRight(chain)).abs().max().item()).isLessThan(1e-9);
  }

  @Test
  void aProductThatNeedsNoneIsAView() {
    Tensor x = Tensors.arange(9).reshape(3, 3).copy();
    assertThat(Einsum.einsum("ij->ji", x).storage()).isSameAs(x.storage());
    assertThat(Einsum.einsum("ii->i", x).storage()).isSameAs(x.storage());
    assertThat(Einsum.einsum("ii->i", x).toFloatArray()).containsExactly(0, 4, 8);
  }

  @Test
  void oneMatrixProductComputesABatchOfThem() {
    Tensor q = Tensors.ones(2, 5, 3, 4).copy().tracked();
    Tensor k = Tensors.ones(2, 6, 3, 4).copy();
    Tensor scores = Einsum.einsum("bqhd,bkhd->bhqk", q, k);
    assertThat(multiplications(scores)).isEqualTo(2 * 3 * 5 * 6 * 4);
    assertThat(scores.shape()).isEqualTo(Tensors.ones(2, 3, 5, 6).shape());
  }

  @Test
  void typesArePromoted() {
    Tensor y = Einsum.einsum("ij,jk->ik", A, B.to(DType.FLOAT64));
    assertThat(y.dtype()).isEqualTo(DType.FLOAT64);
  }

  @Test
  void intermediateResultsStayWithinTheMostAxes() {
    Tensor x = Tensors.ones(1, 2, 1, 2, 1);
    assertThat(Einsum.einsum("abcde,fghij,abcde->fghij", x, x.times(3), x).toFloatArray())
        .containsExactly(12, 12, 12, 12);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "i1,jk        | '1' at position 1; expected letters",
        "ij,jk->ik->  | '-' at position 9; expected letters",
        "ij,jk->i,k   | ',' at position 8; expected letters",
        "i....,jk     | '.' at position 4; expected letters",
        "......,jk    | '.' at position 3; expected letters, one ellipsis",
        "ij           | 1 operands; expected as many tensors",
        "ij,jk,kl     | 3 operands; expected as many tensors",
        "ijk,jk       | 3 letters for the 2 axes of operand 0; expected one an axis, or an"
            + " ellipsis",
        "ij,k         | 1 letters for the 2 axes of operand 1; expected one an axis, or an"
            + " ellipsis",
        "ij,...jkl    | 3 letters for the 2 axes of operand 1",
        "ij,ik->jk    | letter i has size 2, and 3 in operand 1; expected equal sizes, or 1",
        "...,...      | an axis of the ellipsis has size 2, and 3 in operand 1; expected equal",
        "ij,jj        | letter j has size 3, and 4 in operand 1; expected equal sizes",
        "ij,jk->ikl   | letter l after the arrow; expected letters of operands, each once",
        "ij,jk->iki   | letter i after the arrow; expected letters of operands, each once",
      })
  void aBadEquationIsQuotedWithThePlaceAndTheShapes(String equation, String message) {
    assertThatThrownBy(() -> Einsum.einsum(equation, A, B))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("einsum: \"" + equation + "\" of shapes (2, 3), (3, 4): ")
        .hasMessageContaining(message);
  }

  @Test
  void aDiagonalIsOfASquare() {
    assertThatThrownBy(() -> Einsum.einsum("jj->j", Tensors.ones(1, 3)))
        .hasMessageContaining(
            "letter j has size 1, and 3 in operand 0; expected equal sizes within");
  }

  /** Returns tracked matrices, each with as many rows as the one before has columns. */
  private static Tensor[] chain(int... sizes) {
    Generator random = Generator.seeded(3);
    Tensor[] chain = new Tensor[sizes.length - 1];
    Arrays.setAll(
        chain,
        i ->
            random
                .normal(0, 0.1, Tensors.ones(sizes[i], sizes[i + 1]).shape(), DType.FLOAT64)
                .tracked());
    return chain;
  }

  private static Tensor leftToRight(Tensor... chain) {
    return Arrays.stream(chain).reduce(Tensor::matmul).orElseThrow();
  }

  /** Counts the multiplications of all matrix products that made a tensor. */
  private static long multiplications(Tensor y) {
    long sum = 0;
    Set<Node> seen = new HashSet<>();
    Deque<Tensor> open = new ArrayDeque<>(List.of(y));
    for (Tensor tensor; (tensor = open.poll()) != null; ) {
      Node node = tensor.node();
      if (node != null && seen.add(node)) {
        if (node.primitive() == MatMul.MATMUL) {
          sum += (long) tensor.size() * node.inputs().getFirst().size(-1);
        }
        open.addAll(node.inputs());
      }
    }
    return sum;
  }
}
