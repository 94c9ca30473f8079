package dev.adjoint.nn;

import com.google.common.primitives.Ints;
import dev.adjoint.op.PoolOptions;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.IntStream;

/** What pooling layers over windows share. Those of one class with equal options are equal. */
abstract sealed class WindowPool implements Transform, Describable
    permits MaxPool1d, MaxPool2d, MaxPool3d, AvgPool1d, AvgPool2d, AvgPool3d {
  private final Function<Description, ?> constructor;
  private final BiFunction<Tensor, PoolOptions, Tensor> pooling;
  private final PoolOptions options;

  /**
   * Creates a layer.
   *
   * @param constructor makes this layer from its description
   */
  WindowPool(
      Function<Description, ?> constructor,
      BiFunction<Tensor, PoolOptions, Tensor> pooling,
      PoolOptions options) {
    this.constructor = constructor;
    this.pooling = pooling;
    this.options = options;
  }

  /** Returns how windows lie. */
  public final PoolOptions options() {
    return options;
  }

  @Override
  public final Tensor forward(Tensor x) {
    return pooling.apply(x, options);
  }

  /** Throws unless an input of a layer has positions, after its examples and channels. */
  static void requirePositions(Object layer, Tensor x) {
    boolean fits = x.rank() > 2 && IntStream.range(2, x.rank()).allMatch(axis -> x.size(axis) > 0);
    Layer.requireInput(layer, fits, x, () -> "(N, C, ...), at least one position");
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
  public final Description description() {
    Description description =
        Description.of(constructor)
            .set("kernel", Ints.toArray(options.kernel()))
            .set("stride", Ints.toArray(options.stride()))
            .set("padding", Ints.toArray(options.padding()))
            .set("ceil_mode", options.ceilMode())
            .set("padding_not_counted", !options.countIncludePad());
    return isAll(1, options.dilation())
        ? description
        : description.set("dilation", Ints.toArray(options.dilation()));
  }

  @Override
  public final boolean equals(Object other) {
    return other instanceof WindowPool pool
        && getClass() == pool.getClass()
        && options.equals(pool.options);
  }

  @Override
  public final int hashCode() {
    return options.hashCode();
  }

  /** Returns the name of the layer with its options, of which defaults are left out. */
  @Override
  public final String toString() {
    PoolOptions o = options;
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
