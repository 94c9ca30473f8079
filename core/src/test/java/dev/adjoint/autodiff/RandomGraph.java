package dev.adjoint.autodiff;

import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/**
 * A random computation in nested and sequential blocks, each of which may be a checkpoint: the same
 * for the same seed, whichever of them are. Blocks capture what was computed before them, ancestors
 * of one another included.
 */
final class RandomGraph {

  private final int n;

  final List<Tensor> leaves = new ArrayList<>();
  final List<Parameter> parameters = new ArrayList<>();

  /** What was computed outside of all blocks. */
  final List<Tensor> outside = new ArrayList<>();

  final Tensor loss;
  private final boolean checkpoints;
  private final Generator generator;

  RandomGraph(long seed, boolean checkpoints) {
    this(seed, checkpoints, 3);
  }

  /** Makes a graph of tensors of shape (n, n). */
  RandomGraph(long seed, boolean checkpoints, int n) {
    this.n = n;
    this.checkpoints = checkpoints;
    this.generator = Generator.seeded(seed);
    DType dtype = seed % 2 == 0 ? DType.FLOAT64 : DType.FLOAT32;
    for (int i = 0; i < 2; i++) {
      leaves.add(generator.normal(0, 1, Shape.of(n, n), dtype).tracked());
      parameters.add(new Parameter("w" + i, generator.normal(0, 0.5, Shape.of(n, n), dtype)));
    }
    outside.addAll(leaves);
    Random random = new Random(seed);
    run(outside, random, 6, 3);
    Tensor sum = outside.getLast().square().sum();
    for (int i = 0; i < 3; i++) {
      sum = sum.plus(any(outside, random).times(0.5 + i).sin().sum());
    }
    loss = sum;
  }

  /** Adds so many tensors to those that are known. */
  private void run(List<Tensor> known, Random random, int steps, int depth) {
    for (int i = 0; i < steps; i++) {
      known.add(
          random.nextInt(3) == 0 && depth > 0 ? block(known, random, depth) : step(known, random));
    }
  }

  private Tensor block(List<Tensor> known, Random random, int depth) {
    long seed = random.nextLong();
    List<Tensor> captured = List.copyOf(known);
    Supplier<Tensor> computation =
        () -> {
          Random inner = new Random(seed);
          List<Tensor> local = new ArrayList<>(captured);
          run(local, inner, 1 + inner.nextInt(4), depth - 1);
          return inner.nextInt(4) == 0 ? any(local, inner) : local.getLast();
        };
    boolean checkpoint = random.nextInt(4) > 0;
    return checkpoints && checkpoint ? Autodiff.checkpoint(computation) : computation.get();
  }

  private Tensor step(List<Tensor> known, Random random) {
    Tensor x = any(known, random);
    Tensor y = any(known, random);
    Tensor w = parameters.get(random.nextInt(2)).value();
    return switch (random.nextInt(14)) {
      case 0 -> x.tanh();
      case 1 -> x.sin().times(y);
      case 2 -> x.sigmoid().plus(y);
      case 3 -> x.minus(y);
      case 4 -> x.div(y.square().plus(1));
      case 5 -> x.matmul(w).tanh();
      case 6 -> x.softmax(-1).times(w);
      case 7 -> Autodiff.apply(new Cube(), x.tanh());
      case 8 -> x.times(generator.bernoulli(0.5, x.shape(), x.dtype())).times(2).tanh();
      case 9 -> Autodiff.stopGradient(x).times(y).tanh();
      case 10 ->
          Joining.concat(0, x.slice(0, 0, 1), y.slice(0, 1, n), x.slice(0, 1, 2)).slice(0, 0, n);
      case 11 -> x.minus(x.mean(Keep.AXES, 1)).tanh();
      case 12 -> slope(x, w);
      default -> Autodiff.onGradient(x, g -> g.times(1.5)).cos();
    };
  }

  /** Differentiates inside. */
  private static Tensor slope(Tensor x, Tensor w) {
    return Derivatives.valueAndGradient(t -> t.matmul(w).tanh().square().sum(), x)
        .gradient()
        .tanh();
  }

  private static Tensor any(List<Tensor> known, Random random) {
    return known.get(random.nextInt(known.size()));
  }

  /** A function with a pullback of its own. */
  private static final class Cube implements CustomFunction {
    @Override
    public Tensor forward(List<Tensor> x) {
      return x.get(0).square().times(x.get(0));
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> x, Tensor y) {
      return List.of(x.get(0).square().times(3).times(g));
    }
  }
}
