package dev.adjoint.nn.calls;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Turns our values into libtorch's, and back. */
final class Libtorch {

  private Libtorch() {}

  /** Makes libtorch compute on one thread; to be called before anything else. */
  static void prepare() {
    // Scopes free what was made in them; the collector would have to guess what lives in what.
    System.setProperty("org.bytedeco.javacpp.nopointergc", "true");
    torch.set_num_threads(1);
    torch.globalContext().setSDPUseFlash(false); // it has no second derivative
  }

  static org.bytedeco.pytorch.Tensor of(Tensor x) {
    return x.dtype() == DType.FLOAT64
        ? org.bytedeco.pytorch.Tensor.create(x.toDoubleArray(), longs(x.shape().toArray()))
        : org.bytedeco.pytorch.Tensor.create(x.toFloatArray(), longs(x.shape().toArray()));
  }

  static org.bytedeco.pytorch.Tensor of(IntTensor x) {
    return org.bytedeco.pytorch.Tensor.create(longs(x.toArray()), longs(x.shape().toArray()));
  }

  /** Returns a mask of 0 and 1 as one of booleans. */
  static org.bytedeco.pytorch.Tensor mask(Tensor x) {
    return of(x).to(ScalarType.Bool);
  }

  static TensorOptional optional(Tensor x) {
    return new TensorOptional(of(x));
  }

  static Scalar scalar(double value) {
    return new Scalar(value);
  }

  static LongOptional optional(long value) {
    return new LongOptional(value);
  }

  static long[] longs(int... values) {
    return IntStream.of(values).asLongStream().toArray();
  }

  static TensorVector vector(List<org.bytedeco.pytorch.Tensor> tensors) {
    return new TensorVector(tensors.toArray(new org.bytedeco.pytorch.Tensor[0]));
  }

  /** Returns all that a function returned. */
  static List<org.bytedeco.pytorch.Tensor> results(Object result) {
    List<org.bytedeco.pytorch.Tensor> all = new ArrayList<>();
    switch (result) {
      case org.bytedeco.pytorch.Tensor one -> all.add(one);
      case T_TensorTensor_T two -> {
        all.add(two.get0());
        all.add(two.get1());
      }
      case TensorVector vector -> {
        for (long i = 0; i < vector.size(); i++) {
          all.add(vector.get(i));
        }
      }
      case List<?> list -> list.forEach(each -> all.addAll(results(each)));
      default -> throw new IllegalArgumentException(result.getClass().toString());
    }
    return all;
  }

  /** Returns the elements in reading order. */
  static double[] elements(org.bytedeco.pytorch.Tensor x) {
    // Zeros that a formula knows of have no elements until they are added to something.
    org.bytedeco.pytorch.Tensor real = torch.zeros(x.shape()).to(ScalarType.Double).add(x.detach());
    org.bytedeco.pytorch.Tensor flat = real.contiguous();
    double[] elements = new double[(int) flat.numel()];
    if (elements.length > 0) {
      flat.data_ptr_double().get(elements);
    }
    return elements;
  }
}
