package dev.adjoint.onnx;

import dev.adjoint.op.Activations;
import dev.adjoint.op.Indexing;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The operators on sequences: recurrent layers, attention, rotary positions. */
final class SequenceOperators {

  private SequenceOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("RNN", call -> recurrent(call, 1, SequenceOperators::plain));
    all.put("GRU", call -> recurrent(call, 3, SequenceOperators::gated));
    all.put("LSTM", call -> recurrent(call, 4, SequenceOperators::longShort));
    all.put("Attention", SequenceOperators::attention);
    all.put("RotaryEmbedding", SequenceOperators::rotary);
    all.put(
        "ReverseSequence",
        call -> {
          Tensor x = call.x(0);
          int time = call.integer("time_axis", 0);
          int batch = call.integer("batch_axis", 1);
          int[] lengths = call.in(1).toInts();
          List<Tensor> rows = new ArrayList<>();
          for (int i = 0; i < lengths.length; i++) {
            Tensor row = x.slice(batch, i, i + 1);
            rows.add(
                Joining.concat(
                    time,
                    row.slice(time, 0, lengths[i]).flip(time),
                    row.slice(time, lengths[i], x.size(time))));
          }
          return call.like(0, Joining.concat(batch, rows.toArray(Tensor[]::new)));
        });
  }

  // ---- recurrent layers ------------------------------------------------------------------------

  /**
   * One direction of a recurrent layer.
   *
   * @param w of the input: (gates * hidden, input)
   * @param r of the state: (gates * hidden, hidden)
   * @param inputBias of the products with w
   * @param stateBias of the products with r
   * @param peepholes of an LSTM, from its cell to its gates; null if there are none
   * @param activations of the gates, and what follows
   */
  private record Cell(
      Call call,
      Tensor w,
      Tensor r,
      Tensor inputBias,
      Tensor stateBias,
      @Nullable Tensor peepholes,
      List<UnaryOperator<Tensor>> activations) {

    /** Applies an activation, behind the clip. */
    Tensor activated(int activation, Tensor x) {
      double clip = call.decimal("clip", 0);
      return activations.get(activation).apply(clip > 0 ? x.clamp(-clip, clip) : x);
    }

    List<Tensor> gates(Tensor x, Tensor h, int n) {
      Tensor all =
          x.matmul(w.transpose()).plus(inputBias).plus(h.matmul(r.transpose())).plus(stateBias);
      return all.chunk(n, 1);
    }

    Tensor peephole(int gate, int n, Tensor c) {
      return peepholes == null
          ? Tensor.scalar(0, c.dtype())
          : peepholes.slice(0, gate * n, (gate + 1) * n).times(c);
    }
  }

  /** Computes the next state, h and perhaps c, from an input and the state. */
  private interface Step {
    Tensor[] next(Cell cell, Tensor x, Tensor[] state);
  }

  private static Tensor[] plain(Cell cell, Tensor x, Tensor[] state) {
    return new Tensor[] {cell.activated(0, cell.gates(x, state[0], 1).getFirst()), state[1]};
  }

  private static Tensor[] gated(Cell cell, Tensor x, Tensor[] state) {
    Tensor h = state[0];
    List<Tensor> ofX = x.matmul(cell.w.transpose()).plus(cell.inputBias).chunk(3, 1);
    List<Tensor> r = cell.r.chunk(3, 0);
    List<Tensor> bias = cell.stateBias.chunk(3, 0);
    Tensor update =
        cell.activated(0, ofX.get(0).plus(h.matmul(r.get(0).transpose())).plus(bias.get(0)));
    Tensor reset =
        cell.activated(0, ofX.get(1).plus(h.matmul(r.get(1).transpose())).plus(bias.get(1)));
    Tensor before =
        cell.call.flag("linear_before_reset", false)
            ? reset.times(h.matmul(r.get(2).transpose()).plus(bias.get(2)))
            : reset.times(h).matmul(r.get(2).transpose()).plus(bias.get(2));
    Tensor candidate = cell.activated(1, ofX.get(2).plus(before));
    return new Tensor[] {candidate.plus(update.times(h.minus(candidate))), state[1]};
  }

  private static Tensor[] longShort(Cell cell, Tensor x, Tensor[] state) {
    Tensor c = state[1];
    int n = c.size(1);
    List<Tensor> gates = cell.gates(x, state[0], 4); // input, output, forget, cell
    Tensor in = cell.activated(0, gates.get(0).plus(cell.peephole(0, n, c)));
    Tensor forget = cell.activated(0, gates.get(2).plus(cell.peephole(2, n, c)));
    Tensor next = forget.times(c).plus(in.times(cell.activated(1, gates.get(3))));
    Tensor out = cell.activated(0, gates.get(1).plus(cell.peephole(1, n, next)));
    return new Tensor[] {out.times(cell.activations.get(2).apply(next)), next};
  }

  private static List<Value> recurrent(Call call, int gates, Step step) {
    for (String attribute : List.of("activation_alpha", "activation_beta", "input_forget")) {
      if (call.hasAttribute(attribute)) {
        throw call.unsupported("%s; expected the default".formatted(attribute));
      }
    }
    boolean batchFirst = call.flag("layout", false);
    Tensor x = batchFirst ? call.x(0).transpose(0, 1) : call.x(0); // (time, batch, input)
    int steps = x.size(0);
    int batch = x.size(1);
    Tensor r = call.x(2);
    int hidden = r.size(2);
    Tensor lengths = call.has(4) ? call.x(4).to(x.dtype()).unsqueeze(1) : null;
    String direction = call.text("direction", "forward");
    List<Tensor> outputs = new ArrayList<>();
    List<Tensor> lastH = new ArrayList<>();
    List<Tensor> lastC = new ArrayList<>();
    for (int d = 0; d < r.size(0); d++) {
      boolean reverse = direction.equals("reverse") || d == 1;
      Tensor zeros = Tensors.zeros(2 * gates * hidden).to(x.dtype());
      Tensor bias = call.has(3) ? call.x(3).select(0, d) : zeros;
      int half = gates * hidden;
      Tensor peepholes = call.has(7) ? call.x(7).select(0, d) : null;
      Cell cell =
          new Cell(
              call,
              call.x(1).select(0, d),
              r.select(0, d),
              bias.slice(0, 0, half),
              bias.slice(0, half, 2 * half),
              peepholes,
              activations(call, gates, d));
      Tensor[] state = {
        initial(call, 5, d, batchFirst, x, batch, hidden),
        initial(call, 6, d, batchFirst, x, batch, hidden)
      };
      Tensor[] each = new Tensor[steps];
      for (int t = 0; t < steps; t++) {
        int at = reverse ? steps - 1 - t : t;
        Tensor[] next = step.next(cell, x.select(0, at), state);
        each[at] = next[0];
        if (lengths != null) { // behind its end, a sequence keeps its state and gives zeros
          Tensor inside = lengths.greater(at);
          each[at] = Where.where(inside, next[0], Tensor.scalar(0, x.dtype()));
          next[0] = Where.where(inside, next[0], state[0]);
          next[1] = Where.where(inside, next[1], state[1]);
        }
        state = next;
      }
      outputs.add(Joining.stack(0, each));
      lastH.add(state[0]);
      lastC.add(state[1]);
    }
    Tensor y = stack(1, outputs); // (time, directions, batch, hidden)
    Tensor h = stack(0, lastH); // (directions, batch, hidden)
    Tensor c = stack(0, lastC);
    return List.of(
        call.in(0).with(batchFirst ? y.permute(2, 0, 1, 3) : y),
        call.in(0).with(batchFirst ? h.transpose(0, 1) : h),
        call.in(0).with(batchFirst ? c.transpose(0, 1) : c));
  }

  /** Returns the activations of a direction: of gates, of the candidate, of the output. */
  private static List<UnaryOperator<Tensor>> activations(Call call, int gates, int direction) {
    List<String> usual =
        gates == 1 ? List.of("Tanh") : List.of("Sigmoid", "Tanh", "Tanh").subList(0, gates - 1);
    List<String> given = call.texts("activations");
    int from = direction * usual.size();
    List<String> names =
        given.isEmpty() ? usual : given.subList(from, Math.min(given.size(), from + usual.size()));
    return names.stream().map(name -> activation(call, name)).toList();
  }

  private static UnaryOperator<Tensor> activation(Call call, String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "tanh" -> Tensor::tanh;
      case "sigmoid" -> Tensor::sigmoid;
      case "relu" -> Tensor::relu;
      case "softsign" -> Activations::softsign;
      case "softplus" -> Activations::softplus;
      case "hardsigmoid" -> x -> x.times(0.2).plus(0.5).clamp(0, 1);
      default -> throw call.unsupported("activation '%s'".formatted(name));
    };
  }

  private static Tensor stack(int axis, List<Tensor> tensors) {
    return Joining.stack(axis, tensors.toArray(Tensor[]::new));
  }

  private static Tensor initial(
      Call call, int input, int d, boolean batchFirst, Tensor x, int batch, int hidden) {
    return call.has(input)
        ? call.x(input).select(batchFirst ? 1 : 0, d)
        : Tensors.zeros(batch, hidden).to(x.dtype());
  }

  // ---- attention -------------------------------------------------------------------------------

  private static List<Value> attention(Call call) {
    boolean flat = call.x(0).rank() == 3;
    Tensor q = heads(call.x(0), call.integer("q_num_heads", 0));
    Tensor k = heads(call.x(1), call.integer("kv_num_heads", 0));
    Tensor v = heads(call.x(2), call.integer("kv_num_heads", 0));
    Tensor pastK = call.tensorOr(4);
    Tensor pastV = call.tensorOr(5);
    k = pastK == null ? k : Joining.concat(2, pastK, k);
    v = pastV == null ? v : Joining.concat(2, pastV, v);
    int group = q.size(1) / k.size(1);
    Tensor keys = group == 1 ? k : k.repeat(group, 1);
    Tensor values = group == 1 ? v : v.repeat(group, 1);
    double root = Math.sqrt(call.decimal("scale", 1 / Math.sqrt(q.size(3))));
    Tensor products = q.times(root).matmul(keys.times(root).transpose(-2, -1));
    Tensor scores = products;
    Tensor bias = bias(call, products);
    double cap = call.decimal("softcap", 0);
    Tensor capped = cap == 0 ? scores : scores.div(cap).tanh().times(cap);
    Tensor biased = bias == null ? capped : capped.plus(bias);
    Tensor weights = biased.softmax(-1);
    if (bias != null) { // nothing to attend to: zeros
      Tensor nothing = biased.max(Keep.AXES, -1).equal(Double.NEGATIVE_INFINITY);
      weights = Where.where(nothing, Tensor.scalar(0, weights.dtype()), weights);
    }
    Tensor y = weights.matmul(values);
    int mode = call.integer("qk_matmul_output_mode", 0);
    Tensor shown = List.of(products, capped, biased, weights).get(mode);
    Tensor output =
        flat ? y.transpose(1, 2).reshape(y.size(0), y.size(2), y.size(1) * y.size(3)) : y;
    return List.of(
        call.in(0).with(output), call.in(1).with(k), call.in(2).with(v), call.in(0).with(shown));
  }

  private static Tensor heads(Tensor x, int number) {
    return x.rank() == 4
        ? x
        : x.reshape(x.size(0), x.size(1), number, x.size(2) / number).transpose(1, 2);
  }

  /** Returns what is added to scores: minus infinity where a query may not see a key. */
  private static @Nullable Tensor bias(Call call, Tensor scores) {
    Tensor bias = null;
    Tensor never = Tensor.scalar(Double.NEGATIVE_INFINITY, scores.dtype());
    Tensor zero = Tensor.scalar(0, scores.dtype());
    if (call.has(3)) {
      Tensor mask = call.x(3);
      bias =
          call.in(3).type() == ElementType.BOOL
              ? Where.where(mask, zero, never)
              : mask.to(scores.dtype());
      int missing = scores.size(-1) - bias.size(-1);
      bias = missing > 0 ? bias.pad(-1, 0, missing, Double.NEGATIVE_INFINITY) : bias;
    }
    Tensor keys = Tensors.arange(scores.size(-1)).to(scores.dtype());
    Tensor lengths = // of the keys that are no padding
        call.has(6) ? call.x(6).to(scores.dtype()).reshape(scores.size(0), 1, 1, 1) : null;
    if (lengths != null) {
      bias = plus(bias, Where.where(keys.less(lengths), zero, never));
    }
    if (call.flag("is_causal", false)) {
      int queries = scores.size(-2);
      Tensor past = Tensor.scalar(call.has(4) ? call.x(4).size(2) : 0, scores.dtype());
      Tensor at =
          Tensors.arange(queries)
              .to(scores.dtype())
              .unsqueeze(1)
              .plus(lengths == null ? past : lengths.minus(queries));
      bias = plus(bias, Where.where(keys.greater(at), never, zero));
    }
    return bias;
  }

  private static Tensor plus(@Nullable Tensor bias, Tensor more) {
    return bias == null ? more : bias.plus(more);
  }

  private static List<Value> rotary(Call call) {
    boolean flat = call.x(0).rank() == 3;
    int number = call.integer("num_heads", 0);
    Tensor x = heads(call.x(0), number); // (batch, heads, positions, size)
    int size = x.size(3);
    int rotated = call.integer("rotary_embedding_dim", 0);
    rotated = rotated == 0 ? size : rotated;
    Tensor turned = x.slice(3, 0, rotated);
    Tensor cos = angles(call, 1).unsqueeze(1);
    Tensor sin = angles(call, 2).unsqueeze(1);
    boolean interleaved = call.flag("interleaved", false);
    int half = rotated / 2;
    Tensor a = interleaved ? turned.slice(3, 0, rotated, 2) : turned.slice(3, 0, half);
    Tensor b = interleaved ? turned.slice(3, 1, rotated, 2) : turned.slice(3, half, rotated);
    Tensor real = a.times(cos).minus(b.times(sin));
    Tensor imaginary = a.times(sin).plus(b.times(cos));
    Tensor y =
        interleaved
            ? Joining.stack(4, real, imaginary).reshape(turned.shape())
            : Joining.concat(3, real, imaginary);
    if (rotated < size) {
      y = Joining.concat(3, y, x.slice(3, rotated, size));
    }
    return call.like(0, flat ? y.transpose(1, 2).reshape(call.x(0).shape()) : y);
  }

  /** Returns the cosines or sines of each position: (batch, positions, half). */
  private static Tensor angles(Call call, int input) {
    Tensor cache = call.x(input);
    if (!call.has(3)) {
      return cache;
    }
    Value positions = call.in(3);
    Tensor rows =
        Indexing.indexSelect(cache, 0, positions.toIntTensor().reshape(positions.tensor().size()));
    return rows.reshape(positions.shape().size(0), positions.shape().size(1), cache.size(1));
  }
}
