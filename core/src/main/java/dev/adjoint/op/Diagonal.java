package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/** Views the diagonal of the last two axes. */
enum Diagonal implements Primitive.Broadcasting {
  DIAGONAL;

  @Override
  public Tensor forward(Tensor... x) {
    int last = x[0].rank() - 2;
    int[] sizes = Arrays.copyOf(x[0].shape().toArray(), last + 1);
    sizes[last] = Math.min(sizes[last], x[0].size(-1));
    int[] strides = Arrays.copyOf(x[0].strides(), last + 1);
    strides[last] += x[0].strides()[last + 1];
    return x[0].view(Shape.of(sizes), strides, x[0].offset());
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    return Recorder.apply(new Embed(x[0].size(-2), x[0].size(-1)), g);
  }

  /** Places vectors on the diagonals of zero matrices: the adjoint of the diagonal. */
  record Embed(int rows, int columns) implements Primitive.Broadcasting {
    @Override
    public String name() {
      return "diagEmbed";
    }

    @Override
    public Tensor forward(Tensor... x) {
      Tensor source = Engine.packed(x[0]);
      int n = source.size(-1);
      int[] sizes = Arrays.copyOf(source.shape().toArray(), source.rank() + 1);
      sizes[source.rank() - 1] = rows;
      sizes[source.rank()] = columns;
      Shape shape = Shape.of(sizes);
      Object in = Engine.array(source);
      Object out = Engine.zeroed(source.dtype(), shape.size());
      for (int i = 0; i < source.size(); i++) {
        int to = i / n * rows * columns + i % n * (columns + 1);
        System.arraycopy(in, source.offset() + i, out, to, 1);
      }
      return Engine.tensor(out, source.dtype(), shape);
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.apply(Diagonal.DIAGONAL, g);
    }
  }
}
