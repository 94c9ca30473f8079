package dev.adjoint.nn.inspect;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.scrambled;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.AdaIN;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.BatchRenorm;
import dev.adjoint.nn.norm.ConditionalNorm;
import dev.adjoint.nn.norm.DecorrelatedBatchNorm;
import dev.adjoint.nn.norm.Derf;
import dev.adjoint.nn.norm.DivisiveNorm;
import dev.adjoint.nn.norm.DyT;
import dev.adjoint.nn.norm.EvoNormB0;
import dev.adjoint.nn.norm.EvoNormS0;
import dev.adjoint.nn.norm.FilterResponseNorm;
import dev.adjoint.nn.norm.GhostBatchNorm;
import dev.adjoint.nn.norm.GlobalResponseNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.InstanceNorm;
import dev.adjoint.nn.norm.L1BatchNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.LocalResponseNorm;
import dev.adjoint.nn.norm.MeanOnlyBatchNorm;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.nn.norm.SwitchableNorm;
import dev.adjoint.nn.norm.UnitNorm;
import dev.adjoint.nn.reparam.CosineNorm;
import dev.adjoint.nn.reparam.SpectralNorm;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.nn.reparam.WeightStandardization;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.nn.sequence.QueryKeyNorm;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Keeps the table of the README what is measured. */
class ReadmeTableTest {

  private final Generator generator = Generator.seeded(15);

  @Test
  void theReadmeHasTheMeasuredTable() throws IOException {
    InvarianceTable table =
        InvarianceTable.of(
            row("no norm", linear()),
            row("batch norm", new Sequential(linear(), new BatchNorm(12))),
            row("batch renorm", new Sequential(linear(), new BatchRenorm(12).limits(1, 0))),
            row("ghost batch norm", new Sequential(linear(), new GhostBatchNorm(16, 12))),
            row("L1 batch norm", new Sequential(linear(), new L1BatchNorm(12))),
            row("mean-only BN", new Sequential(linear(), new MeanOnlyBatchNorm(12))),
            row("layer norm", new Sequential(linear(), new LayerNorm(12))),
            row("adaptive LN", new Sequential(linear(), adaptive())),
            row("group norm", new Sequential(linear(), new GroupNorm(3, 12))),
            row("instance norm", new Sequential(convolution(), new InstanceNorm(12))),
            row("AdaIN", new Sequential(convolution(), this::styled)),
            row("switchable norm", new Sequential(convolution(), new SwitchableNorm(12))),
            row("filter response", new Sequential(convolution(), new FilterResponseNorm(12))),
            row("EvoNorm-S0", new Sequential(convolution(), new EvoNormS0(3, 12))),
            row("EvoNorm-B0", new Sequential(convolution(), new EvoNormB0(12))),
            row("divisive norm", new Sequential(convolution(), new DivisiveNorm(12, 3))),
            row("global response", new Sequential(convolution(), responding())),
            row("local response", new Sequential(convolution(), new LocalResponseNorm(5))),
            row("RMS norm", new Sequential(linear(), new RMSNorm(12))),
            row("unit norm", new Sequential(linear(), new UnitNorm())),
            row("DyT", new Sequential(linear(), new DyT(12))),
            row("Derf", new Sequential(linear(), new Derf(12))),
            queries("attention: q", attention()),
            queries("QK norm: q", attention().qkNorm(QueryKeyNorm.Kind.PER_HEAD)),
            queries("cosine attn.: q", attention().qkNorm(QueryKeyNorm.Kind.COSINE)),
            row("weight norm", WeightNorm.on(linear())),
            row("cosine norm", CosineNorm.of(linear())),
            row("centered cosine", CosineNorm.centered(linear())),
            row("weight standard.", WeightStandardization.on(linear())),
            row("spectral norm", SpectralNorm.on(linear(), generator)),
            row("ZCA whitening", new Sequential(narrow(), new DecorrelatedBatchNorm(6))));
    assertThat(Files.readString(Path.of("../README.md"))).contains("```text\n" + table + "\n```");
  }

  private Linear linear() {
    return new Linear(10, 12, generator).withoutBias();
  }

  /** Whitening needs outputs that can be independent. */
  private Linear narrow() {
    return new Linear(10, 6, generator).withoutBias();
  }

  private Conv2d convolution() {
    return new Conv2d(10, 12, 1, generator).withoutBias();
  }

  private MultiHeadAttention attention() {
    return float64(new MultiHeadAttention(8, 2, generator).withoutBias());
  }

  /** Measures the rows of the queries, W, in an attention of float64. */
  private InvarianceTable.Row queries(String name, MultiHeadAttention attention) {
    return Invariances.of(attention)
        .named(name)
        .weight("in_proj_weight")
        .rows(0, 8)
        .on(generator.normal(0, 1, Shape.of(8, 5, 8), DType.FLOAT64))
        .measure();
  }

  /** A norm that is the identity at first. */
  private Transform responding() {
    GlobalResponseNorm norm = float64(new GlobalResponseNorm(12));
    scrambled(norm, generator);
    return norm;
  }

  private Transform adaptive() {
    ConditionalNorm norm = new ConditionalNorm(new LayerNorm(12), 1, generator);
    scrambled(float64(norm), generator);
    return x -> norm.forward(x, Tensors.ones(Shape.of(x.size(0), 1), DType.FLOAT64));
  }

  private Tensor styled(Tensor x) {
    Tensor style = Tensors.arange(0, 300, 1, DType.FLOAT64).sin().reshape(1, 12, 5, 5);
    return new AdaIN(12).forward(x, style.expand(x.shape()));
  }

  private static <L extends Layer & Transform> InvarianceTable.Row row(String name, L layer) {
    return Invariances.of(float64(layer)).named(name).measure();
  }
}
