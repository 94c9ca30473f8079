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

/** The norms that are compared; each has one name and one color wherever it appears. */
enum Norm {
  NONE("no norm", PlotColor.GRAY, (linear, width) -> List.of(linear)),
  BATCH(
      "batch norm",
      PlotColor.BLUE,
      (linear, width) -> List.of(linear.withoutBias(), new BatchNorm(width))),
  BATCH_BARE(
      "batch norm without g, b",
      PlotColor.PURPLE,
      (linear, width) -> List.of(linear.withoutBias(), new BatchNorm(width).withoutAffine())),
  LAYER(
      "layer norm",
      PlotColor.VERMILION,
      (linear, width) -> List.of(linear.withoutBias(), new LayerNorm(width))),
  LAYER_BARE(
      "layer norm without g, b",
      PlotColor.ORANGE,
      (linear, width) -> List.of(linear.withoutBias(), new LayerNorm(width).withoutAffine())),
  RENORM(
      "batch renorm",
      PlotColor.ORANGE,
      (linear, width) ->
          List.of(
              linear.withoutBias(), new BatchRenorm(width).updateRate(0.02).ramp(100, 300, 300))),
  GHOST(
      "ghost batch norm",
      PlotColor.GRAY,
      (linear, width) -> List.of(linear.withoutBias(), new GhostBatchNorm(4, width))),
  GROUP(
      "group norm",
      PlotColor.GREEN,
      (linear, width) -> List.of(linear.withoutBias(), new GroupNorm(10, width))),
  DYT("DyT", PlotColor.GREEN, (linear, width) -> List.of(linear.withoutBias(), new DyT(width))),
  RMS("RMS norm", PlotColor.PURPLE, (linear, width) -> List.of(linear, new RMSNorm(width))),
  WEIGHT("weight norm", PlotColor.PURPLE, (linear, width) -> List.of(WeightNorm.on(linear))),
  COSINE("cosine norm", PlotColor.ORANGE, (linear, width) -> List.of(CosineNorm.of(linear))),
  WHITENING(
      "whitening",
      PlotColor.VERMILION,
      (linear, width) -> List.of(linear.withoutBias(), new DecorrelatedBatchNorm(width))),
  ITERATIVE(
      "IterNorm",
      PlotColor.GREEN,
      (linear, width) -> List.of(linear.withoutBias(), new IterNorm(width)));

  private final String label;
  private final PlotColor color;
  private final BiFunction<Linear, Integer, List<Transform>> around;

  Norm(String label, PlotColor color, BiFunction<Linear, Integer, List<Transform>> around) {
    this.label = label;
    this.color = color;
    this.around = around;
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
