package dev.adjoint.examples.why;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.LayerObserver;
import dev.adjoint.nn.Sequential;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Trains a network on batches, by plain gradient descent if nothing else is said. */
final class Learner {

  private final Sequential model;
  private final Blobs blobs;
  private final Supplier<IntTensor> batches;
  private final Optimizer optimizer;

  /**
   * Prepares a training.
   *
   * @param batches gives the numbers of the examples of one batch after another
   */
  Learner(Sequential model, Blobs blobs, Supplier<IntTensor> batches, double rate) {
    this(model, blobs, batches, new SGD(model.parameters()).learningRate(rate));
  }

  /** Prepares a training with this optimizer of the model's parameters. */
  Learner(Sequential model, Blobs blobs, Supplier<IntTensor> batches, Optimizer optimizer) {
    this.model = model;
    this.blobs = blobs;
    this.batches = batches;
    this.optimizer = optimizer;
  }

  /** Returns batches of examples drawn at random. */
  static Supplier<IntTensor> shuffled(Blobs blobs, int size, Generator generator) {
    return () -> generator.integers(blobs.labels().size(), size);
  }

  Sequential model() {
    return model;
  }

  /** Learns from so many batches, and returns the mean of their losses. */
  double run(int steps) {
    double sum = 0;
    for (int step = 0; step < steps; step++) {
      Tensor loss = loss(batches.get());
      step(loss.backward());
      sum += loss.item();
    }
    return sum / steps;
  }

  /** Returns the loss on examples. */
  Tensor loss(IntTensor rows) {
    return Losses.crossEntropy(model.forward(blobs.examples(rows)), blobs.labels(rows));
  }

  /** Makes one step along gradients. */
  void step(Gradients gradients) {
    optimizer.step(gradients);
  }

  /** Returns the numbers of the examples of the next batch. */
  IntTensor nextBatch() {
    return batches.get();
  }

  /** Returns what the network makes of the tests, in its mode. */
  private Tensor scores() {
    return Autodiff.noGrad(() -> model.forward(blobs.test()));
  }

  /** Returns the share of the tests that the network gets right. */
  double accuracy() {
    IntTensor answers = model.inEval(this::scores).argmax(1);
    return answers.equal(blobs.testLabels(), DType.FLOAT32).mean().item();
  }

  /**
   * Returns what one of the network's steps makes of the tests, by their own statistics as in
   * training; the running averages stay.
   *
   * @param step counts from 0
   */
  Tensor outputOf(int step) {
    Layer wanted = model.children().get(Integer.toString(step));
    List<Tensor> outputs = new ArrayList<>();
    LayerObserver observer =
        (layer, output) -> {
          if (layer.equals(wanted)) {
            outputs.add(output);
          }
          return output;
        };
    Replay.probing().run(() -> Layer.observe(observer, () -> model.inTraining(this::scores)));
    return outputs.getFirst();
  }
}
