package dev.adjoint.onnx;

import dev.adjoint.op.Indexing;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Movement;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/** The operators on signals: windows, spectra, weights of mel scales. */
final class SignalOperators {

  private SignalOperators() {}

  static void addTo(Map<String, Operator> all) {
    window(all, "HannWindow", turn -> 0.5 - 0.5 * Math.cos(turn));
    double hamming = 25.0 / 46;
    window(all, "HammingWindow", turn -> hamming - (1 - hamming) * Math.cos(turn));
    window(all, "BlackmanWindow", turn -> 0.42 - 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn));
    all.put("DFT", SignalOperators::spectrum);
    all.put("STFT", SignalOperators::spectra);
    all.put("MelWeightMatrix", SignalOperators::mel);
  }

  private static void window(Map<String, Operator> all, String name, DoubleUnaryOperator f) {
    all.put(
        name,
        call -> {
          int n = (int) call.number(0, 0);
          double period = call.flag("periodic", true) ? n : Math.max(1, n - 1);
          double[] values =
              IntStream.range(0, n)
                  .mapToDouble(i -> f.applyAsDouble(2 * Math.PI * i / period))
                  .toArray();
          return Call.result(Tensor.of(values), call.type("output_datatype", ElementType.FLOAT));
        });
  }

  private static List<Value> spectrum(Call call) {
    Tensor x = call.x(0);
    boolean older = call.opset() < 20;
    int given = older ? call.integer("axis", 1) : (int) call.number(2, -2);
    int axis = call.axis(given, x.rank());
    boolean inverse = call.flag("inverse", false);
    boolean half = call.flag("onesided", false);
    int bins = x.size(axis);
    int n = (int) call.number(1, inverse && half ? 2 * (bins - 1) : bins);
    return call.like(0, transformed(x, axis, n, inverse, half));
  }

  /**
   * Returns the discrete Fourier transform along an axis, as products with cosines and sines.
   *
   * @param x numbers along the last axis: real parts, and imaginary ones if there are two
   * @param half whether only the first half of the spectrum is computed, or given
   */
  private static Tensor transformed(Tensor x, int axis, int n, boolean inverse, boolean half) {
    int bins = n / 2 + 1;
    int in = inverse && half ? bins : n;
    int out = half && !inverse ? bins : n;
    double[] cosines = new double[in * out];
    double[] sines = new double[in * out];
    for (int i = 0; i < cosines.length; i++) {
      double turn = 2 * Math.PI * ((long) (i / out) * (i % out) % n) / n;
      boolean twice = inverse && half && i / out > 0 && 2 * (i / out) < n; // and its mirror image
      double weight = (twice ? 2 : 1) / (inverse ? (double) n : 1);
      cosines[i] = Math.cos(turn) * weight;
      sines[i] = Math.sin(turn) * (inverse ? weight : -weight);
    }
    Tensor cos = Tensor.of(cosines, in, out).to(x.dtype());
    Tensor sin = Tensor.of(sines, in, out).to(x.dtype());
    int last = x.rank() - 2;
    int size = x.size(axis);
    Tensor cut = size > in ? x.slice(axis, 0, in) : x.pad(axis, 0, in - size, 0);
    Tensor real = Movement.moved(cut.select(-1, 0), axis, last);
    boolean complex = x.size(-1) == 2;
    Tensor imaginary = complex ? Movement.moved(cut.select(-1, 1), axis, last) : null;
    Tensor re = real.matmul(cos);
    Tensor im = real.matmul(sin);
    if (imaginary != null) {
      re = re.minus(imaginary.matmul(sin));
      im = im.plus(imaginary.matmul(cos));
    }
    re = Movement.moved(re, last, axis);
    return inverse && half
        ? re.unsqueeze(last + 1)
        : Joining.stack(last + 1, re, Movement.moved(im, last, axis));
  }

  /** Computes the spectrum of each window of signals of shape (N, length, parts). */
  private static List<Value> spectra(Call call) {
    Tensor x = call.x(0);
    int step = (int) call.number(1, 1);
    Tensor window = call.tensorOr(2);
    int n = (int) call.number(3, window == null ? 0 : window.size());
    if (n < 1 || step < 1 || n > x.size(1)) {
      throw call.refuse(
          "frames of %d, %d apart, of signals of shape %s; expected frames in them"
              .formatted(n, step, x.shape()));
    }
    int frames = (x.size(1) - n) / step + 1;
    int[] index = IntStream.range(0, frames * n).map(i -> i / n * step + i % n).toArray();
    Tensor each =
        Indexing.indexSelect(x, 1, IntTensor.of(index)).reshape(x.size(0), frames, n, x.size(2));
    Tensor weighed = window == null ? each : each.times(window.to(x.dtype()).unsqueeze(1));
    boolean half = call.flag("onesided", true) && x.size(2) == 1;
    return call.like(0, transformed(weighed, 2, n, false, half));
  }

  /** Computes triangles over the bins of a spectrum, one a band of the mel scale. */
  private static List<Value> mel(Call call) {
    int bands = (int) call.number(0, 0);
    int n = (int) call.number(1, 0);
    double rate = call.number(2, 1);
    double low = 2595 * Math.log10(1 + call.number(3, 0) / 700);
    double high = 2595 * Math.log10(1 + call.number(4, 0) / 700);
    int[] edges =
        IntStream.range(0, bands + 2)
            .map(i -> {
              double hertz =
                  700 * (Math.pow(10, (low + i * (high - low) / (bands + 2)) / 2595) - 1);
              return (int) Math.floor((n + 1) * hertz / rate);
            })
            .toArray();
    double[] weights = new double[(n / 2 + 1) * bands];
    for (int band = 0; band < bands; band++) {
      int middle = edges[band + 1];
      for (int bin = edges[band]; bin < Math.max(edges[band + 2], middle + 1); bin++) {
        double side = bin <= middle ? middle - edges[band] : edges[band + 2] - middle;
        double from = bin <= middle ? bin - edges[band] : edges[band + 2] - bin;
        weights[bin * bands + band] = side == 0 ? 1 : from / side;
      }
    }
    Tensor matrix = Tensor.of(weights, n / 2 + 1, bands);
    return Call.result(matrix, call.type("output_datatype", ElementType.FLOAT));
  }
}
