package dev.adjoint.nn;

import com.google.common.primitives.Ints;
import dev.adjoint.op.PoolOptions;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/** What pooling layers over windows share: how their options are described and printed. */
sealed interface WindowPool extends Transform, Describable
    permits MaxPool1d, MaxPool2d, MaxPool3d, AvgPool1d, AvgPool2d, AvgPool3d {

  /** Returns how windows lie. */
  PoolOptions options();

  /** Returns what makes this layer of its description. */
  Function<Description, ?> constructor();

  /** Throws unless an input of a layer has positions, after its examples and channels. */
  static void requirePositions(Object layer, Tensor x) {
    if (x.rank() < 3 || IntStream.range(2, x.rank()).anyMatch(axis -> x.size(axis) == 0)) {
      throw new IllegalArgumentException(
          "%s: input of shape %s; expected (N, C, ...), at least one position"
              .formatted(layer, x.shape()));
    }
  }

  /** Returns the options of a description; those that older files do not have are the defaults. */
  static PoolOptions options(Description from) {
    int[] dilation = from.has("dilation") ? from.integers("dilation") : new int[] {1};
    return new PoolOptions(from.integers("kernel"))
        .stride(from.integers("stride"))
        .padding(from.integers("padding"))
        .dilation(dilation)
        .ceilMode(from.flag("ceil_mode"))
        .countIncludePad(!from.flag("padding_not_counted"));
  }

  @Override
  default Description description() {
    PoolOptions o = options();
    Description description =
        Description.of(constructor())
            .set("kernel", Ints.toArray(o.kernel()))
            .set("stride", Ints.toArray(o.stride()))
            .set("padding", Ints.toArray(o.padding()))
            .set("ceil_mode", o.ceilMode())
            .set("padding_not_counted", !o.countIncludePad());
    return isAll(1, o.dilation())
        ? description
        : description.set("dilation", Ints.toArray(o.dilation()));
  }

  /** Returns the name of the layer with its options, of which defaults are left out. */
  default String text() {
    PoolOptions o = options();
    boolean apart = !o.stride().equals(o.kernel()) || !isAll(0, o.padding());
    return "%s(%s%s%s%s%s)"
        .formatted(
            getClass().getSimpleName(),
            show(o.kernel()),
            apart ? ", stride %s, padding %s".formatted(show(o.stride()), show(o.padding())) : "",
            isAll(1, o.dilation()) ? "" : ", dilation " + show(o.dilation()),
            o.ceilMode() ? ", ceil mode" : "",
            o.countIncludePad() ? "" : ", padding not counted");
  }

  private static boolean isAll(int number, List<Integer> values) {
    return values.stream().allMatch(value -> value == number);
  }

  private static String show(List<Integer> sizes) {
    return Setting.show(Ints.toArray(sizes));
  }
}
