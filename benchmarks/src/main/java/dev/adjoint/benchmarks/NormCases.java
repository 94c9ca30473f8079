package dev.adjoint.benchmarks;

import static dev.adjoint.benchmarks.LibtorchSide.longs;

import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.InstanceNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.RMSNorm;
import java.util.List;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.global.torch;

/** Normalizations, each with its gain and bias, if it has them unless told otherwise. */
final class NormCases {

  /** x to h; x and dh to dx. */
  private static final double PASSES = 5;

  private static final List<String> ROWS = List.of("32x128", "256x1024", "4096x1024");

  private static final List<String> IMAGES = List.of("32x16x14x14", "32x64x28x28", "8x64x56x56");

  static final List<Case> MAIN =
      List.of(
          Case.of(
              "layer norm",
              ROWS,
              s -> Work.passes(PASSES, s),
              (draw, s) -> Model.of(new LayerNorm(s[1]), draw.normal(s)),
              (t, s) ->
                  torch.layer_norm(t.x(), longs(s[1]), t.w("weight"), t.w("bias"), 1e-5, false)),
          Case.of(
              "batch norm",
              List.of("256x1024", "4096x1024", "32x64x28x28"),
              s -> Work.passes(PASSES, s),
              (draw, s) -> Model.of(new BatchNorm(s[1]), draw.normal(s)),
              (t, s) -> batchNorm(t, t.x(), "")),
          Case.of(
              "group norm of 8",
              IMAGES,
              s -> Work.passes(PASSES, s),
              (draw, s) -> Model.of(new GroupNorm(8, s[1]), draw.normal(s)),
              (t, s) -> torch.group_norm(t.x(), 8, t.w("weight"), t.w("bias"), 1e-5, false)),
          Case.of(
              "instance norm",
              IMAGES,
              s -> Work.passes(PASSES, s),
              (draw, s) -> Model.of(new InstanceNorm(s[1]), draw.normal(s)),
              (t, s) ->
                  torch.instance_norm(
                      t.x(), t.none(), t.none(), t.none(), t.none(), true, 0.1, 1e-5, false)),
          Case.of(
              "RMS norm",
              ROWS,
              s -> Work.passes(PASSES, s),
              (draw, s) -> Model.of(new RMSNorm(s[1]), draw.normal(s)),
              (t, s) -> torch.rms_norm(t.x(), longs(s[1]), t.w("weight"), new DoubleOptional())));

  static final List<Case> MORE =
      List.of(
          Case.of(
              "layer norm of channels first",
              IMAGES,
              s -> Work.passes(PASSES, s),
              (draw, s) -> Model.of(new LayerNorm(s[1]).channelsFirst(), draw.normal(s)),
              (t, s) ->
                  torch
                      .layer_norm(
                          t.x().permute(0, 2, 3, 1),
                          longs(s[1]),
                          t.w("weight"),
                          t.w("bias"),
                          1e-5,
                          false)
                      .permute(0, 3, 1, 2)),
          Case.of(
              "batch norm, eval",
              List.of("256x1024", "4096x1024", "32x64x28x28"),
              s -> Work.passes(PASSES, s),
              (draw, s) -> {
                BatchNorm norm = new BatchNorm(s[1]);
                norm.eval();
                return Model.of(norm, draw.normal(s));
              },
              (t, s) ->
                  torch.batch_norm(
                      t.x(),
                      t.w("weight"),
                      t.w("bias"),
                      t.w("running_mean"),
                      t.w("running_var"),
                      false,
                      0.1,
                      1e-5,
                      false)));

  private NormCases() {}

  /** Applies the batch norm at a path in a model. */
  static org.bytedeco.pytorch.Tensor batchNorm(
      Given t, org.bytedeco.pytorch.Tensor x, String path) {
    return torch.batch_norm(
        x,
        t.w(path + "weight"),
        t.w(path + "bias"),
        t.w(path + "running_mean"),
        t.w(path + "running_var"),
        true,
        0.1,
        1e-5,
        false);
  }
}
