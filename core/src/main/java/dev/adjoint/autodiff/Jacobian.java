package dev.adjoint.autodiff;

import com.google.common.primitives.Ints;
import dev.adjoint.kernel.Span;
import dev.adjoint.kernel.StridedCopy;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The jacobians of a recorded root, by a pass for each element of the smaller side: forward ones
 * for inputs, backward ones for the root. A block of passes is mapped, and runs as one ({@link
 * Vmap}); so many that the largest tensor of the graph stays in the cache as often as there are.
 */
final class Jacobian {

  private static final long BLOCK_BYTES = 1 << 20;

  private final Tensor root;
  private final List<Tensor> wrt;
  private final boolean record;
  private final boolean isEngines;
  private final int block;

  private Jacobian(Tensor root, List<Tensor> wrt, boolean record) {
    this.root = root;
    this.wrt = wrt;
    this.record = record;
    Map<Node, Tensor> graph = Forward.between(List.of(root), wrt);
    Set<Node> arguments = new HashSet<>();
    wrt.forEach(x -> arguments.add(x.node()));
    isEngines =
        graph.keySet().stream()
            .noneMatch(
                node -> node.primitive() instanceof Primitive.Open && !arguments.contains(node));
    long largest = Math.max(largest(graph.values()), largest(wrt));
    block = isEngines ? (int) Math.clamp(BLOCK_BYTES / Math.max(1, largest), 1, 1 << 10) : 1;
  }

  /**
   * Returns the jacobian with respect to each tensor, of shape (root's axes..., its axes...).
   *
   * @param record whether they are to be differentiated
   */
  static List<Tensor> of(Tensor root, List<Tensor> wrt, boolean record) {
    if (!root.isTracked() || root.size() == 0) {
      return wrt.stream().map(x -> Tensors.zeros(joined(root, x), x.dtype())).toList();
    }
    Jacobian jacobian = new Jacobian(root, wrt, record);
    long inputs = wrt.stream().mapToLong(Tensor::size).sum();
    return jacobian.isEngines && inputs < root.size() ? jacobian.forward() : jacobian.backward();
  }

  /** Returns the diagonal of the jacobian of a root of the shape of x. */
  static Tensor diagonal(Tensor root, Tensor x) {
    if (!root.isTracked() || root.size() == 0) {
      return Tensors.zeros(x.shape(), x.dtype());
    }
    List<Tensor> parts = new ArrayList<>();
    new Jacobian(root, List.of(x), false)
        .passes(
            x,
            unit ->
                Forward.pass(List.of(root), List.of(x), List.of(unit), false).stream()
                    .map(column -> column.times(unit).sum())
                    .toList(),
            (some, from) -> parts.add(some.getFirst()));
    return Joining.concat(0, parts.toArray(Tensor[]::new)).reshape(x.shape());
  }

  private List<Tensor> backward() {
    Backward plain = Backward.wrt(wrt.toArray(Tensor[]::new));
    Backward pass = record ? plain.createGraph() : plain;
    List<Matrix> matrices = wrt.stream().map(x -> new Matrix(x, false)).toList();
    passes(
        root,
        unit -> pass.gradientsOfSum(List.of(root), List.of(unit)),
        (rows, from) -> {
          for (int i = 0; i < rows.size(); i++) {
            matrices.get(i).add(from, rows.get(i));
          }
        });
    return matrices.stream().map(Matrix::whole).toList();
  }

  private List<Tensor> forward() {
    List<Tensor> jacobians = new ArrayList<>();
    for (Tensor x : wrt) {
      Matrix matrix = new Matrix(x, true);
      passes(
          x,
          unit -> Forward.pass(List.of(root), List.of(x), List.of(unit), record),
          (columns, from) -> matrix.add(from, columns.getFirst()));
      jacobians.add(matrix.whole());
    }
    return jacobians;
  }

  /** Runs a pass for each unit vector of a side, a block at a time. */
  private void passes(
      Tensor side, Function<Tensor, List<Tensor>> pass, ObjIntConsumer<List<Tensor>> results) {
    int n = side.size();
    Tensor units = units(n, side.dtype());
    for (int from = 0; from < n; from += block) {
      int count = Math.min(block, n - from);
      int[] shape = Ints.concat(new int[] {count}, side.shape().toArray());
      results.accept(pass(units.slice(0, from, from + count).reshape(shape), pass), from);
    }
  }

  private List<Tensor> pass(Tensor units, Function<Tensor, List<Tensor>> pass) {
    int n = units.size(0);
    if (n > 1) {
      try {
        return Vmap.mapAll(n, example -> pass.apply(example.of(units)));
      } catch (Vmap.Refusal e) {
        // A rule looks at the numbers of a cotangent or tangent: one after the other, then.
      }
    }
    return Vmap.loopAll(n, example -> pass.apply(example.of(units)));
  }

  /** Returns the unit matrix: a view of one 1 among zeros. */
  private static Tensor units(int n, DType dtype) {
    Tensor zeros = Tensors.zeros(Shape.of(Math.max(0, n - 1)), dtype);
    Tensor line = Joining.concat(0, zeros, Tensors.ones(Shape.of(1), dtype), zeros);
    return line.view(Shape.of(n, n), new int[] {-1, 1}, Math.max(0, n - 1));
  }

  private static Shape joined(Tensor first, Tensor last) {
    return Shape.of(Ints.concat(first.shape().toArray(), last.shape().toArray()));
  }

  private static long largest(Collection<Tensor> tensors) {
    return tensors.stream().mapToLong(x -> (long) x.size() * x.dtype().bytes()).max().orElse(0);
  }

  /** One jacobian, which is put together of rows or of columns. */
  private final class Matrix {
    private final Tensor x;
    private final boolean ofColumns;
    private final @Nullable Tensor memory;
    private final List<Tensor> parts = new ArrayList<>();

    Matrix(Tensor x, boolean ofColumns) {
      this.x = x;
      this.ofColumns = ofColumns;
      boolean isComposed = record || Recorder.isMapped();
      this.memory = isComposed ? null : Tensors.zeros(joined(root, x), x.dtype()).copy();
    }

    /** Adds rows or columns, from one of them on. */
    void add(int from, Tensor some) {
      Tensor part = some.reshape(some.size(0), ofColumns ? root.size() : x.size()).to(x.dtype());
      if (memory == null) {
        parts.add(part);
        return;
      }
      part = part.contiguous();
      int n = x.size();
      int[] strides = {ofColumns ? 1 : n, ofColumns ? n : 1};
      StridedCopy.SCATTER.run(
          part.shape().toArray(),
          new Span(part.storage().array(), part.offset()),
          new Span(memory.storage().array(), ofColumns ? from : from * n),
          strides);
    }

    Tensor whole() {
      if (memory != null) {
        return memory;
      }
      Shape shape = joined(root, x);
      if (parts.isEmpty()) {
        return Tensors.zeros(shape, x.dtype());
      }
      Tensor whole = Joining.concat(0, parts.toArray(Tensor[]::new));
      return (ofColumns ? whole.transpose() : whole).reshape(shape);
    }
  }
}
