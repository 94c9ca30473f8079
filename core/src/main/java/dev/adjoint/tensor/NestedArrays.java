package dev.adjoint.tensor;

import java.lang.reflect.Array;
import java.util.function.Consumer;

/** Converts between tensors and nested Java arrays. */
final class NestedArrays {

  private NestedArrays() {}

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
    int[] position = {0};
    forEachRow(
        values,
        shape,
        0,
        row -> {
          System.arraycopy(row, 0, flat, position[0], sizes[depth - 1]);
          position[0] += sizes[depth - 1];
        });
    return dtype == DType.FLOAT32
        ? Tensor.of((float[]) flat, sizes)
        : Tensor.of((double[]) flat, sizes);
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
    Object result = Array.newInstance(element, tensor.shape().toArray());
    int[] position = {0};
    forEachRow(
        result,
        tensor.shape(),
        0,
        row -> {
          System.arraycopy(flat, position[0], row, 0, tensor.size(-1));
          position[0] += tensor.size(-1);
        });
    return result;
  }

  /** Visits the innermost arrays in order; refuses one that has not the size of its axis. */
  private static void forEachRow(Object level, Shape shape, int axis, Consumer<Object> body) {
    int length = Array.getLength(level);
    if (length != shape.size(axis)) {
      throw new IllegalArgumentException(
          "of: the array is not rectangular: axis %d has rows of %d and of %d elements"
              .formatted(axis, shape.size(axis), length));
    }
    if (axis == shape.rank() - 1) {
      body.accept(level);
      return;
    }
    for (int i = 0; i < length; i++) {
      forEachRow(Array.get(level, i), shape, axis + 1, body);
    }
  }
}
