package dev.adjoint.onnx;

import dev.adjoint.op.Joining;
import dev.adjoint.op.Sampling;
import dev.adjoint.op.Sampling.Outside;
import dev.adjoint.op.Scattering;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The operators of models that find and transform what is in images. */
final class VisionOperators {

  private VisionOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put(
        "GridSample",
        call -> {
          boolean aligned = call.flag("align_corners", false);
          return call.like(
              0, sampling(call).gridSample(call.x(0), call.x(1), outside(call), aligned));
        });
    all.put(
        "AffineGrid",
        call -> {
          int[] sizes = call.in(1).toInts();
          boolean aligned = call.flag("align_corners", false);
          return call.like(
              0,
              Sampling.affineGrid(call.x(0), aligned, Arrays.copyOfRange(sizes, 2, sizes.length)));
        });
    all.put("RoiAlign", VisionOperators::regions);
    all.put("DeformConv", VisionOperators::deformed);
    all.put("Col2Im", VisionOperators::folded);
    all.put("CenterCropPad", VisionOperators::centered);
    all.put("NonMaxSuppression", VisionOperators::suppressed);
  }

  private static Sampling sampling(Call call) {
    return switch (call.text("mode", "bilinear")) {
      case "nearest" -> Sampling.NEAREST;
      case "linear", "bilinear" -> Sampling.BILINEAR;
      case "cubic", "bicubic" -> Sampling.BICUBIC;
      case String mode -> throw call.unsupported("mode '%s'".formatted(mode));
    };
  }

  private static Outside outside(Call call) {
    return switch (call.text("padding_mode", "zeros")) {
      case "zeros" -> Outside.ZEROS;
      case "border" -> Outside.BORDER;
      case "reflection" -> Outside.REFLECTION;
      case String mode -> throw call.unsupported("padding '%s'".formatted(mode));
    };
  }

  // ---- regions ---------------------------------------------------------------------------------

  /** Averages samples of each cell of a grid over each region; differentiable in the images. */
  private static List<Value> regions(Call call) {
    if (!call.text("mode", "avg").equals("avg")) {
      throw call.unsupported("mode '%s'; expected avg".formatted(call.text("mode", "")));
    }
    Tensor x = call.x(0);
    double[] boxes = call.x(1).untracked().toDoubleArray(); // left, top, right, bottom
    int[] images = call.in(2).toInts();
    int rows = call.integer("output_height", 1);
    int columns = call.integer("output_width", 1);
    Tensor[] results = new Tensor[images.length];
    for (int r = 0; r < images.length; r++) {
      Samples across = Samples.of(call, boxes[4 * r], boxes[4 * r + 2], columns);
      Samples down = Samples.of(call, boxes[4 * r + 1], boxes[4 * r + 3], rows);
      int points = down.places.length * across.places.length;
      double[] ys = new double[points];
      double[] xs = new double[points];
      double[] counts = new double[points];
      for (int i = 0; i < points; i++) {
        double y = down.places[i / across.places.length];
        double at = across.places[i % across.places.length];
        counts[i] = y < -1 || y > x.size(2) || at < -1 || at > x.size(3) ? 0 : 1;
        ys[i] = y;
        xs[i] = at;
      }
      Tensor image = x.slice(0, images[r], images[r] + 1);
      Tensor read =
          Sampling.BILINEAR.sample(
              image,
              Outside.BORDER,
              Tensor.of(ys, 1, points).to(x.dtype()),
              Tensor.of(xs, 1, points).to(x.dtype()));
      results[r] =
          read.times(Tensor.of(counts).to(x.dtype()))
              .reshape(x.size(1), rows, down.each, columns, across.each)
              .mean(2, 4);
    }
    return call.like(
        0,
        results.length == 0
            ? Tensors.zeros(0, x.size(1), rows, columns)
            : Joining.stack(0, results));
  }

  /** Where samples of an axis lie, and how many a cell has. */
  private record Samples(double[] places, int each) {
    static Samples of(Call call, double from, double to, int cells) {
      String mode =
          call.text(
              "coordinate_transformation_mode",
              call.opset() < 16 ? "output_half_pixel" : "half_pixel");
      float scale = (float) call.decimal("spatial_scale", 1); // as others count: in float32
      float start = (float) from * scale - (mode.equals("half_pixel") ? 0.5f : 0);
      float end = (float) to * scale - (mode.equals("half_pixel") ? 0.5f : 0);
      float length = mode.equals("half_pixel") ? end - start : Math.max(end - start, 1);
      int given = call.integer("sampling_ratio", 0);
      int each = given > 0 ? given : (int) Math.max(1, Math.ceil(length / cells));
      double step = (double) length / cells / each;
      return new Samples(
          IntStream.range(0, cells * each).mapToDouble(i -> start + (i + 0.5) * step).toArray(),
          each);
    }
  }

  // ---- convolutions ----------------------------------------------------------------------------

  /** Convolves an image that is read where offsets say: samples, then a product. */
  private static List<Value> deformed(Call call) {
    Tensor x = call.x(0);
    Tensor w = call.x(1);
    Tensor offsets = call.x(2);
    int n = x.size(0);
    int kernel = w.size(2) * w.size(3);
    Windows windows = Windows.of(call, x, new int[] {w.size(2), w.size(3)});
    int parts = call.integer("offset_group", 1);
    int groups = call.integer("group", 1);
    int height = offsets.size(2);
    int width = offsets.size(3);
    int points = height * width;
    double[] ys = new double[kernel * points];
    double[] xs = new double[kernel * points];
    for (int i = 0; i < ys.length; i++) {
      int tap = i / points;
      int at = i % points;
      ys[i] =
          at / width * windows.stride()[0]
              - windows.before()[0]
              + tap / w.size(3) * windows.dilation()[0];
      xs[i] =
          at % width * windows.stride()[1]
              - windows.before()[1]
              + tap % w.size(3) * windows.dilation()[1];
    }
    Tensor moved = offsets.reshape(n, parts, kernel, 2, points);
    List<Tensor> read = new ArrayList<>();
    List<Tensor> channels = x.chunk(parts, 1);
    for (int part = 0; part < parts; part++) {
      Tensor of = moved.select(1, part);
      Tensor y = of.select(2, 0).reshape(n, ys.length).plus(Tensor.of(ys).to(x.dtype()));
      Tensor z = of.select(2, 1).reshape(n, xs.length).plus(Tensor.of(xs).to(x.dtype()));
      Tensor samples = Sampling.BILINEAR.sample(channels.get(part), Outside.ZEROS, y, z);
      Tensor mask = call.tensorOr(4);
      read.add(
          mask == null
              ? samples
              : samples.times(mask.reshape(n, parts, ys.length).slice(1, part, part + 1)));
    }
    Tensor columns =
        Joining.concat(1, read.toArray(Tensor[]::new))
            .reshape(n, groups, x.size(1) / groups * kernel, points);
    Tensor weights = w.reshape(groups, w.size(0) / groups, w.size(1) * kernel);
    Tensor y = weights.matmul(columns).reshape(n, w.size(0), height, width);
    Tensor bias = call.tensorOr(3);
    return call.like(0, bias == null ? y : y.plus(bias.reshape(bias.size(), 1, 1)));
  }

  /** Adds windows up where they lie in an image of any number of axes. */
  private static List<Value> folded(Call call) {
    Tensor x = call.x(0);
    int[] sizes = call.in(1).toInts();
    int[] block = call.in(2).toInts();
    int axes = sizes.length;
    int[] ones = new int[axes];
    Arrays.fill(ones, 1);
    int[] stride = call.ints("strides", ones);
    int[] dilation = call.ints("dilations", ones);
    int[] pads = call.ints("pads", new int[2 * axes]);
    int[] padded = new int[axes];
    int[] counts = new int[axes];
    int taps = 1;
    int places = 1;
    for (int i = 0; i < axes; i++) {
      padded[i] = sizes[i] + pads[i] + pads[axes + i];
      counts[i] = (padded[i] - dilation[i] * (block[i] - 1) - 1) / stride[i] + 1;
      taps *= block[i];
      places *= counts[i];
    }
    int[] index = new int[taps * places];
    for (int k = 0; k < index.length; k++) {
      int tap = k / places;
      int place = k % places;
      for (int i = axes - 1, step = 1; i >= 0; step *= padded[i--]) {
        index[k] += (place % counts[i] * stride[i] + tap % block[i] * dilation[i]) * step;
        place /= counts[i];
        tap /= block[i];
      }
    }
    int channels = x.size(1) / taps;
    int all = Arrays.stream(padded).reduce(1, (a, b) -> a * b);
    Tensor lines = x.reshape(x.size(0) * channels, index.length);
    Tensor zeros = Tensors.zeros(x.size(0) * channels, all).to(x.dtype());
    Tensor y =
        Scattering.indexAdd(zeros, 1, IntTensor.of(index), lines)
            .reshape(
                IntStream.concat(IntStream.of(x.size(0), channels), Arrays.stream(padded))
                    .toArray());
    for (int i = 0; i < axes; i++) {
      y = y.slice(i + 2, pads[i], pads[i] + sizes[i]);
    }
    return call.like(0, y);
  }

  private static List<Value> centered(Call call) {
    Tensor y = call.x(0);
    int[] sizes = call.in(1).toInts();
    int[] axes = call.ints("axes", IntStream.range(0, y.rank()).toArray());
    for (int i = 0; i < axes.length; i++) {
      int axis = call.axis(axes[i], y.rank());
      int missing = sizes[i] - y.size(axis);
      y =
          missing >= 0
              ? y.pad(axis, missing / 2, missing - missing / 2, 0)
              : y.slice(axis, -missing / 2, -missing / 2 + sizes[i]);
    }
    return call.like(0, y);
  }

  // ---- boxes -----------------------------------------------------------------------------------

  /** Picks boxes by their scores; drops those that share much with one that was picked. */
  private static List<Value> suppressed(Call call) {
    double[] boxes = call.x(0).untracked().toDoubleArray();
    double[] scores = call.x(1).untracked().toDoubleArray();
    int classes = call.x(1).size(1);
    int n = call.x(1).size(2);
    double most = call.number(2, 0);
    double shared = call.number(3, 0);
    double least = call.number(4, Double.NEGATIVE_INFINITY);
    boolean byCenter = call.flag("center_point_box", false);
    List<double[]> picked = new ArrayList<>();
    for (int line = 0; line < scores.length / Math.max(1, n); line++) {
      int image = line / classes;
      int from = line * n;
      List<double[]> kept = new ArrayList<>();
      int[] order =
          IntStream.range(0, n)
              .filter(i -> scores[from + i] > least)
              .boxed()
              .sorted(Comparator.comparingDouble(i -> -scores[from + i]))
              .mapToInt(i -> i)
              .toArray();
      for (int i = 0; i < order.length && kept.size() < most; i++) {
        double[] box = box(boxes, 4 * (image * n + order[i]), byCenter);
        if (kept.stream().noneMatch(other -> overlap(box, other) > shared)) {
          kept.add(box);
          picked.add(new double[] {image, line % classes, order[i]});
        }
      }
    }
    double[] all = picked.stream().flatMapToDouble(Arrays::stream).toArray();
    return List.of(
        new Value(Tensor.of(all, picked.size(), 3).to(DType.FLOAT64), ElementType.INT64));
  }

  /** Returns the lower and upper end of both axes of a box. */
  private static double[] box(double[] boxes, int at, boolean byCenter) {
    double a = boxes[at];
    double b = boxes[at + 1];
    double c = boxes[at + 2];
    double d = boxes[at + 3];
    return byCenter
        ? new double[] {a - c / 2, b - d / 2, a + c / 2, b + d / 2}
        : new double[] {Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)};
  }

  /** Returns the area of what two boxes share by that of what they cover. */
  private static double overlap(double[] p, double[] q) {
    double both =
        Math.max(0, Math.min(p[2], q[2]) - Math.max(p[0], q[0]))
            * Math.max(0, Math.min(p[3], q[3]) - Math.max(p[1], q[1]));
    double all = (p[2] - p[0]) * (p[3] - p[1]) + (q[2] - q[0]) * (q[3] - q[1]) - both;
    return all <= 0 ? 0 : both / all;
  }
}
