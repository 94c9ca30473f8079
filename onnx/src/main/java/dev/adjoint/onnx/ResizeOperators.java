package dev.adjoint.onnx;

import static java.util.Objects.requireNonNull;

import dev.adjoint.op.Indexing;
import dev.adjoint.op.Resampling;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Resize and its forerunner Upsample: axes of other sizes, one after the other. */
final class ResizeOperators {

  private ResizeOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Resize", ResizeOperators::resize);
    all.put("Upsample", call -> resized(call, scalesOr(call, 1), null));
  }

  private static List<Value> resize(Call call) {
    return call.opset() < 11
        ? resized(call, scalesOr(call, 1), null)
        : resized(call, scalesOr(call, 2), call.has(3) ? call.in(3).toInts() : null);
  }

  private static double @Nullable [] scalesOr(Call call, int input) {
    float[] attribute = call.floatsOr("scales");
    if (attribute != null) {
      return IntStream.range(0, attribute.length).mapToDouble(i -> attribute[i]).toArray();
    }
    boolean given = call.has(input) && call.x(input).size() > 0;
    return given ? call.x(input).untracked().toDoubleArray() : null;
  }

  private static List<Value> resized(
      Call call, double @Nullable [] scales, int @Nullable [] sizes) {
    Tensor x = call.x(0);
    int[] all = IntStream.range(0, x.rank()).toArray();
    int[] axes = Arrays.stream(call.ints("axes", all)).map(a -> call.axis(a, x.rank())).toArray();
    int given = scales != null ? scales.length : sizes != null ? sizes.length : 0;
    if (given != axes.length || (scales != null && sizes != null)) {
      throw call.refuse(
          "scales %s and sizes %s; expected one of them, with a number for each of the axes %s"
              .formatted(Arrays.toString(scales), Arrays.toString(sizes), Arrays.toString(axes)));
    }
    double[] factors = sizes == null ? requireNonNull(scales) : factors(call, x, axes, sizes);
    double[] regions =
        call.opset() >= 11 && call.has(1) ? call.x(1).untracked().toDoubleArray() : new double[0];
    Tensor y = x;
    Tensor outside = Tensor.scalar(0, x.dtype());
    for (int i = axes.length - 1; i >= 0; i--) {
      int n = x.size(axes[i]);
      float length = n * (float) factors[i]; // as others count: 20 * 0.7f is 14
      int m = sizes == null ? (int) length : (int) Math.round(n * factors[i]);
      double[] places = places(call, n, m, factors[i], regions, i);
      if (call.text("coordinate_transformation_mode", "").equals("tf_crop_and_resize")) {
        double[] beyond =
            DoubleStream.of(places).map(place -> place < 0 || place > n - 1 ? 1 : 0).toArray();
        int[] along = new int[x.rank() - axes[i]];
        Arrays.fill(along, 1);
        along[0] = m;
        outside = outside.max(Tensor.of(beyond, along).to(x.dtype()));
      }
      if (m != n || factors[i] != 1 || regions.length > 0) {
        y = along(call, y, axes[i], factors[i], places);
      }
    }
    Tensor beyond = Tensor.scalar(call.decimal("extrapolation_value", 0), x.dtype());
    Tensor whole = outside.rank() == 0 ? y : Where.where(outside, beyond, y);
    return call.like(0, call.in(0).type().isInteger() ? integers(call, whole) : whole);
  }

  /** Returns integers of the input's type, rounded as others do. */
  private static Tensor integers(Call call, Tensor y) {
    ElementType type = call.in(0).type();
    Tensor computed = y.to(DType.FLOAT32).to(y.dtype()); // in which thirds of 3 make 3
    Tensor rounded = call.flag("antialias", false) ? computed.round() : computed.trunc();
    return rounded.clamp(type.lowest(), type.highest());
  }

  /** Returns the factors that lead to sizes; by a policy, one for all axes. */
  private static double[] factors(Call call, Tensor x, int[] axes, int[] sizes) {
    double[] each =
        IntStream.range(0, axes.length)
            .mapToDouble(i -> (double) sizes[i] / x.size(axes[i]))
            .toArray();
    String policy = call.text("keep_aspect_ratio_policy", "stretch");
    if (!policy.equals("stretch")) {
      DoubleStream all = DoubleStream.of(each);
      double one = (policy.equals("not_larger") ? all.min() : all.max()).orElseThrow();
      Arrays.fill(each, one);
    }
    return each;
  }

  /** Returns where in an axis of n elements those of the resized one lie. */
  private static double[] places(
      Call call, int n, int m, double factor, double[] regions, int axis) {
    String older = call.opset() < 11 ? "asymmetric" : "half_pixel";
    String mode = call.text("coordinate_transformation_mode", older);
    double length = n * factor; // not rounded
    double start = regions.length > 0 ? regions[axis] : 0;
    double end = regions.length > 0 ? regions[axis + regions.length / 2] : 1;
    return IntStream.range(0, m)
        .mapToDouble(i ->
            switch (mode) {
              case "half_pixel" -> (i + 0.5) / factor - 0.5;
              case "half_pixel_symmetric" -> n / 2.0 * (1 - m / length) + (i + 0.5) / factor - 0.5;
              case "pytorch_half_pixel" -> m > 1 ? (i + 0.5) / factor - 0.5 : 0;
              case "align_corners" -> length == 1 ? 0 : i * (n - 1) / (length - 1);
              case "asymmetric" -> i / factor;
              case "tf_crop_and_resize" ->
                  m > 1
                      ? (start + i * (end - start) / (length - 1)) * (n - 1)
                      : (start + end) / 2 * (n - 1);
              default -> throw call.unsupported("coordinates '%s'".formatted(mode));
            })
        .map(place -> (float) place) // as others count: 8 / 1.6f is 5
        .toArray();
  }

  private static Tensor along(Call call, Tensor x, int axis, double factor, double[] places) {
    String mode = call.text("mode", "nearest");
    if (mode.equals("nearest")) {
      String older = factor < 1 ? "ceil" : "floor"; // which version 10 leaves open
      String rounding = call.text("nearest_mode", call.opset() < 11 ? older : "round_prefer_floor");
      int[] nearest =
          DoubleStream.of(places)
              .map(place ->
                  switch (rounding) {
                    case "round_prefer_floor" -> Math.ceil(place - 0.5);
                    case "round_prefer_ceil" -> Math.floor(place + 0.5);
                    case "floor" -> Math.floor(place);
                    case "ceil" -> Math.ceil(place);
                    default -> throw call.unsupported("rounding '%s'".formatted(rounding));
                  })
              .mapToInt(place -> (int) Math.clamp(place, 0, x.size(axis) - 1))
              .toArray();
      return Indexing.indexSelect(x, axis, IntTensor.of(nearest));
    }
    Resampling resampling =
        switch (mode) {
          case "linear", "bilinear" -> Resampling.LINEAR;
          case "cubic" -> Resampling.cubic(call.decimal("cubic_coeff_a", -0.75));
          default -> throw call.unsupported("mode '%s'".formatted(mode));
        };
    if (call.flag("antialias", false)) {
      resampling = resampling.stretchedBy(1 / factor);
    }
    if (call.flag("exclude_outside", false)) {
      resampling = resampling.onlyInside();
    }
    return resampling.along(x, axis, places);
  }
}
