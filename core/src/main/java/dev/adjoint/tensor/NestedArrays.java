package dev.adjoint.tensor;

import dev.adjoint.kernel.Elements;
import java.lang.reflect.Array;

/** Converts between tensors and nested Java arrays. */
final class NestedArrays {

  private NestedArrays() {}

  /** Reads a rectangular array of the given depth. */
  static Tensor read(Object values, DType dtype, int depth) {
    int[] sizes = new int[depth];
    Object level = values;
    for (int axis = 0; axis < depth; axis++) {
      sizes[axis] = Array.getLength(level);
      if (sizes[axis] == 0) {
        break; // deeper sizes cannot be told from an empty array: they are 0
      }
      level = Array.get(level, 0);
    }
    Shape shape = Shape.of(sizes);
    Object flat = dtype.elements().uninitialized(shape.size());
    copyIn(values, shape, 0, flat, 0);
    return dtype == DType.FLOAT32
        ? Tensor.of((float[]) flat, sizes)
        : Tensor.of((double[]) flat, sizes);
  }

  private static int copyIn(Object level, Shape shape, int axis, Object flat, int position) {
    int length = Array.getLength(level);
    if (length != shape.size(axis)) {
      throw new IllegalArgumentException(
          "of: the array is not rectangular: axis %d has rows of %d and of %d elements"
              .formatted(axis, shape.size(axis), length));
    }
    if (axis == shape.rank() - 1) {
      System.arraycopy(level, 0, flat, position, length);
      return position + length;
    }
    for (int i = 0; i < length; i++) {
      position = copyIn(Array.get(level, i), shape, axis + 1, flat, position);
    }
    return position;
  }

  /** Writes a tensor to a nested array of the given type, whose depth is the tensor's rank. */
  static Object write(Tensor tensor, Class<?> type) {
    Class<?> element = type;
    int depth = 0;
    while (element.isArray()) {
      element = element.getComponentType();
      depth++;
    }
    if (depth != tensor.rank()
        || depth == 0
        || (element != float.class && element != double.class)) {
      throw new IllegalArgumentException(
          "toNestedArray: a tensor of shape %s does not fit %s; expected float or double arrays %d deep"
              .formatted(tensor.shape(), type.getSimpleName(), tensor.rank()));
    }
    Object flat = element == float.class ? tensor.toFloatArray() : tensor.toDoubleArray();
    return copyOut(type, tensor.shape(), 0, flat, 0);
  }

  private static Object copyOut(Class<?> type, Shape shape, int axis, Object flat, int position) {
    int length = shape.size(axis);
    if (axis == shape.rank() - 1) {
      Object row = Elements.of(flat).uninitialized(length);
      System.arraycopy(flat, position, row, 0, length);
      return row;
    }
    Class<?> component = type.getComponentType();
    Object result = Array.newInstance(component, length);
    int step = length == 0 ? 0 : shape.strides()[axis];
    for (int i = 0; i < length; i++) {
      Array.set(result, i, copyOut(component, shape, axis + 1, flat, position + i * step));
    }
    return result;
  }
}
