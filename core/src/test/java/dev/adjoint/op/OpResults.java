package dev.adjoint.op;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Computes a row's value and gradients, and tells whether two such results have the same bits. */
final class OpResults {

  private OpResults() {}

  /** Returns the value, then the gradient of each input; without those that get none. */
  static List<Tensor> of(OpCase row, Tensor[] inputs) {
    Tensor[] x = Arrays.stream(inputs).map(Tensor::tracked).toArray(Tensor[]::new);
    Tensor y = row.function().apply(x);
    List<Tensor> results = new ArrayList<>(List.of(y));
    if (y.isTracked()) {
      Gradients gradients = Backward.wrt(x).seed(OpCase.weights(y)).of(y);
      for (Tensor input : x) {
        if (gradients.contains(input)) {
          results.add(gradients.of(input));
        }
      }
    }
    return results;
  }

  /** Returns the bits of all elements and all sizes; NaN is NaN. */
  static List<List<Long>> bits(List<Tensor> results) {
    return results.stream().map(OpResults::bits).toList();
  }

  private static List<Long> bits(Tensor tensor) {
    List<Long> bits = new ArrayList<>();
    for (int size : tensor.shape().toArray()) {
      bits.add((long) size);
    }
    for (double value : tensor.toDoubleArray()) {
      bits.add(Double.doubleToLongBits(value));
    }
    return bits;
  }

  /** Returns one number for all bits. */
  static long hash(List<Tensor> results) {
    long hash = 0;
    for (Tensor tensor : results) {
      for (int size : tensor.shape().toArray()) {
        hash = hash * 31 + size;
      }
      for (double value : tensor.toDoubleArray()) {
        hash = hash * 0x9E3779B97F4A7C15L + Double.doubleToLongBits(value);
        hash ^= hash >>> 32;
      }
    }
    return hash;
  }
}
