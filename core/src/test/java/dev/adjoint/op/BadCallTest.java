package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks that every misuse says which operation it was, what it got and what it expected. */
class BadCallTest {

  private static final Tensor A = Tensors.ones(2, 3);
  private static final Tensor B = Tensors.ones(4, 5);
  private static final Tensor EMPTY = Tensors.ones(2, 0);

  /** One misuse, and what its message has to contain. */
  record BadCall(String what, Runnable call, String... fragments) {
    @Override
    public String toString() {
      return what;
    }
  }

  static List<BadCall> calls() {
    List<BadCall> calls = new ArrayList<>();
    binary(calls);
    axes(calls);
    views(calls);
    joins(calls);
    calls.addAll(BadProducts.calls());
    return calls;
  }

  @ParameterizedTest
  @MethodSource("calls")
  void theMessageNamesTheOperationAndWhatItGot(BadCall bad) {
    Throwable thrown = catchThrowable(bad.call()::run);
    assertThat(thrown)
        .as(bad.what())
        .isInstanceOfAny(IllegalArgumentException.class, IndexOutOfBoundsException.class);
    assertThat(thrown.getMessage()).as(bad.what()).contains(bad.fragments());
  }

  private static void binary(List<BadCall> calls) {
    record Named(String name, BiFunction<Tensor, Tensor, Tensor> function) {}
    Stream.of(
            new Named("plus", Tensor::plus),
            new Named("minus", Tensor::minus),
            new Named("times", Tensor::times),
            new Named("div", Tensor::div),
            new Named("pow", Tensor::pow),
            new Named("atan2", Tensor::atan2),
            new Named("hypot", Tensor::hypot),
            new Named("fmod", Tensor::fmod),
            new Named("remainder", Tensor::remainder),
            new Named("logaddexp", Tensor::logaddexp),
            new Named("xlogy", Tensor::xlogy),
            new Named("max", Tensor::max),
            new Named("min", Tensor::min),
            new Named("equal", Tensor::equal),
            new Named("notEqual", Tensor::notEqual),
            new Named("less", Tensor::less),
            new Named("lessEqual", Tensor::lessEqual),
            new Named("greater", Tensor::greater),
            new Named("greaterEqual", Tensor::greaterEqual))
        .forEach(op ->
            calls.add(
                new BadCall(
                    op.name() + " of shapes that do not broadcast",
                    () -> {
                      var _ = op.function().apply(A, B);
                    },
                    op.name() + ":",
                    "(2, 3)",
                    "(4, 5)",
                    "expected")));
    calls.add(
        new BadCall(
            "where of shapes that do not broadcast",
            () -> Where.where(A, A, B),
            "where:",
            "(2, 3)",
            "(4, 5)",
            "expected"));
    calls.add(
        new BadCall(
            "hardtanh upside down",
            () -> Activations.hardtanh(A, 2, 1),
            "hardtanh:",
            "2.0",
            "1.0",
            "expected"));
    calls.add(
        new BadCall(
            "lerp of shapes that do not broadcast",
            () -> A.lerp(A, B),
            "lerp:",
            "(2, 3)",
            "(4, 5)",
            "expected"));
    calls.add(new BadCall("clamp upside down", () -> A.clamp(2, 1), "clamp:", "2.0", "1.0"));
    calls.add(
        new BadCall("norm of order -1", () -> A.norm(-1), "norm:", "-1.0", "expected at least 0"));
    calls.add(new BadCall("norm of no order", () -> A.norm(Double.NaN), "norm:", "NaN"));
    calls.add(
        new BadCall("diff of a number", () -> Tensor.scalar(1).diff(1, 0), "diff:", "axis 0"));
    calls.add(new BadCall("diff -1 times", () -> A.diff(-1, 0), "diff:", "-1", "at least 0"));
    calls.add(new BadCall("argmax of nothing", EMPTY::argmax, "argmax:", "(2, 0)", "no elements"));
    calls.add(new BadCall("argmin of nothing", EMPTY::argmin, "argmin:", "(2, 0)", "no elements"));
  }

