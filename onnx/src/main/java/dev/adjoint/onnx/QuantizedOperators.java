package dev.adjoint.onnx;

import static java.util.Objects.requireNonNull;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The operators of quantized models, whose numbers are {@code (x - zero point) scale}. */
final class QuantizedOperators {

  private QuantizedOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put(
        "QuantizeLinear",
        call -> {
          Tensor x = call.x(0);
          Value zero = call.optional(2);
          ElementType to =
              zero != null ? zero.type() : call.type("output_dtype", ElementType.UINT8);
          Tensor y = x.div(spread(call, call.x(1).to(x.dtype()), x));
          return List.of(
              to.isFloat()
                  ? Types.cast(Value.of(y), to, call.flag("saturate", true))
                  : quantized(y, zero == null ? null : spread(call, zero.tensor(), x), to));
        });
    all.put(
        "DequantizeLinear",
        call -> {
          ElementType to = call.type("output_dtype", call.in(1).type());
          Tensor zero = call.tensorOr(2);
          Tensor x = zero == null ? call.x(0) : call.x(0).minus(spread(call, zero, call.x(0)));
          Tensor scale = spread(call, call.x(1), x);
          return Call.result(x.to(scale.dtype()).times(scale), to);
        });
    all.put(
        "DynamicQuantizeLinear",
        call -> {
          Tensor x = call.x(0);
          Tensor none = Tensor.scalar(0, x.dtype());
          Tensor low = x.min().min(none);
          Tensor range = x.max().max(none).minus(low).div(255);
          Tensor scale = range.plus(range.equal(0)); // 1 of zeros, which have no range
          Tensor zero = low.neg().div(scale).round().clamp(0, 255);
          return List.of(
              quantized(x.div(scale), zero, ElementType.UINT8),
              Value.of(scale),
              Types.fitted(zero, ElementType.UINT8));
        });
    all.put(
        "MatMulInteger",
        call -> {
          Tensor a = shifted(call.x(0), call.tensorOr(2), true);
          return Call.result(
              a.matmul(shifted(call.x(1), call.tensorOr(3), false)), ElementType.INT32);
        });
    all.put(
        "ConvInteger",
        call -> {
          Tensor x = shifted(call.x(0), call.tensorOr(2), true);
          Tensor w = shifted(call.x(1), channels(call.tensorOr(3), call.x(1)), true);
          return Call.result(NetworkOperators.convolution(call, x, w, null), ElementType.INT32);
        });
    all.put(
        "QLinearMatMul",
        call -> {
          Tensor a = real(call, 0, true);
          Tensor b = real(call, 3, false);
          Tensor y = a.matmul(b).div(call.x(6).to(DType.FLOAT64));
          return List.of(quantized(y, call.x(7), call.in(7).type()));
        });
    all.put(
        "QLinearConv",
        call -> {
          Tensor x = real(call, 0, true);
          Tensor w = call.x(3);
          Tensor scale = requireNonNull(channels(call.x(4), w));
          Tensor wide = shifted(w, channels(call.x(5), w), true).times(scale.to(DType.FLOAT64));
          Tensor bias = call.tensorOr(8);
          Tensor y =
              NetworkOperators.convolution(
                  call,
                  x,
                  wide,
                  bias == null
                      ? null
                      : bias.times(call.x(1).to(DType.FLOAT64)).times(call.x(4).to(DType.FLOAT64)));
          return List.of(
              quantized(y.div(call.x(6).to(DType.FLOAT64)), call.x(7), call.in(7).type()));
        });
  }

  /** Returns scaled numbers as the nearest integers, of two the even one, within the type. */
  private static Value quantized(Tensor scaled, @Nullable Tensor zero, ElementType to) {
    Tensor whole = scaled.to(DType.FLOAT64).round();
    Tensor y = zero == null ? whole : whole.plus(zero.to(DType.FLOAT64));
    return new Value(y.clamp(to.lowest(), to.highest()), to);
  }

  /** Returns scales or zero points in a shape that broadcasts: one for all, an axis or a block. */
  private static Tensor spread(Call call, Tensor values, Tensor x) {
    if (values.size() == 1) {
      return values.reshape();
    }
    int axis = call.axis(call.integer("axis", 1), x.rank());
    int block = call.integer("block_size", 0);
    if (block > 0) {
      return values.repeat(block, axis).slice(axis, 0, x.size(axis));
    }
    int[] along = new int[x.rank() - axis];
    Arrays.fill(along, 1);
    along[0] = values.size();
    return values.reshape(along);
  }

  /** Subtracts zero points: one, or one a row or a column of matrices. */
  private static Tensor shifted(Tensor x, @Nullable Tensor zero, boolean rows) {
    if (zero == null) {
      return x;
    }
    boolean each = zero.rank() == 1 && zero.size() > 1;
    return x.minus(zero.size() == 1 ? zero.reshape() : each && rows ? zero.unsqueeze(1) : zero);
  }

  /** Returns one value an output channel in the shape that broadcasts over weights. */
  private static @Nullable Tensor channels(@Nullable Tensor values, Tensor w) {
    if (values == null || values.size() == 1) {
      return values;
    }
    int[] sizes = new int[w.rank()];
    Arrays.fill(sizes, 1);
    sizes[0] = values.size();
    return values.reshape(sizes);
  }

  /** Returns what the numbers of an input stand for; its scale and zero point follow it. */
  private static Tensor real(Call call, int input, boolean rows) {
    Tensor scale = call.x(input + 1).to(DType.FLOAT64);
    boolean each = scale.rank() == 1 && scale.size() > 1;
    Tensor shaped = scale.size() == 1 ? scale.reshape() : each && rows ? scale.unsqueeze(1) : scale;
    return shifted(call.x(input), call.x(input + 2), rows).times(shaped);
  }
}
