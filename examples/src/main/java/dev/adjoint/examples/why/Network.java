package dev.adjoint.examples.why;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * A network of hidden layers of one width, each a linear layer, its norm and an activation, and a
 * linear layer on top.
 *
 * @param deviation of the first weights; 0 chooses {@code sqrt(2 / inputs)} (He et al. 2015)
 */
record Network(int depth, int width, Activation activation, Norm norm, double deviation) {

  /** Makes the network; equal generators give all norms the same first weights. */
  Sequential make(Generator generator) {
    List<Transform> steps = new ArrayList<>();
    for (int i = 0; i < depth; i++) {
      steps.addAll(norm.around(linear(i == 0 ? Blobs.PIXELS : width, width, generator)));
      steps.add(activation);
    }
    steps.add(linear(width, Blobs.CLASSES, generator));
    return new Sequential(steps);
  }

  private Linear linear(int in, int out, Generator generator) {
    Linear linear = new Linear(in, out, generator);
    double size = deviation == 0 ? Math.sqrt(2.0 / in) : deviation;
    linear.weight("weight").assign(weights(linear, size, generator));
    linear.weight("bias").assign(Tensors.zeros(out));
    return linear;
  }

  private static Tensor weights(Linear linear, double deviation, Generator generator) {
    return generator.normal(0, deviation, linear.weight("weight").shape(), DType.FLOAT32);
  }

  /** Makes the network, trains it and returns its accuracy. */
  double accuracy(Blobs blobs, int batch, double rate, int steps, long seed) {
    Learner learner = learner(blobs, batch, rate, seed);
    learner.run(steps);
    return learner.accuracy();
  }

  /** Makes the network and prepares its training on batches drawn at random. */
  Learner learner(Blobs blobs, int batch, double rate, long seed) {
    Generator generator = Generator.seeded(seed);
    Generator draws = generator.split();
    return new Learner(make(generator), blobs, Learner.shuffled(blobs, batch, draws), rate);
  }
}