  private static void axes(List<BadCall> calls) {
    record Named(String name, Function<Integer, Object> function) {}
    Stream.of(
            new Named("sum", A::sum),
            new Named("max", A::max),
            new Named("min", A::min),
            new Named("prod", A::prod),
            new Named("logsumexp", A::logsumexp),
            new Named("argmax", A::argmax),
            new Named("argmin", A::argmin),
            new Named("cumsum", A::cumsum),
            new Named("sort", A::sort),
            new Named("argsort", A::argsort),
            new Named("topK", axis -> A.topK(1, axis)),
            new Named("median", A::median),
            new Named("quantile", axis -> A.quantile(0.5, axis)),
            new Named("cumprod", A::cumprod),
            new Named("cummax", A::cummax),
            new Named("cummin", A::cummin),
            new Named("logcumsumexp", A::logcumsumexp),
            new Named("diff", axis -> A.diff(1, axis)),
            new Named("std", A::unbiasedStd),
            new Named("norm", axis -> A.norm(3, axis)),
            new Named("softmax", A::softmax),
            new Named("logSoftmax", A::logSoftmax),
            new Named("squeeze", A::squeeze),
            new Named("flip", A::flip),
            new Named("select", axis -> A.select(axis, 0)),
            new Named("slice", axis -> A.slice(axis, 0, 1)),
            new Named("split", axis -> A.split(axis, 1, 1)),
            new Named("chunk", axis -> A.chunk(2, axis)),
            new Named("repeat", axis -> A.repeat(2, axis)),
            new Named("roll", axis -> A.roll(1, axis)),
            new Named("pad", axis -> A.pad(axis, 1, 1, 0)),
            new Named("flatten", axis -> A.flatten(0, axis)),
            new Named("transpose", axis -> A.transpose(0, axis)),
            new Named("concat", axis -> Joining.concat(axis, A, A)))
        .forEach(op ->
            calls.add(
                new BadCall(
                    op.name() + " along an axis that is not there",
                    () -> {
                      var _ = op.function().apply(2);
                    },
                    op.name() + ":",
                    "axis 2",
                    "(2, 3)",
                    "from -2 to 1")));
    calls.add(
        new BadCall(
            "sum over an axis twice", () -> A.sum(1, -1), "sum:", "axis 1", "twice", "(2, 3)"));
    calls.add(
        new BadCall("max of no elements", () -> EMPTY.max(1), "max:", "no elements", "(2, 0)"));
    calls.add(
        new BadCall("min of no elements", () -> EMPTY.min(), "min:", "no elements", "(2, 0)"));
    calls.add(
        new BadCall(
            "argmax of no elements", () -> EMPTY.argmax(1), "argmax:", "no elements", "(2, 0)"));
    calls.add(
        new BadCall("topK of too many", () -> A.topK(4, 1), "topK:", "k is 4", "(2, 3)", "0 to 3"));
    calls.add(
        new BadCall("quantile over 1", () -> A.quantile(2), "quantile:", "2.0", "expected 0 to 1"));
    IntTensor five = IntTensor.of(5);
    IntTensor fives = IntTensor.of(new int[][] {{5}});
    Stream.of(
            new BadCall("index", () -> Indexing.index(A, five)),
            new BadCall("indexPut", () -> Scattering.indexPut(A, List.of(five), A.select(0, 0))),
            new BadCall("indexAdd", () -> Scattering.indexAdd(A, 0, five, A.slice(0, 0, 1))),
            new BadCall("scatter", () -> Scattering.scatter(A, 0, fives, 1)))
        .map(bad ->
            new BadCall(
                bad.what() + " outside",
                bad.call(),
                bad.what() + ":",
                "index 5",
                "axis 0",
                "(2, 3)",
                "0 to 1"))
        .forEach(calls::add);
    calls.add(
        new BadCall(
            "maskedSelect of shapes that do not broadcast",
            () -> Masking.maskedSelect(A, B),
            "maskedSelect:",
            "(2, 3)",
            "(4, 5)"));
    calls.add(
        new BadCall(
            "softmax of a scalar along axis 1",
            () -> Tensors.ones().softmax(1),
            "softmax:",
            "axis 1"));
  }

