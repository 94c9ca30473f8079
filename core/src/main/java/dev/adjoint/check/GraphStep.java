package dev.adjoint.check;

import com.google.common.primitives.Booleans;
import dev.adjoint.autodiff.Node;
import dev.adjoint.op.Primitive;
import dev.adjoint.op.Reductions;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One recorded operation between sources and an output.
 *
 * @param primitive what was computed
 * @param birth its number in the order of steps
 * @param site the line of code that computed it, if that is known
 * @param x its inputs
 * @param leads which of them depend on a source
 * @param y its output
 */
record GraphStep(
    Primitive primitive, long birth, @Nullable String site, Tensor[] x, boolean[] leads, Tensor y) {

  /** Returns the steps by which an output depends on sources, each after those before it. */
  static List<GraphStep> between(List<Tensor> sources, Tensor output) {
    Set<Node> leading = new HashSet<>();
    sources.forEach(source -> leading.add(Objects.requireNonNull(source.node())));
    List<GraphStep> steps = new ArrayList<>();
    Node.ancestors(output, node -> true).entrySet().stream()
        .sorted(Comparator.comparingLong(entry -> entry.getKey().birth()))
        .forEach(entry -> {
          Node node = entry.getKey();
          Primitive primitive = node.primitive();
          Tensor[] x = node.inputs().toArray(Tensor[]::new);
          boolean[] leads = new boolean[x.length];
          for (int i = 0; i < x.length; i++) {
            Node maker = x[i].node();
            leads[i] = maker != null && leading.contains(maker);
          }
          if (primitive != null && Booleans.contains(leads, true)) {
            leading.add(node);
            steps.add(
                new GraphStep(primitive, node.birth(), node.site(), x, leads, entry.getValue()));
          }
        });
    return steps;
  }

  /** Returns which inputs depend on a source, or which do not. */
  List<Integer> indices(boolean leading) {
    return IntStream.range(0, x.length).filter(i -> leads[i] == leading).boxed().toList();
  }

  List<Tensor> inputs() {
    return indices(true).stream().map(i -> x[i]).toList();
  }

  /** Computes the cotangents of the inputs that depend on a source. */
  List<Tensor> pullback(Tensor g) {
    @Nullable Tensor[] cotangents = primitive.pullbacks(leads, g, x, y);
    List<Tensor> result = new ArrayList<>();
    for (int i : indices(true)) {
      Tensor part = cotangents[i];
      result.add(
          part == null
              ? Tensors.zeros(x[i].shape(), x[i].dtype())
              : Reductions.sumTo(part, x[i].shape()));
    }
    return result;
  }
}
