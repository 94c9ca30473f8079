package dev.adjoint.autodiff;

import dev.adjoint.kernel.Storage.Region;
import dev.adjoint.op.Primitive;
import dev.adjoint.op.Tangent;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A forward pass, which carries tangents through a recorded graph, from tensors to the roots that
 * were computed from them: the product of a jacobian and a vector in one pass (ADR 59).
 */
final class Forward {

  private final Region region =
      Region.within(
          "a forward pass has recycled this tensor, which it had computed for itself; expected a"
              + " copy() made while it ran");
  private final Map<Node, Tensor> tangents = new HashMap<>();
  private final List<Map.Entry<Node, Tensor>> steps; // inputs first
  private final Map<Node, Integer> uses = new HashMap<>();
  private final boolean record;

  private Forward(List<Tensor> roots, List<Tensor> from, List<Tensor> moves, boolean record) {
    this.record = record;
    for (int i = 0; i < moves.size(); i++) {
      tangents.put(Backward.nodeOf(from.get(i)), moves.get(i).to(from.get(i).dtype()));
    }
    steps = new ArrayList<>(between(roots, from).entrySet());
    steps.sort(Comparator.comparingLong(step -> step.getKey().birth()));
  }

  /**
   * Returns the tangents of roots.
   *
   * @param from tensors that move; nothing before them does
   * @param moves a tangent for each, of its shape
   * @param record whether the pass is recorded
   * @return one for each root, of its shape; zeros where it does not move
   */
  static List<Tensor> pass(
      List<Tensor> roots, List<Tensor> from, List<Tensor> moves, boolean record) {
    Replay.noteBackward(); // to differentiate inside a function is the same, either way
    Forward pass = new Forward(roots, from, moves, record);
    return Recorder.mode().recording(record).call(() -> pass.run(roots));
  }

  /** Returns the tensors that roots were computed from, as far back as something may move. */
  static Map<Node, Tensor> between(List<Tensor> roots, List<Tensor> from) {
    Set<Node> moving = new HashSet<>();
    from.forEach(x -> moving.add(Backward.nodeOf(x)));
    long oldest = moving.stream().mapToLong(Node::birth).min().orElse(Long.MAX_VALUE);
    Map<Node, Tensor> found = new LinkedHashMap<>();
    for (Tensor root : roots) {
      found.putAll(Node.ancestors(root, node -> node.birth() > oldest && !moving.contains(node)));
    }
    return found;
  }

  private List<Tensor> run(List<Tensor> roots) {
    boolean whole = false;
    try {
      if (record || Recorder.mode().detecting()) {
        visitAll(roots);
      } else {
        region.call(() -> visitAll(roots));
      }
      List<Tensor> results = new ArrayList<>();
      for (Tensor root : roots) {
        Tensor tangent = root.node() == null ? null : tangents.get(root.node());
        results.add(tangent == null ? Tensors.zeros(root.shape(), root.dtype()) : tangent);
      }
      results.forEach(result -> region.leave(result.ownStorage()));
      whole = true;
      return results;
    } finally {
      region.end(whole);
    }
  }

  private @Nullable Void visitAll(List<Tensor> roots) {
    for (Map.Entry<Node, Tensor> step : steps) {
      for (Tensor input : step.getKey().sharedInputs()) {
        count(input.node());
      }
    }
    roots.forEach(root -> count(root.node()));
    for (Map.Entry<Node, Tensor> step : steps) {
      visit(step.getKey(), step.getValue());
      region.sweep();
    }
    return null;
  }

  private void count(@Nullable Node node) {
    if (node != null) {
      uses.merge(node, 1, Integer::sum);
    }
  }

  private void visit(Node node, Tensor y) {
    Tensor[] x = node.sharedInputs();
    if (!tangents.containsKey(node)) {
      @Nullable Tensor[] moves = new Tensor[x.length];
      boolean isStill = true;
      for (int i = 0; i < x.length; i++) {
        moves[i] = x[i].node() == null ? null : tangents.get(x[i].node());
        isStill &= moves[i] == null;
      }
      if (!isStill) {
        Tensor tangent = tangent(Objects.requireNonNull(node.primitive()), x, moves, y);
        region.hold(tangent.ownStorage());
        tangents.put(node, tangent);
      }
    }
    for (Tensor input : x) {
      drop(input.node());
    }
  }

  /** Gives a tangent back after its last use. */
  private void drop(@Nullable Node node) {
    if (node != null && uses.merge(node, -1, Integer::sum) == 0) {
      Tensor last = tangents.remove(node);
      if (last != null) {
        region.release(last.ownStorage());
      }
    }
  }

  private Tensor tangent(Primitive primitive, Tensor[] x, @Nullable Tensor[] moves, Tensor y) {
    Tangent rule = Tangent.of(primitive);
    if (rule != null) {
      return rule.apply(primitive, x, moves, y);
    }
    if (primitive instanceof Primitive.Open) { // which may keep what it sees
      for (Tensor move : moves) {
        if (move != null) {
          region.leave(move.ownStorage());
        }
      }
      return region.outside(() -> transposed(primitive, x, moves, y));
    }
    return transposed(primitive, x, moves, y);
  }

  /**
   * Transposes a pullback, which is linear in its cotangent: the gradient of {@code sum(pullback(s)
   * * tangent)} with respect to s, at any s.
   */
  private Tensor transposed(Primitive primitive, Tensor[] x, @Nullable Tensor[] moves, Tensor y) {
    Tensor seed = Tensors.zeros(y.shape(), y.dtype()).tracked();
    boolean[] needed = new boolean[x.length];
    for (int i = 0; i < x.length; i++) {
      needed[i] = moves[i] != null;
    }
    @Nullable Tensor[] pulled =
        Recorder.mode().recording(true).call(() -> primitive.pullbacks(needed, seed, x, y));
    List<Tensor> roots = new ArrayList<>();
    List<Tensor> weights = new ArrayList<>();
    for (int i = 0; i < x.length; i++) {
      Tensor root = pulled[i];
      Tensor weight = moves[i];
      if (root != null && weight != null) {
        roots.add(root);
        weights.add(weight.expand(root.shape()));
      }
    }
    Backward backward = Backward.wrt(seed);
    return (record ? backward.createGraph() : backward).gradientsOfSum(roots, weights).getFirst();
  }
}
