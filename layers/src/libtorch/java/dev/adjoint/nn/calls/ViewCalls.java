package dev.adjoint.nn.calls;

import static dev.adjoint.nn.calls.CallRow.row;
import static dev.adjoint.nn.calls.Libtorch.longs;
import static dev.adjoint.nn.calls.Libtorch.optional;
import static dev.adjoint.nn.calls.Libtorch.scalar;

import dev.adjoint.op.Joining;
import dev.adjoint.op.PadMode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.global.torch;

/** Views, and what joins, repeats and pads. */
final class ViewCalls {

  private ViewCalls() {}

  static List<CallRow> rows() {
    return List.of(
        row(
            "reshape",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int[] to = d.of("to", new int[] {-1}, sizes, new int[] {1, -1, 2}, new int[] {3, 4});
              return d.input(Values.REAL, sizes)
                  .call(x -> x[0].reshape(to), t -> t[0].reshape(longs(to)));
            }),
        row(
            "flatten",
            d -> {
              int[] sizes = d.sizes(0, 4);
              int first = d.axis(Math.max(1, sizes.length));
              int last = d.axis(Math.max(1, sizes.length));
              return d.input(Values.REAL, sizes)
                  .call(x -> x[0].flatten(first, last), t -> t[0].flatten(first, last));
            }),
        row(
            "permute",
            d -> {
              int[] sizes = d.sizes(0, 4);
              int[] order = d.order(sizes.length);
              return d.input(Values.REAL, sizes)
                  .call(x -> x[0].permute(order), t -> t[0].permute(longs(order)));
            }),
        row(
            "transpose",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int a = d.axis(sizes.length);
              int b = d.axis(sizes.length);
              return d.input(Values.REAL, sizes)
                  .call(x -> x[0].transpose(a, b), t -> t[0].transpose(a, b));
            }),
        row(
            "unsqueeze",
            d -> {
              int[] sizes = d.sizes(0, 4);
              int axis = d.axis(sizes.length + 1);
              return d.input(Values.REAL, sizes)
                  .call(x -> x[0].unsqueeze(axis), t -> t[0].unsqueeze(axis));
            }),
        row(
            "expand",
            d -> {
              int[] to = d.sizes(1, 4);
              return d.input(Values.REAL, d.broadcast(to))
                  .call(x -> x[0].expand(to), t -> t[0].expand(longs(to)));
            }),
        row(
            "slice",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.axis(sizes.length);
              int[] ends = d.wholes("ends", 2, -7, 7);
              int step = d.whole("step", 0, 3);
              return d.input(Values.REAL, sizes)
                  .call(
                      x -> x[0].slice(axis, ends[0], ends[1], step),
                      t -> t[0].slice(axis, optional(ends[0]), optional(ends[1]), step));
            }),
        row(
            "select",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.axis(sizes.length);
              int index = d.whole("index", -2, 2);
              return d.input(Values.REAL, sizes)
                  .call(x -> x[0].select(axis, index), t -> t[0].select(axis, index));
            }),
        row(
            "flip",
            d -> {
              int[] sizes = d.sizes(0, 4);
              int[] axes = d.axes(sizes.length);
              return d.input(Values.REAL, sizes)
                  .call(x -> x[0].flip(axes), t -> t[0].flip(longs(axes)));
            }),
        row(
            "split",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.axis(sizes.length);
              int n = sizes[Math.floorMod(axis, sizes.length)];
              int first = d.whole("first", 0, n);
              return d.input(Values.REAL, sizes)
                  .call(
                      x -> x[0].split(axis, first, n - first),
                      t -> torch.split_with_sizes(t[0], longs(first, n - first), axis));
            }),
        row(
            "chunk",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.axis(sizes.length);
              int parts = d.whole("parts", 0, 4);
              return d.input(Values.REAL, sizes)
                  .call(x -> x[0].chunk(parts, axis), t -> torch.chunk(t[0], parts, axis));
            }),
        row(
            "tile",
            d -> {
              int[] sizes = d.sizes(0, 3);
              int[] times = d.wholes("times", sizes.length, 0, 3);
              return d.input(Values.REAL, sizes)
                  .call(x -> x[0].tile(times), t -> torch.tile(t[0], longs(times)));
            }),
        row(
            "repeat",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.axis(sizes.length);
              int times = d.whole("times", -1, 3);
              return d.input(Values.REAL, sizes)
                  .call(
                      x -> x[0].repeat(times, axis),
                      t ->
                          torch.repeat_interleave(t[0], times, optional(axis), new LongOptional()));
            }),
        row(
            "roll",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.axis(sizes.length);
              int shift = d.whole("shift", -9, 9);
              return d.input(Values.REAL, sizes)
                  .call(
                      x -> x[0].roll(shift, axis), t -> torch.roll(t[0], new long[] {shift}, axis));
            }),
        row(
            "pad",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.whole("axis", 0, sizes.length - 1);
              int[] widths = d.wholes("widths", 2, 0, 3);
              double value = d.of("value", 0., 1., -.5);
              return d.input(Values.REAL, sizes)
                  .call(
                      x -> x[0].pad(axis, widths[0], widths[1], value),
                      t -> {
                        long[] all =
                            new long[2 * ((int) t[0].dim() - axis)]; // from the last axis on
                        all[all.length - 2] = widths[0];
                        all[all.length - 1] = widths[1];
                        return torch.constant_pad_nd(t[0], all, scalar(value));
                      });
            }),
        row(
            "pad with what is there",
            d -> {
              PadMode mode = d.of("mode", PadMode.values());
              int[] widths = d.wholes("widths", 2, 0, 3);
              return d.wellFormed()
                  .input(Values.REAL, d.some(3, 3))
                  .call(
                      x -> x[0].pad(-1, widths[0], widths[1], mode),
                      t ->
                          torch.pad(
                              t[0],
                              longs(widths),
                              mode == PadMode.ZEROS
                                  ? "constant"
                                  : mode.name().toLowerCase(Locale.ROOT),
                              new DoubleOptional()));
            }),
        row(
            "concat",
            d -> {
              int[] sizes = d.sizes(1, 4);
              int axis = d.axis(sizes.length);
              int n = d.whole("n", 1, 3);
              for (int i = 0; i < n; i++) {
                int[] each = sizes.clone();
                each[Math.floorMod(axis, sizes.length)] = d.whole("size", 0, 4);
                d.input(Values.REAL, each);
              }
              return d.call(
                  x -> Joining.concat(axis, x),
                  t -> torch.cat(Libtorch.vector(Arrays.asList(t)), axis));
            }),
        row(
            "stack",
            d -> {
              int[] sizes = d.sizes(0, 4);
              int axis = d.axis(sizes.length + 1);
              IntStream.range(0, d.whole("n", 1, 3)).forEach(_ -> d.input(Values.REAL, sizes));
              return d.call(
                  x -> Joining.stack(axis, x),
                  t -> torch.stack(Libtorch.vector(Arrays.asList(t)), axis));
            }));
  }
}
