package dev.adjoint.nn.golden;

import java.util.Locale;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.bytedeco.pytorch.GRUImpl;
import org.bytedeco.pytorch.GRUOptions;
import org.bytedeco.pytorch.LSTMImpl;
import org.bytedeco.pytorch.LSTMOptions;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.PackedSequence;
import org.bytedeco.pytorch.RNNImpl;
import org.bytedeco.pytorch.RNNOptions;
import org.bytedeco.pytorch.T_PackedSequenceT_TensorTensor_T_T;
import org.bytedeco.pytorch.T_PackedSequenceTensor_T;
import org.bytedeco.pytorch.T_TensorT_TensorTensor_T_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.kReLU;

/** Recurrent layers: on sequences of one length, and on padded ones. */
final class RecurrentCases {

  private static final int INPUT = 3;
  private static final int HIDDEN = 2;
  private static final int BATCH = 3;
  private static final int TIME = 4;

  private enum Kind {
    RNN_TANH("RNN"),
    RNN_RELU("RNN"),
    LSTM("LSTM"),
    GRU("GRU");

    private final String module;

    Kind(String module) {
      this.module = module;
    }
  }

  /** Says how a module is made and called. */
  private record Setting(
      String name,
      int layers,
      boolean bias,
      boolean batchFirst,
      boolean bidirectional,
      boolean packed,
      boolean states) {

    long[] stateSizes() {
      return new long[] {(bidirectional ? 2L : 1L) * layers, BATCH, HIDDEN};
    }

    long[] inputSizes() {
      return batchFirst ? new long[] {BATCH, TIME, INPUT} : new long[] {TIME, BATCH, INPUT};
    }
  }

  private RecurrentCases() {}

  static Stream<GoldenCase> all() {
    return Stream.of(
            new Setting("1-layer", 1, true, false, false, false, true),
            new Setting("2-layers", 2, true, false, false, false, true),
            new Setting("batch-first", 1, true, true, false, false, true),
            new Setting("without-states", 1, true, true, false, false, false),
            new Setting("without-bias", 1, false, true, false, false, true),
            new Setting("bidirectional", 1, true, true, true, false, true),
            new Setting("bidirectional-2-layers", 2, true, true, true, false, true),
            new Setting("packed", 1, true, true, false, true, true),
            new Setting("packed-time-first", 1, true, false, false, true, true),
            new Setting("packed-2-layers", 2, true, true, false, true, true),
            new Setting("packed-bidirectional", 1, true, true, true, true, true))
        .flatMap(setting -> Stream.of(Kind.values()).map(kind -> recurrent(kind, setting)));
  }

  private static GoldenCase recurrent(Kind kind, Setting s) {
    String word = kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    GoldenCase c = new GoldenCase(word + "-" + s.name, "torch::nn::" + kind.module);
    c.option("num_layers", s.layers).option("bias", s.bias).option("batch_first", s.batchFirst);
    c.option("bidirectional", s.bidirectional);
    return switch (kind) {
      case RNN_TANH, RNN_RELU -> {
        RNNImpl rnn = c.module(new RNNImpl(rnnOptions(kind, s)));
        yield withOneState(c, s, rnn::forward, rnn::forward_with_packed_input);
      }
      case GRU -> {
        GRUImpl gru = c.module(new GRUImpl(gruOptions(s)));
        yield withOneState(c, s, gru::forward, gru::forward_with_packed_input);
      }
      case LSTM -> lstm(c, s, c.module(new LSTMImpl(lstmOptions(s))));
    };
  }

  private static GoldenCase withOneState(
      GoldenCase c,
      Setting s,
      BiFunction<Tensor, Tensor, T_TensorTensor_T> plain,
      BiFunction<PackedSequence, Tensor, T_PackedSequenceTensor_T> packed) {
    Tensor x = c.input("input", c.normal(1, s.inputSizes()));
    Tensor h0 = state(c, s, "h_0");
    if (s.packed) {
      T_PackedSequenceTensor_T result = packed.apply(pack(c, s, x), h0);
      return c.output("output", unpack(s, result.get0())).output("h_n", result.get1());
    }
    T_TensorTensor_T result = plain.apply(x, h0);
    return c.output("output", result.get0()).output("h_n", result.get1());
  }

  private static GoldenCase lstm(GoldenCase c, Setting s, LSTMImpl lstm) {
    Tensor x = c.input("input", c.normal(1, s.inputSizes()));
    T_TensorTensor_T states = new T_TensorTensor_T(state(c, s, "h_0"), state(c, s, "c_0"));
    T_TensorTensor_T last;
    if (s.packed) {
      T_PackedSequenceT_TensorTensor_T_T result =
          lstm.forward_with_packed_input(pack(c, s, x), states);
      c.output("output", unpack(s, result.get0()));
      last = result.get1();
    } else {
      T_TensorT_TensorTensor_T_T result = s.states ? lstm.forward(x, states) : lstm.forward(x);
      c.output("output", result.get0());
      last = result.get1();
    }
    return c.output("h_n", last.get0()).output("c_n", last.get1());
  }

  /** Draws an initial state, or returns an undefined one, which stands for zeros. */
  private static Tensor state(GoldenCase c, Setting s, String name) {
    return s.states ? c.input(name, c.normal(.5, s.stateSizes())) : new Tensor();
  }

  /** Packs sequences that are not in the order of their lengths. */
  private static PackedSequence pack(GoldenCase c, Setting s, Tensor x) {
    Tensor lengths = c.index("lengths", Tensor.create(new long[] {2, 4, 3}));
    return torch.pack_padded_sequence(x, lengths, s.batchFirst, /* enforce_sorted= */ false);
  }

  private static Tensor unpack(Setting s, PackedSequence packed) {
    return torch
        .pad_packed_sequence(packed, s.batchFirst, /* padding_value= */ 0, new LongOptional())
        .get0();
  }

  private static RNNOptions rnnOptions(Kind kind, Setting s) {
    RNNOptions options = new RNNOptions(INPUT, HIDDEN);
    if (kind == Kind.RNN_RELU) {
      options.nonlinearity().put(new kReLU());
    }
    options.num_layers().put(s.layers);
    options.bias().put(s.bias);
    options.batch_first().put(s.batchFirst);
    options.bidirectional().put(s.bidirectional);
    return options;
  }

  private static GRUOptions gruOptions(Setting s) {
    GRUOptions options = new GRUOptions(INPUT, HIDDEN);
    options.num_layers().put(s.layers);
    options.bias().put(s.bias);
    options.batch_first().put(s.batchFirst);
    options.bidirectional().put(s.bidirectional);
    return options;
  }

  private static LSTMOptions lstmOptions(Setting s) {
    LSTMOptions options = new LSTMOptions(INPUT, HIDDEN);
    options.num_layers().put(s.layers);
    options.bias().put(s.bias);
    options.batch_first().put(s.batchFirst);
    options.bidirectional().put(s.bidirectional);
    return options;
  }
}
