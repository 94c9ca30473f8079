package dev.adjoint.nn.calls;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Calls every operation that libtorch has, too, with random arguments, and compares results, first
 * and second gradients, and what is refused.
 *
 * <p>The system property {@code calls} says how many calls there are, {@code call} runs one again:
 * {@code -Dcall="softmax 17"}.
 */
class RandomCallsTest {

  private static final int CALLS = Integer.getInteger("calls", 20_000);

  private static List<CallRow> rows() {
    return Stream.of(
            ArithmeticCalls.rows(),
            ActivationCalls.rows(),
            OrderingCalls.rows(),
            DecompositionCalls.rows(),
            ContractionCalls.rows(),
            ReductionCalls.rows(),
            ViewCalls.rows(),
            IndexingCalls.rows(),
            ProductCalls.rows(),
            SpatialCalls.rows(),
            NormCalls.rows(),
            SequenceCalls.rows(),
            LossCalls.rows())
        .flatMap(List::stream)
        .toList();
  }

  @BeforeAll
  static void prepare() {
    Libtorch.prepare();
  }

  @Test
  void bothComputeTheSameAndRefuseTheSame() {
    String only = System.getProperty("call", "");
    List<CallRow> rows = rows();
    assertThat(rows.stream().map(CallRow::name)).doesNotHaveDuplicates();
    int each = Math.ceilDiv(CALLS, rows.size());
    List<String> mismatches = new ArrayList<>();
    for (CallRow row : rows) {
      int computed = 0;
      long start = System.nanoTime();
      int wrong = mismatches.size();
      for (int i = 0; i < each; i++) {
        if (only.isEmpty() || only.equals(row.name() + " " + i) || only.equals(row.name())) {
          computed += compare(row, i, mismatches) ? 1 : 0;
        }
      }
      if (only.isEmpty() || computed > 0) {
        System.out.printf(
            "%-24s %4d computed, %3d refused by both, %3d mismatches, %4d ms%n",
            row.name(),
            computed,
            each - computed - (mismatches.size() - wrong),
            mismatches.size() - wrong,
            (System.nanoTime() - start) / 1_000_000);
      }
    }
    assertThat(mismatches).isEmpty();
  }

  /** Compares one call; tells whether it was computed. */
  private static boolean compare(CallRow row, int number, List<String> mismatches) {
    Draw draw = new Draw(row.name().hashCode() * 1_000_003L + number);
    try (PointerScope _ = new PointerScope()) {
      return row.call().apply(draw).compare(row.order());
    } catch (Call.Mismatch e) {
      mismatches.add("%s %d: %s: %s".formatted(row.name(), number, draw.text(), e.getMessage()));
      return false;
    } catch (RuntimeException e) {
      mismatches.add("%s %d: %s: %s".formatted(row.name(), number, draw.text(), e));
      return false;
    }
  }
}
