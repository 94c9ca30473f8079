package dev.adjoint.examples;

import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.Adam;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;

/** Learns to tell the two arms of a spiral apart. */
public final class Spiral {

  public static void main(String[] args) {
    Generator generator = Generator.seeded(args.length > 0 ? Long.parseLong(args[0]) : 1);
    IntTensor arm = generator.integers(2, 400);
    Tensor radius = generator.uniform(400).times(0.9).plus(0.1);
    Tensor angle = radius.times(3).plus(arm.toTensor(DType.FLOAT32)).times(Math.PI);
    Tensor points = Joining.stack(1, radius.times(angle.cos()), radius.times(angle.sin()));

    Sequential model =
        new Sequential(
            new Linear(2, 32, generator),
            Tensor::tanh,
            new Linear(32, 32, generator),
            Tensor::tanh,
            new Linear(32, 2, generator));
    Adam adam = new Adam(model.namedParameters()).learningRate(0.01);
    for (int step = 0; step < 1000; step++) {
      Tensor loss = Losses.crossEntropy(model.forward(points), arm);
      adam.step(loss.backward());
    }

    Tensor right = model.forward(points).argmax(1).equal(arm, DType.FLOAT32);
    System.out.println("accuracy " + right.mean().item());
  }
}
