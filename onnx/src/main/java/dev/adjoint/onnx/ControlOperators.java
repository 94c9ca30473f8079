package dev.adjoint.onnx;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.onnx.Item.Nothing;
import dev.adjoint.onnx.Item.Sequence;
import dev.adjoint.onnx.Proto.Node;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The operators that run graphs inside of nodes, and those on sequences and optionals. */
final class ControlOperators {

  private ControlOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put(
        "If",
        call -> call.outputs(call.number(0, 0) != 0 ? "then_branch" : "else_branch", List.of()));
    all.put("Loop", ControlOperators::loop);
    all.put("Scan", ControlOperators::scan);
    all.put("ai.onnx.preview.training:Gradient", ControlOperators::gradient);
    all.put("Identity", call -> List.of(call.any(0)));
    all.put("SequenceEmpty", call -> List.of(new Sequence(List.of())));
    all.put(
        "SequenceConstruct",
        call -> {
          List<Item> items = new ArrayList<>();
          for (int i = 0; i < call.inputs().size(); i++) {
            items.add(call.any(i));
          }
          return List.of(new Sequence(items));
        });
    all.put("SequenceAt", call -> List.of(call.sequence(0).get(place(call, 1, 0))));
    all.put(
        "SequenceInsert",
        call -> {
          int place = call.has(2) ? place(call, 2, 1) : call.sequence(0).size();
          return changed(call, items -> items.add(place, call.any(1)));
        });
    all.put(
        "SequenceErase",
        call -> {
          int place = call.has(1) ? place(call, 1, 0) : call.sequence(0).size() - 1;
          return changed(call, items -> items.remove(place));
        });
    all.put(
        "SequenceLength",
        call ->
            Call.result(Tensor.scalar(call.sequence(0).size(), DType.FLOAT64), ElementType.INT64));
    all.put("SequenceMap", ControlOperators::mapped);
    all.put("SplitToSequence", ControlOperators::split);
    all.put(
        "ConcatFromSequence",
        call -> {
          List<Value> parts = call.values(call.sequence(0));
          int axis = call.integer("axis", 0);
          Tensor[] tensors = parts.stream().map(Value::tensor).toArray(Tensor[]::new);
          Tensor joined =
              call.flag("new_axis", false)
                  ? Joining.stack(axis, tensors)
                  : Joining.concat(axis, tensors);
          return List.of(parts.getFirst().with(joined));
        });
    all.put("Optional", call -> List.of(call.item(0) == null ? Nothing.EMPTY : call.any(0)));
    all.put(
        "OptionalHasElement",
        call -> {
          boolean full = call.item(0) != null && call.item(0) != Nothing.EMPTY;
          return Call.result(Tensor.scalar(full ? 1 : 0, DType.FLOAT64), ElementType.BOOL);
        });
    all.put(
        "OptionalGetElement",
        call -> {
          if (call.any(0) == Nothing.EMPTY) {
            throw call.refuse("the optional is empty; expected one that has an element");
          }
          return List.of(call.any(0));
        });
  }

  // ---- sequences -------------------------------------------------------------------------------

  /** Returns a place in the sequence that is input 0; it may be counted from the end. */
  private static int place(Call call, int input, int more) {
    int size = call.sequence(0).size();
    int given = (int) call.number(input, 0);
    int place = given < 0 ? given + size : given;
    if (place < 0 || place >= size + more) {
      throw call.refuse("place %d of a sequence of %d".formatted(given, size));
    }
    return place;
  }

  private static List<Item> changed(Call call, Consumer<List<Item>> change) {
    List<Item> items = new ArrayList<>(call.sequence(0));
    change.accept(items);
    return List.of(new Sequence(items));
  }

  private static List<Item> mapped(Call call) {
    List<Item> first = call.sequence(0);
    List<List<Item>> results = lists(call.node().outputs().size());
    for (int i = 0; i < first.size(); i++) {
      List<Item> inputs = new ArrayList<>();
      for (int k = 0; k < call.inputs().size(); k++) {
        inputs.add(call.any(k) instanceof Sequence(List<Item> items) ? items.get(i) : call.any(k));
      }
      call.run().step(call);
      add(call, call.outputs("body", inputs), results, 0);
    }
    return results.stream().map(items -> (Item) new Sequence(items)).toList();
  }

  private static List<Item> split(Call call) {
    Tensor x = call.x(0);
    int axis = call.axis(call.integer("axis", 0), x.rank());
    boolean single = !call.has(1);
    int[] sizes = single ? new int[] {1} : call.in(1).toInts();
    if (single || call.x(1).rank() == 0) { // parts of one size, the last may be smaller
      int part = Math.max(1, sizes[0]);
      sizes = new int[Math.ceilDiv(x.size(axis), part)];
      Arrays.fill(sizes, part);
      if (sizes.length > 0) {
        sizes[sizes.length - 1] = x.size(axis) - part * (sizes.length - 1);
      }
    }
    boolean dropped = single && !call.flag("keepdims", true);
    List<Item> parts = new ArrayList<>();
    for (Tensor part : x.split(axis, sizes)) {
      parts.add(call.in(0).with(dropped ? part.squeeze(axis) : part));
    }
    return List.of(new Sequence(parts));
  }

  // ---- loops -----------------------------------------------------------------------------------

  private static List<List<Item>> lists(int n) {
    List<List<Item>> lists = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      lists.add(new ArrayList<>());
    }
    return lists;
  }

  /** Adds the last results of a body to lists. */
  private static void add(Call call, List<Item> items, List<List<Item>> lists, int from) {
    if (items.size() != from + lists.size()) {
      throw call.refuse(
          "the body has %d results; expected %d".formatted(items.size(), from + lists.size()));
    }
    for (int i = 0; i < lists.size(); i++) {
      lists.get(i).add(items.get(from + i));
    }
  }

  /** Returns what all turns of a loop have given as one tensor, with their axis in front. */
  private static Value stacked(Call call, List<Item> turns, int axis, boolean reversed) {
    List<Value> values = call.values(reversed ? turns.reversed() : turns);
    if (values.isEmpty()) {
      throw call.unsupported("no turn, and so outputs of unknown shape; expected one at least");
    }
    Tensor[] tensors = values.stream().map(Value::tensor).toArray(Tensor[]::new);
    return values.getFirst().with(Joining.stack(axis, tensors));
  }

  private static List<Item> loop(Call call) {
    double most = call.number(0, Double.POSITIVE_INFINITY);
    boolean goes = call.number(1, 1) != 0;
    List<@Nullable Item> state =
        new ArrayList<>(
            call.inputs().subList(Math.min(2, call.inputs().size()), call.inputs().size()));
    int carried = state.size();
    List<List<Item>> scanned = lists(call.node().outputs().size() - carried);
    for (int turn = 0; turn < most && goes; turn++) {
      call.run().step(call);
      List<@Nullable Item> inputs = new ArrayList<>();
      inputs.add(new Value(Tensor.scalar(turn, DType.FLOAT64), ElementType.INT64));
      inputs.add(new Value(Tensor.scalar(1, DType.FLOAT64), ElementType.BOOL));
      inputs.addAll(state);
      List<Item> outputs = call.outputs("body", inputs);
      add(call, outputs, scanned, 1 + carried);
      goes = call.value(outputs.getFirst()).tensor().untracked().toDoubleArray()[0] != 0;
      state = new ArrayList<>(outputs.subList(1, 1 + carried));
    }
    List<Item> results = new ArrayList<>();
    for (Item item : state) {
      results.add(item == null ? Nothing.EMPTY : item);
    }
    scanned.forEach(turns -> results.add(stacked(call, turns, 0, false)));
    return results;
  }

  private static List<Item> scan(Call call) {
    if (call.opset() < 9) {
      throw call.unsupported("of version 8, with an axis of batches; expected version 9");
    }
    int n = call.inputs().size();
    int scans = call.integer("num_scan_inputs", 1);
    int carried = n - scans;
    int[] axes = call.ints("scan_input_axes", new int[scans]);
    int[] backwards = call.ints("scan_input_directions", new int[scans]);
    List<Item> state = new ArrayList<>();
    for (int i = 0; i < carried; i++) {
      state.add(call.any(i));
    }
    List<List<Item>> scanned = lists(call.node().outputs().size() - carried);
    int turns = call.x(carried).size(call.axis(axes[0], call.x(carried).rank()));
    for (int turn = 0; turn < turns; turn++) {
      call.run().step(call);
      List<Item> inputs = new ArrayList<>(state);
      for (int i = 0; i < scans; i++) {
        Tensor x = call.x(carried + i);
        int axis = call.axis(axes[i], x.rank());
        int at = backwards[i] == 1 ? x.size(axis) - 1 - turn : turn;
        inputs.add(call.in(carried + i).with(x.select(axis, at)));
      }
      List<Item> outputs = call.outputs("body", inputs);
      add(call, outputs, scanned, carried);
      state = new ArrayList<>(outputs.subList(0, carried));
    }
    int[] outAxes = call.ints("scan_output_axes", new int[scanned.size()]);
    int[] outBackwards = call.ints("scan_output_directions", new int[scanned.size()]);
    List<Item> results = new ArrayList<>(state);
    for (int i = 0; i < scanned.size(); i++) {
      results.add(stacked(call, scanned.get(i), outAxes[i], outBackwards[i] == 1));
    }
    return results;
  }

  // ---- gradients -------------------------------------------------------------------------------

  /** Computes what lies between xs and y once more, and the gradients of the sum of y. */
  private static List<Value> gradient(Call call) {
    List<String> names = new ArrayList<>(call.texts("xs"));
    int n = names.size();
    names.addAll(call.texts("zs"));
    Scope around = call.scope();
    if (around == null || names.size() != call.inputs().size()) {
      throw call.refuse("%d inputs for %s".formatted(call.inputs().size(), names));
    }
    String target = call.text("y", "");
    Set<String> needed = new HashSet<>(Set.of(target));
    List<Node> between = new ArrayList<>();
    for (Node node : around.block().nodes().reversed()) {
      if (node.outputs().stream().anyMatch(needed::contains)
          && !names.containsAll(node.outputs())) {
        between.addFirst(node);
        needed.addAll(Block.read(node));
      }
    }
    Scope scope = around.inside(around.block());
    List<Tensor> xs = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      Tensor x = call.x(i).untracked();
      xs.add(i < n ? x.tracked() : x);
      scope.items().put(names.get(i), call.in(i).with(xs.get(i)));
    }
    between.forEach(node -> call.run().run(node, scope));
    Gradients gradients = call.value(scope.get(target)).tensor().sum().backward();
    List<Value> results = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      results.add(call.in(i).with(gradients.of(xs.get(i))));
    }
    return results;
  }
}
