package dev.adjoint.explain;

import dev.adjoint.autodiff.Node;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.LayerObserver;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Watches a computation: which layers, and which lines of code, made which nodes.
 *
 * <p>Layers say that they have ended, by {@link LayerObserver}, not that they begin. But the method
 * that says so stands on the stack, at some depth, and it stood there when the nodes of this call
 * were made (ADR 62).
 */
final class Watch implements Recorder.Observer, LayerObserver {

  private static final StackWalker WALKER =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);
  private static final Set<String> ENGINE =
      Set.of(
          "dev.adjoint.tensor",
          "dev.adjoint.autodiff",
          "dev.adjoint.op",
          "dev.adjoint.kernel",
          "dev.adjoint.nn",
          "dev.adjoint.nn.norm",
          "dev.adjoint.nn.reparam",
          "dev.adjoint.nn.sequence");

  /**
   * Where a node was made.
   *
   * @param layers as {@link Recording.Step} has them
   */
  record Place(List<String> layers, @Nullable String line) {}

  /** A method of a layer on the stack, counted from the bottom. */
  private record Frame(Class<?> type, String method, int depth) {}

  /** One call of a layer. */
  private static final class Call {
    final Layer layer;
    int number; // among the calls within one call of the layer around; 0 before it is counted

    Call(Layer layer) {
      this.layer = layer;
    }
  }

  /** A node, the methods of layers it was made in, and their calls, by depth: outermost first. */
  private record Note(
      Node node, List<Frame> frames, TreeMap<Integer, Call> calls, @Nullable String line) {}

  private final List<Note> notes = new ArrayList<>();

  Tensor watch(Supplier<Tensor> computation) {
    return Recorder.observed(this, () -> Layer.observe(this, computation));
  }

  @Override
  public void onNode(Node node) {
    List<StackWalker.StackFrame> stack = WALKER.walk(frames -> frames.toList());
    notes.add(new Note(node, layers(stack), new TreeMap<>(), line(stack)));
  }

  @Override
  public Tensor onOutput(Layer layer, Tensor output) {
    Frame end = end(layer, layers(WALKER.walk(frames -> frames.toList())));
    Call call = new Call(layer);
    for (Note note : notes.reversed()) { // what a call makes, it makes in a row
      if (!note.frames.contains(end) || note.calls.putIfAbsent(end.depth, call) != null) {
        break;
      }
    }
    return output;
  }

  private static List<Frame> layers(List<StackWalker.StackFrame> stack) {
    List<Frame> frames = new ArrayList<>();
    for (int i = 0; i < stack.size(); i++) {
      StackWalker.StackFrame frame = stack.get(i);
      Class<?> type = frame.getDeclaringClass();
      if (Layer.class.isAssignableFrom(type) && type != Layer.class) {
        frames.add(new Frame(type, frame.getMethodName(), stack.size() - i));
      }
    }
    return frames;
  }

  /** Returns the outermost method of the call of a layer that ends at the top of the stack. */
  private static Frame end(Layer layer, List<Frame> frames) {
    Frame end = frames.getFirst();
    Set<String> seen = new HashSet<>();
    for (Frame next : frames) { // a method that is there already is that of a layer around
      if (next.depth < end.depth - 1
          || !next.type.isInstance(layer)
          || !seen.add(next.type.getName() + "." + next.method)) {
        break;
      }
      end = next;
    }
    return end;
  }

  private static @Nullable String line(List<StackWalker.StackFrame> stack) {
    for (StackWalker.StackFrame frame : stack) {
      Class<?> type = frame.getDeclaringClass();
      String file = frame.getFileName();
      if (file != null
          && type.getModule() != Object.class.getModule()
          && type != Watch.class
          && !ENGINE.contains(type.getPackageName())) {
        return file.startsWith("$") ? null : file + ":" + frame.getLineNumber(); // $: of JShell
      }
    }
    return null;
  }

  /** Returns where each node was made; layers that the model does not know are called by type. */
  Map<Node, Place> places(@Nullable Layer model) {
    IdentityHashMap<Layer, String> paths = new IdentityHashMap<>();
    if (model != null) {
      model.namedLayers().forEach((path, layer) -> paths.put(layer, path));
    }
    Map<List<Object>, Integer> counts = new HashMap<>();
    Map<Node, Place> places = new HashMap<>();
    for (Note note : notes) {
      places.put(note.node, new Place(path(note, paths, counts), note.line));
    }
    return places;
  }

  private static List<String> path(
      Note note, IdentityHashMap<Layer, String> paths, Map<List<Object>, Integer> counts) {
    List<String> path = new ArrayList<>();
    String around = "";
    Object parent = "";
    for (Call call : note.calls.values()) {
      if (call.number == 0) {
        call.number = counts.merge(List.of(parent, call.layer), 1, Integer::sum);
      }
      parent = call;
      String whole = paths.get(call.layer);
      boolean isModel = "".equals(whole);
      String name = whole == null || isModel ? call.layer.getClass().getSimpleName() : whole;
      if (whole != null && !around.isEmpty() && whole.startsWith(around + ".")) {
        name = whole.substring(around.length() + 1);
      }
      around = whole == null ? around : whole;
      if (!isModel || call.number > 1) {
        Collections.addAll(path, (name + (call.number > 1 ? "#" + call.number : "")).split("\\."));
      }
    }
    return List.copyOf(path);
  }
}
