package dev.adjoint.nn.inspect;

import static dev.adjoint.nn.Float64.float64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.DecorrelatedBatchNorm;
import dev.adjoint.nn.norm.Derf;
import dev.adjoint.nn.norm.DyT;
import dev.adjoint.nn.norm.FilterResponseNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.InstanceNorm;
import dev.adjoint.nn.norm.L1BatchNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.MeanOnlyBatchNorm;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.nn.norm.UnitNorm;
import dev.adjoint.nn.reparam.CosineNorm;
import dev.adjoint.nn.reparam.SpectralNorm;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.nn.reparam.WeightStandardization;
import dev.adjoint.tensor.Generator;
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
            row("L1 batch norm", new Sequential(linear(), new L1BatchNorm(12))),
            row("mean-only BN", new Sequential(linear(), new MeanOnlyBatchNorm(12))),
            row("layer norm", new Sequential(linear(), new LayerNorm(12))),
            row("group norm", new Sequential(linear(), new GroupNorm(3, 12))),
            row("instance norm", new Sequential(convolution(), new InstanceNorm(12))),
            row("filter response", new Sequential(convolution(), new FilterResponseNorm(12))),
            row("RMS norm", new Sequential(linear(), new RMSNorm(12))),
            row("unit norm", new Sequential(linear(), new UnitNorm())),
            row("DyT", new Sequential(linear(), new DyT(12))),
            row("Derf", new Sequential(linear(), new Derf(12))),
            row("weight norm", WeightNorm.on(linear())),
            row("cosine norm", CosineNorm.of(linear())),
            row("centred cosine", CosineNorm.centred(linear())),
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

  private static <L extends Layer & Transform> InvarianceTable.Row row(String name, L layer) {
    return Invariances.of(float64(layer)).named(name).measure();
  }
}
