package dev.adjoint.examples.why;

import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.BatchRenorm;
import dev.adjoint.nn.norm.DecorrelatedBatchNorm;
import dev.adjoint.nn.norm.DyT;
import dev.adjoint.nn.norm.GhostBatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.IterNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.nn.reparam.CosineNorm;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.training.report.PlotColor;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.IntFunction;

/** The norms that are compared; each has one name and one color wherever it appears. */
enum Norm {
  NONE("no norm", PlotColor.GRAY, (linear, width) -> List.of(linear)),
  BATCH("batch norm", PlotColor.BLUE, after(BatchNorm::new)),
  BATCH_BARE(
      "batch norm without g, b", PlotColor.PURPLE, after(n -> new BatchNorm(n).withoutAffine())),
  LAYER("layer norm", PlotColor.VERMILION, after(LayerNorm::new)),
  LAYER_BARE(
      "layer norm without g, b", PlotColor.ORANGE, after(n -> new LayerNorm(n).withoutAffine())),
  RENORM(
      "batch renorm",
      PlotColor.ORANGE,
      after(n -> new BatchRenorm(n).updateRate(0.02).ramp(100, 300, 300))),
  GHOST("ghost batch norm", PlotColor.GRAY, after(n -> new GhostBatchNorm(4, n))),
  GROUP("group norm", PlotColor.GREEN, after(n -> new GroupNorm(10, n))),
  DYT("DyT", PlotColor.GREEN, after(DyT::new)),
  RMS("RMS norm", PlotColor.PURPLE, (linear, width) -> List.of(linear, new RMSNorm(width))),
  WEIGHT("weight norm", PlotColor.PURPLE, (linear, width) -> List.of(WeightNorm.on(linear))),
  COSINE("cosine norm", PlotColor.ORANGE, (linear, width) -> List.of(CosineNorm.of(linear))),
  WHITENING("whitening", PlotColor.VERMILION, after(DecorrelatedBatchNorm::new)),
  ITERATIVE("IterNorm", PlotColor.GREEN, after(IterNorm::new));

  private final String label;
  private final PlotColor color;
  private final BiFunction<Linear, Integer, List<Transform>> around;

  Norm(String label, PlotColor color, BiFunction<Linear, Integer, List<Transform>> around) {
    this.label = label;
    this.color = color;
    this.around = around;
  }

  /** Puts a norm after a linear layer, which then has no bias. */
  private static BiFunction<Linear, Integer, List<Transform>> after(IntFunction<Transform> norm) {
    return (linear, width) -> List.of(linear.withoutBias(), norm.apply(width));
  }

  /** Returns a linear layer and its norm. */
  List<Transform> around(Linear linear) {
    return around.apply(linear, linear.weight("weight").shape().size(0));
  }

  PlotColor color() {
    return color;
  }

  @Override
  public String toString() {
    return label;
  }
}
