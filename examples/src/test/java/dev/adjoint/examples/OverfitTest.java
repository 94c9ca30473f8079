package dev.adjoint.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.Flatten;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.MaxPool2d;
import dev.adjoint.nn.Residual;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.sequence.LSTM;
import dev.adjoint.nn.sequence.Masks;
import dev.adjoint.nn.sequence.PositionalEncoding;
import dev.adjoint.nn.sequence.TransformerEncoder;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.Adam;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Lets small models learn 32 random samples by heart, which a wrong gradient would prevent. */
class OverfitTest {

  private static final int SAMPLES = 32;
  private static final int STEPS = 9;
  private static final int SYMBOLS = 12;
  private static final int CLASSES = 4;
  private static final int WIDTH = 16;

  private final Generator generator = Generator.seeded(1);
  private final IntTensor classes = generator.integers(CLASSES, SAMPLES);
  private final IntTensor sequences = generator.integers(SYMBOLS, SAMPLES, STEPS);
  private final IntTensor lengths =
      IntTensor.of(IntStream.range(0, SAMPLES).map(i -> STEPS - i % 4).toArray());

  private static void assertOverfits(Layer model, Supplier<Tensor> scores, IntTensor classes) {
    Adam adam = new Adam(model.parameters()).learningRate(0.01);
    double loss = Double.NaN;
    for (int step = 0; step < 200; step++) {
      Tensor surprise = Losses.crossEntropy(scores.get(), classes);
      adam.step(surprise.backward());
      loss = surprise.item();
    }
    assertThat(loss).isLessThan(0.01);
  }

  @Test
  void aPerceptronLearnsPointsByHeart() {
    Tensor points = generator.normal(SAMPLES, 6);
    Sequential model =
        new Sequential(
            new Linear(6, 4 * WIDTH, generator).withoutBias(),
            new BatchNorm(4 * WIDTH),
            Activation.TANH,
            new Linear(4 * WIDTH, CLASSES, generator));
    assertOverfits(model, () -> model.forward(points), classes);
  }

  @Test
  void aConvolutionalNetworkLearnsImagesByHeart() {
    Tensor images = generator.normal(SAMPLES, 1, 8, 8);
    Sequential model =
        new Sequential(
            new Conv2d(1, 8, 3, ConvOptions.DEFAULT.padding(1), generator).withoutBias(),
            new GroupNorm(4, 8),
            Activation.RELU,
            new MaxPool2d(2),
            new Residual(new Conv2d(8, 8, 3, ConvOptions.DEFAULT.padding(1), generator)),
            new Flatten(),
            new Linear(8 * 4 * 4, CLASSES, generator));
    assertOverfits(model, () -> model.forward(images), classes);
  }

  @Test
  void anLstmLearnsPaddedSequencesByHeart() {
    SequenceReader model = new SequenceReader(generator);
    assertOverfits(model, () -> model.forward(sequences, lengths), classes);
  }

  /** Reads symbols and judges by the state at the end. */
  private static final class SequenceReader extends Layer {
    private final Embedding embedding;
    private final LSTM lstm;
    private final Linear output;

    SequenceReader(Generator generator) {
      embedding = child("embedding", new Embedding(SYMBOLS, WIDTH, generator));
      lstm = child("lstm", new LSTM(WIDTH, WIDTH, generator));
      output = child("output", new Linear(WIDTH, CLASSES, generator));
    }

    Tensor forward(IntTensor symbols, IntTensor lengths) {
      LSTM.State end = lstm.forward(embedding.forward(symbols), lengths).state();
      return output.forward(end.h().select(0, 0));
    }
  }

  @Test
  void aTransformerLearnsPaddedSequencesByHeart() {
    Attentive model = new Attentive(generator);
    assertOverfits(model, () -> model.forward(sequences, lengths), classes);
  }

  /** Lets symbols attend to one another and judges by the first. */
  private static final class Attentive extends Layer {
    private final Embedding embedding;
    private final PositionalEncoding positions;
    private final TransformerEncoder encoder;
    private final Linear output;

    Attentive(Generator generator) {
      embedding = child("embedding", new Embedding(SYMBOLS, WIDTH, generator));
      positions = child("positions", new PositionalEncoding(STEPS, WIDTH));
      encoder =
          child(
              "encoder",
              new TransformerEncoder(
                  new TransformerEncoderLayer(WIDTH, 2, 2 * WIDTH, generator).dropout(0)));
      output = child("output", new Linear(WIDTH, CLASSES, generator));
    }

    Tensor forward(IntTensor symbols, IntTensor lengths) {
      Tensor x = positions.forward(embedding.forward(symbols));
      Tensor padding = Masks.lengths(lengths, STEPS).unsqueeze(1);
      return output.forward(encoder.forward(x, padding).select(1, 0));
    }
  }
}
