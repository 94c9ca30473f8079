package dev.adjoint.training;

import dev.adjoint.nn.Dropout;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.Adam;
import dev.adjoint.optim.Schedule;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.data.Dataset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Is a small thing to learn, with all that a checkpoint has to save. */
final class Problem {

  final Generator dropout = Generator.seeded(3);
  final Sequential model;
  final Adam adam;
  final DataLoader<Tensor, IntTensor> loader;

  Problem() {
    Generator generator = Generator.seeded(1);
    model =
        new Sequential(
            new Linear(4, 16, generator),
            new BatchNorm(16),
            Tensor::tanh,
            new Dropout(0.2, dropout),
            new Linear(16, 2, generator));
    adam = new Adam(model.namedParameters());
    adam.learningRate(0.03).schedule(Schedule.cosine(2000).warmup(10));
    Tensor x = generator.normal(100, 4);
    IntTensor label = labels(x);
    loader = new DataLoader<>(Dataset.of(x, label), 8).shuffle(7);
  }

  private static IntTensor labels(Tensor x) {
    int[] labels = new int[x.size(0)];
    float[] sums = x.sum(1).toFloatArray();
    for (int i = 0; i < labels.length; i++) {
      labels[i] = sums[i] > 0 ? 1 : 0;
    }
    return IntTensor.of(labels);
  }

  Tensor loss(Batch<Tensor, IntTensor> batch) {
    return Losses.crossEntropy(model.forward(batch.inputs()), batch.targets());
  }

  Trainer<Tensor, IntTensor> trainer() {
    return new Trainer<>(model, adam, this::loss);
  }

  /** Returns all bits that a checkpoint has to save. */
  Map<String, String> bits() {
    Map<String, String> bits = new HashMap<>();
    addBits(bits, "model", model.state());
    addBits(bits, "adam", adam.state());
    addBits(bits, "dropout", dropout.state());
    return bits;
  }

  private static void addBits(Map<String, String> bits, String part, Map<String, Tensor> state) {
    state.forEach(
        (name, value) -> bits.put(part + " " + name, Arrays.toString(value.toDoubleArray())));
  }

  double accuracy() {
    Batch<Tensor, IntTensor> all = loader.dataset().all();
    Tensor outputs = model.inEval(() -> model.forward(all.inputs()));
    return outputs.argmax(1).equal(all.targets(), DType.FLOAT32).mean().item();
  }
}
