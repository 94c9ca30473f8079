package dev.adjoint.examples.names;

import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.nn.reparam.CosineNorm;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.tensor.Generator;
import java.util.function.IntFunction;

/** The ways to normalize a linear layer, in front of its activation. */
public enum HiddenNorm {
  /** A linear layer with bias. */
  NONE((in, out, generator) -> new Linear(in, out, generator)),
  /** Each neuron over the batch. */
  BATCH(after(BatchNorm::new)),
  /** Each example over its neurons. */
  LAYER(after(LayerNorm::new)),
  /** Each example over its neurons, by the root of their mean square. */
  RMS(after(RMSNorm::new)),
  /** Each example over 8 groups of its neurons. */
  GROUP(after(out -> new GroupNorm(8, out))),
  /** Weights of a learned length. */
  WEIGHT((in, out, generator) -> WeightNorm.on(new Linear(in, out, generator))),
  /** The cosine of the angle between weights and input, times a learned scale. */
  COSINE((in, out, generator) ->
      CosineNorm.of(new Linear(in, out, generator).withoutBias()).scaled(Math.sqrt(in)));

  /** Makes a layer. */
  private interface Maker {
    Transform layer(int in, int out, Generator generator);
  }

  private final Maker maker;

  HiddenNorm(Maker maker) {
    this.maker = maker;
  }

  private static Maker after(IntFunction<Transform> norm) {
    return (in, out, generator) ->
        new Sequential(new Linear(in, out, generator).withoutBias(), norm.apply(out));
  }

  /** Returns a linear layer with this normalization. */
  public Transform linear(int in, int out, Generator generator) {
    return maker.layer(in, out, generator);
  }
}
