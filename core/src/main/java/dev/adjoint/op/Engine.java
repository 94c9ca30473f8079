package dev.adjoint.op;

import dev.adjoint.autodiff.Examples;
import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Span;
import dev.adjoint.kernel.Storage;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/** Finds the kernels for a type, and makes the tensors that they write. */
final class Engine {

  private Engine() {}

  static Elements elements(DType dtype) {
    return dtype == DType.FLOAT32 ? Elements.float32() : Elements.float64();
  }

  static Kernels kernels(DType dtype) {
    return elements(dtype).kernels();
  }

  /** Returns an array that the caller must write in full. */
  static Object uninitialized(DType dtype, int n) {
    return elements(dtype).uninitialized(n);
  }

  static Object zeroed(DType dtype, int n) {
    return elements(dtype).zeroed(n);
  }

  /** Returns an untracked tensor over all of an array that nobody else has. */
  static Tensor tensor(Object array, DType dtype, Shape shape) {
    return Tensor.contiguous(Storage.ofResult(array), dtype, shape);
  }

  /** Returns the elements' array, checked to be current. */
  static Object array(Tensor x) {
    return x.storage().array();
  }

  /** Returns the place of a packed tensor's elements. */
  static Span span(Tensor packed) {
    return new Span(array(packed), packed.offset());
  }

  /** Tells whether any element is not 0, in a mapped function of any example. */
  static boolean isAnywhere(Tensor mask) {
    return everyExample(mask.untracked()).any().item() != 0;
  }

  /** Returns a tensor, in a mapped function that of all examples. */
  static Tensor everyExample(Tensor x) {
    Examples<Tensor> examples = x.examples();
    return examples == null ? x : everyExample(examples.all());
  }

  /** Returns indices, in a mapped function those of all examples. */
  static IntTensor everyExample(IntTensor x) {
    Examples<IntTensor> examples = x.examples();
    return examples == null ? x : everyExample(examples.all());
  }

  /** Returns indices with other values of every example, as those that are given. */
  static IntTensor like(IntTensor indices, int[] everyExample) {
    Examples<IntTensor> examples = indices.examples();
    return examples == null
        ? IntTensor.of(everyExample, indices.shape().toArray())
        : IntTensor.example(examples.with(like(examples.all(), everyExample)));
  }

  static Tensor[] promoted(Tensor... x) {
    DType dtype = x[0].dtype();
    for (Tensor each : x) {
      dtype = DType.promote(dtype, each.dtype());
    }
    Tensor[] all = new Tensor[x.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = x[i].to(dtype);
    }
    return all;
  }

  /** Returns the tensor, or an unrecorded copy whose elements lie one after another. */
  static Tensor packed(Tensor x) {
    return x.isContiguous() ? x : Contiguous.pack(x);
  }
}