  private static void views(List<BadCall> calls) {
    calls.add(
        new BadCall(
            "reshape to another size", () -> A.reshape(4, 2), "reshape:", "(2, 3)", "[4, 2]"));
    calls.add(new BadCall("reshape with two -1", () -> A.reshape(-1, -1), "reshape:", "[-1, -1]"));
    calls.add(new BadCall("reshape with -2", () -> A.reshape(-2, 3), "reshape:", "[-2, 3]"));
    calls.add(
        new BadCall(
            "reshape with a -1 that is no whole number",
            () -> A.reshape(4, -1),
            "reshape:",
            "(2, 3)",
            "[4, -1]"));
    calls.add(
        new BadCall(
            "reshape of no elements with -1",
            () -> EMPTY.reshape(0, -1),
            "reshape:",
            "(2, 0)",
            "[0, -1]"));
    calls.add(
        new BadCall(
            "flatten backwards", () -> A.flatten(1, 0), "flatten:", "from 1 to 0", "(2, 3)"));
    calls.add(
        new BadCall("permute of too few axes", () -> A.permute(0), "permute:", "[0]", "(2, 3)"));
    calls.add(
        new BadCall(
            "permute with an axis twice", () -> A.permute(1, 1), "permute:", "[1, 1]", "(2, 3)"));
    calls.add(
        new BadCall(
            "transpose of a vector", () -> A.select(0, 0).transpose(), "transpose:", "(3)"));
    calls.add(
        new BadCall(
            "squeeze of another size",
            () -> A.squeeze(1),
            "squeeze:",
            "(2, 3)",
            "size 3",
            "expected 1"));
    calls.add(
        new BadCall("unsqueeze outside", () -> A.unsqueeze(3), "unsqueeze:", "(2, 3)", "-3 to 2"));
    calls.add(
        new BadCall(
            "expand of another size",
            () -> A.expand(2, 4),
            "expand:",
            "(2, 3)",
            "[2, 4]",
            "expected"));
    calls.add(new BadCall("expand to fewer axes", () -> A.expand(3), "expand:", "(2, 3)", "[3]"));
    calls.add(
        new BadCall("expand to a shape", () -> A.expand(Shape.of(3)), "expand:", "(2, 3)", "[3]"));
    calls.add(
        new BadCall(
            "expand with -1 for a new axis",
            () -> A.expand(-1, 2, 3),
            "expand:",
            "(2, 3)",
            "[-1, 2, 3]"));
    calls.add(
        new BadCall(
            "slice by step 0",
            () -> A.slice(0, 0, 1, 0),
            "slice:",
            "step 0",
            "(2, 3)",
            "at least 1"));
    calls.add(new BadCall("select outside", () -> A.select(1, 3), "select:", "index 3", "(2, 3)"));
    calls.add(
        new BadCall(
            "select of no elements", () -> EMPTY.select(1, 0), "select:", "index 0", "(2, 0)"));
    calls.add(
        new BadCall(
            "reflect as many as there are",
            () -> A.pad(1, 0, 3, PadMode.REFLECT),
            "pad:",
            "0 before and 3 after axis 1",
            "(2, 3)",
            "REFLECT",
            "at least 0 and at most 2"));
    calls.add(
        new BadCall(
            "more than once around",
            () -> A.pad(0, 3, 0, PadMode.CIRCULAR),
            "pad:",
            "3 before",
            "(2, 3)",
            "at most 2"));
    calls.add(
        new BadCall(
            "replicate nothing",
            () -> EMPTY.pad(1, 1, 0, PadMode.REPLICATE),
            "pad:",
            "(2, 0)",
            "at most 0"));
    calls.add(
        new BadCall(
            "replicate less than nothing",
            () -> A.pad(1, -1, 0, PadMode.REPLICATE),
            "pad:",
            "-1 before",
            "at least 0"));
    calls.add(
        new BadCall(
            "pad by less than nothing",
            () -> A.pad(0, -1, 0, 0),
            "pad:",
            "-1",
            "(2, 3)",
            "at least 0"));
  }

  private static void joins(List<BadCall> calls) {
    calls.add(new BadCall("concat of nothing", () -> Joining.concat(0), "concat:", "at least one"));
    calls.add(new BadCall("stack of nothing", () -> Joining.stack(0), "stack:", "at least one"));
    calls.add(
        new BadCall(
            "concat of other shapes",
            () -> Joining.concat(0, A, B),
            "concat:",
            "(2, 3)",
            "(4, 5)",
            "axis 0"));
    calls.add(
        new BadCall(
            "concat of other ranks",
            () -> Joining.concat(0, A, Tensors.ones(3)),
            "concat:",
            "(2, 3)",
            "(3)"));
    calls.add(
        new BadCall(
            "stack of other shapes", () -> Joining.stack(0, A, B), "stack:", "(2, 3)", "(4, 5)"));
    calls.add(
        new BadCall(
            "stack outside", () -> Joining.stack(3, A, A), "stack:", "3", "(2, 3)", "-3 to 2"));
    calls.add(
        new BadCall(
            "split into other sizes",
            () -> A.split(1, 1, 1),
            "split:",
            "[1, 1]",
            "axis 1",
            "(2, 3)"));
    calls.add(
        new BadCall(
            "split into a negative size", () -> A.split(1, 4, -1), "split:", "[4, -1]", "(2, 3)"));
    calls.add(new BadCall("chunk into nothing", () -> A.chunk(0, 0), "chunk:", "0 parts"));
    calls.add(new BadCall("tile of too few axes", () -> A.tile(2), "tile:", "[2]", "(2, 3)"));
    calls.add(
        new BadCall("tile a negative time", () -> A.tile(2, -1), "tile:", "-1", "at least 0"));
    calls.add(
        new BadCall("repeat a negative time", () -> A.repeat(-1, 0), "repeat:", "-1", "(2, 3)"));
  }
}
