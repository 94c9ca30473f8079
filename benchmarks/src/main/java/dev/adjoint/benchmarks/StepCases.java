package dev.adjoint.benchmarks;

import static dev.adjoint.benchmarks.LibtorchSide.longs;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Flatten;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.MaxPool2d;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.sequence.LSTM;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.global.torch;

/** Whole steps of training on one batch: the loss, its gradients and the update. */
final class StepCases {

  private static final int CLASSES = 10;

  static final List<Case> MAIN =
      List.of(
          new Case(
              "step: LeNet + BN, Adam, batch",
              Case.Kind.ADAM,
              batches(16, 64, 256),
              s ->
                  Work.macs(
                      3.0
                          * s[0]
                          * (28 * 28 * 6 * 25 + 100 * 16 * 150 + 400 * 120 + 120 * 84 + 840)),
              (draw, s) ->
                  classifier(draw, leNet(draw.generator()), CLASSES, draw.normal(s[0], 1, 28, 28)),
              (t, s) -> loss(t, leNet(t))),
          new Case(
              "step: LSTM 128, T=32, Adam, batch",
              Case.Kind.ADAM,
              batches(8, 32, 128),
              s -> Work.macs(12.0 * s[0] * 32 * 128 * 256),
              (draw, s) ->
                  classifier(
                      draw, new Reader(draw.generator()), CLASSES, draw.normal(s[0], 32, 128)),
              (t, s) ->
                  loss(
                      t,
                      linear(t, SequenceCases.lstm(t, t.x(), 128, "lstm.").select(1, -1), "head"))),
          new Case(
              "step: transformer 128, T=32, Adam, batch",
              Case.Kind.ADAM,
              batches(8, 32, 128),
              s -> Work.macs(3 * SequenceCases.transformerMacs(s[0], 32, 128, 512)),
              (draw, s) ->
                  classifier(
                      draw, new Attentive(draw.generator()), CLASSES, draw.normal(s[0], 32, 128)),
              (t, s) ->
                  loss(
                      t,
                      linear(t, SequenceCases.transformer(t, t.x(), 4, "block.").mean(1), "head"))),
          mlp("BN", BatchNorm::new),
          mlp("LN", LayerNorm::new),
          new Case(
              "step: 2-16-16-2, SGD, batch",
              Case.Kind.SGD,
              batches(1, 32, 256),
              s -> new Work(0, 0),
              (draw, s) ->
                  classifier(
                      draw,
                      new Sequential(
                          new Linear(2, 16, draw.generator()),
                          Activation.TANH,
                          new Linear(16, 16, draw.generator()),
                          Activation.TANH,
                          new Linear(16, 2, draw.generator())),
                      2,
                      draw.normal(s[0], 2)),
              (t, s) ->
                  loss(t, linear(t, linear(t, linear(t, t.x(), "0").tanh(), "2").tanh(), "4"))));

  private StepCases() {}

  private static List<String> batches(int... sizes) {
    return IntStream.of(sizes).mapToObj(Integer::toString).toList();
  }

  private static <L extends Layer & Transform> Model classifier(
      Draw draw, L layer, int classes, Tensor x) {
    IntTensor labels = draw.indices(classes, x.size(0));
    return new Model(
        layer, List.of(x), labels, in -> Losses.crossEntropy(layer.forward(in.getFirst()), labels));
  }

  private static org.bytedeco.pytorch.Tensor loss(Given t, org.bytedeco.pytorch.Tensor logits) {
    return torch.cross_entropy_loss(logits, t.indices());
  }

  private static org.bytedeco.pytorch.Tensor linear(
      Given t, org.bytedeco.pytorch.Tensor x, String path) {
    return torch.linear(x, t.p(path + ".weight"), t.w(path + ".bias"));
  }

  private static Sequential leNet(Generator generator) {
    return new Sequential(
        new Conv2d(1, 6, 5, ConvOptions.DEFAULT.padding(2), generator),
        new BatchNorm(6),
        Activation.RELU,
        new MaxPool2d(2),
        new Conv2d(6, 16, 5, generator),
        new BatchNorm(16),
        Activation.RELU,
        new MaxPool2d(2),
        new Flatten(),
        new Linear(400, 120, generator),
        Activation.RELU,
        new Linear(120, 84, generator),
        Activation.RELU,
        new Linear(84, CLASSES, generator));
  }

  private static org.bytedeco.pytorch.Tensor leNet(Given t) {
    org.bytedeco.pytorch.Tensor x = t.x();
    for (int stage = 0; stage < 8; stage += 4) {
      long[] padding = longs(stage == 0 ? 2 : 0, stage == 0 ? 2 : 0);
      x =
          torch.conv2d(
              x,
              t.p(stage + ".weight"),
              t.w(stage + ".bias"),
              longs(1, 1),
              padding,
              longs(1, 1),
              1);
      x = torch.relu(NormCases.batchNorm(t, x, stage + 1 + "."));
      x = torch.max_pool2d(x, 2, 2);
    }
    x = torch.relu(linear(t, x.flatten(1, 3), "9"));
    return linear(t, torch.relu(linear(t, x, "11")), "13");
  }

  private static <N extends Layer & Transform> Case mlp(String norm, IntFunction<N> made) {
    return new Case(
        "step: MLP + %s, Adam, batch".formatted(norm),
        Case.Kind.ADAM,
        batches(32, 128, 512),
        s -> Work.macs(3.0 * s[0] * (784 * 256 + 256 * 256 + 2560)),
        (draw, s) ->
            classifier(
                draw,
                new Sequential(
                    new Linear(784, 256, draw.generator()),
                    made.apply(256),
                    Activation.RELU,
                    new Linear(256, 256, draw.generator()),
                    made.apply(256),
                    Activation.RELU,
                    new Linear(256, CLASSES, draw.generator())),
                CLASSES,
                draw.normal(s[0], 784)),
        (t, s) -> {
          org.bytedeco.pytorch.Tensor x = t.x();
          for (int stage = 0; stage < 6; stage += 3) {
            x = linear(t, x, Integer.toString(stage));
            String path = stage + 1 + ".";
            x =
                torch.relu(
                    norm.equals("BN")
                        ? NormCases.batchNorm(t, x, path)
                        : SequenceCases.norm(t, x, path));
          }
          return loss(t, linear(t, x, "6"));
        });
  }

  /** Reads a sequence, and classifies by the last state. */
  private static final class Reader extends Layer implements Transform {

    private final LSTM lstm;
    private final Linear head;

    Reader(Generator generator) {
      lstm = child("lstm", new LSTM(128, 128, generator));
      head = child("head", new Linear(128, CLASSES, generator));
    }

    @Override
    public Tensor forward(Tensor x) {
      return head.forward(lstm.forward(x).output().select(1, -1));
    }
  }

  /** Lets the positions attend to one another, and classifies by their mean. */
  private static final class Attentive extends Layer implements Transform {

    private final TransformerEncoderLayer block;
    private final Linear head;

    Attentive(Generator generator) {
      block = child("block", new TransformerEncoderLayer(128, 4, 512, generator).dropout(0));
      head = child("head", new Linear(128, CLASSES, generator));
    }

    @Override
    public Tensor forward(Tensor x) {
      return head.forward(block.forward(x).mean(1));
    }
  }
}
