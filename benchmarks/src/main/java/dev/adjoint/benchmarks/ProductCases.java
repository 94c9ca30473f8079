package dev.adjoint.benchmarks;

import static dev.adjoint.benchmarks.LibtorchSide.longs;

import dev.adjoint.nn.Conv1d;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Pooling;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import org.bytedeco.pytorch.global.torch;

/** Products of matrices, convolutions and pooling. */
final class ProductCases {

  private static final List<String> IMAGES = List.of("32x6x28x28", "32x32x28x28", "8x64x56x56");

  private static final List<String> LINEAR =
      List.of("32x128 to 128", "256x1024 to 1024", "4096x256 to 256");

  static final List<Case> MAIN =
      List.of(
          new Case(
              "product, forward",
              Case.Kind.FORWARD,
              List.of("64x64", "128x128", "256x256", "512x512", "1024x1024"),
              s -> Work.macs(Work.product(s[0], s[0], s[0])),
              (draw, s) -> Model.of(Tensor::matmul, draw.normal(s), draw.normal(s)),
              (t, s) -> t.x().matmul(t.x(1))),
          Case.of(
              "linear",
              LINEAR,
              s -> Work.macs(3 * Work.product(s)),
              (draw, s) ->
                  Model.of(new Linear(s[1], s[2], draw.generator()), draw.normal(s[0], s[1])),
              (t, s) -> torch.linear(t.x(), t.p("weight"), t.w("bias"))),
          Case.of(
              "weight-norm linear",
              LINEAR,
              s -> Work.macs(3 * Work.product(s)),
              (draw, s) ->
                  Model.of(
                      WeightNorm.on(new Linear(s[1], s[2], draw.generator())),
                      draw.normal(s[0], s[1])),
              (t, s) -> {
                org.bytedeco.pytorch.Tensor v = t.p("weight.v");
                org.bytedeco.pytorch.Tensor length = torch.norm_except_dim(v, 2, 0);
                return torch.linear(t.x(), v.mul(t.p("weight.g").div(length)), t.w("bias"));
              }),
          convolution(
              "conv 3x3",
              3,
              ConvOptions.DEFAULT.padding(1),
              "32x1x28x28 to 32",
              "32x32x14x14 to 64",
              "8x64x56x56 to 64"),
          Case.of(
              "max pool 2x2",
              IMAGES,
              s -> Work.passes(2.5, s),
              (draw, s) -> Model.of(x -> Pooling.maxPool2d(x, 2), draw.normal(s)),
              (t, s) -> torch.max_pool2d(t.x(), 2, 2)));

  static final List<Case> MORE =
      List.of(
          convolution(
              "conv 1x1",
              1,
              ConvOptions.DEFAULT,
              "32x16x14x14 to 16",
              "32x64x28x28 to 64",
              "8x128x28x28 to 256"),
          convolution(
              "conv 5x5",
              5,
              ConvOptions.DEFAULT,
              "32x1x28x28 to 6",
              "32x6x14x14 to 16",
              "32x32x14x14 to 32"),
          convolution(
              "conv 3x3, stride 2",
              3,
              ConvOptions.DEFAULT.padding(1).stride(2),
              "32x3x32x32 to 16",
              "32x32x28x28 to 64",
              "8x64x56x56 to 128"),
          Case.of(
              "conv 3x3, depthwise",
              List.of("32x16x14x14", "32x32x28x28", "8x64x56x56"),
              s -> Work.passes(5, s),
              (draw, s) ->
                  Model.of(
                      new Conv2d(
                          s[1],
                          s[1],
                          3,
                          ConvOptions.DEFAULT.padding(1).groups(s[1]),
                          draw.generator()),
                      draw.normal(s)),
              (t, s) ->
                  torch.conv2d(
                      t.x(),
                      t.p("weight"),
                      t.w("bias"),
                      longs(1, 1),
                      longs(1, 1),
                      longs(1, 1),
                      s[1])),
          Case.of(
              "conv of 5, 1d",
              List.of("8x8x64 to 16", "32x32x128 to 32", "32x64x512 to 64"),
              s -> Work.macs(15 * Work.product(s)),
              (draw, s) ->
                  Model.of(
                      new Conv1d(s[1], s[3], 5, ConvOptions.DEFAULT.padding(2), draw.generator()),
                      draw.normal(s[0], s[1], s[2])),
              (t, s) ->
                  torch.conv1d(t.x(), t.p("weight"), t.w("bias"), longs(1), longs(2), longs(1), 1)),
          Case.of(
              "average pool 2x2",
              IMAGES,
              s -> Work.passes(2.5, s),
              (draw, s) -> Model.of(x -> Pooling.avgPool2d(x, 2), draw.normal(s)),
              (t, s) -> torch.avg_pool2d(t.x(), 2, 2)));

  private ProductCases() {}

  private static Case convolution(String name, int kernel, ConvOptions options, String... sizes) {
    int stride = options.stride().getFirst();
    int padding = options.padding().getFirst();
    return Case.of(
        name,
        List.of(sizes),
        s -> {
          int side = (s[2] + 2 * padding - kernel) / stride + 1;
          return Work.macs(3 * Work.product(s[0], s[1], s[4], kernel, kernel, side, side));
        },
        (draw, s) ->
            Model.of(
                new Conv2d(s[1], s[4], kernel, options, draw.generator()),
                draw.normal(s[0], s[1], s[2], s[3])),
        (t, s) ->
            torch.conv2d(
                t.x(),
                t.p("weight"),
                t.w("bias"),
                longs(stride, stride),
                longs(padding, padding),
                longs(1, 1),
                1));
  }
}
