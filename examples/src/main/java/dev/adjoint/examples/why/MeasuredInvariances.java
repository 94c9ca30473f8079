package dev.adjoint.examples.why;

import static dev.adjoint.nn.inspect.Perturbation.CASE_RESCALED;
import static dev.adjoint.nn.inspect.Perturbation.DATA_RECENTERED;
import static dev.adjoint.nn.inspect.Perturbation.DATA_RESCALED;
import static dev.adjoint.nn.inspect.Perturbation.ROW_RESCALED;
import static dev.adjoint.nn.inspect.Perturbation.WEIGHTS_RECENTERED;
import static dev.adjoint.nn.inspect.Perturbation.WEIGHTS_RESCALED;

import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.inspect.GradientFact;
import dev.adjoint.nn.inspect.InvarianceTable;
import dev.adjoint.nn.inspect.Invariances;
import dev.adjoint.nn.inspect.Perturbation;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.training.report.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Measures what each norm is invariant to. */
record MeasuredInvariances(InvarianceTable table) implements Result {

  private static final List<Norm> NORMS =
      List.of(
          Norm.NONE,
          Norm.BATCH,
          Norm.WEIGHT,
          Norm.LAYER,
          Norm.GROUP,
          Norm.RMS,
          Norm.COSINE,
          Norm.WHITENING,
          Norm.DYT);

  /** The columns of the paper's Table 1. */
  private static final List<Perturbation> COLUMNS =
      List.of(
          WEIGHTS_RESCALED,
          WEIGHTS_RECENTERED,
          ROW_RESCALED,
          DATA_RESCALED,
          DATA_RECENTERED,
          CASE_RESCALED);

  /** The paper's Table 1: what is invariant. */
  private static final Map<Norm, List<Boolean>> PAPER =
      Map.of(
          Norm.BATCH, List.of(true, false, true, true, true, false),
          Norm.WEIGHT, List.of(true, false, true, false, false, false),
          Norm.LAYER, List.of(true, true, false, true, false, true));

  static MeasuredInvariances run(Lab lab) {
    List<InvarianceTable.Row> rows = new ArrayList<>();
    for (Norm norm : NORMS) {
      Generator generator = Generator.seeded(lab.seed());
      Sequential layer = new Sequential(norm.around(new Linear(80, 60, generator).withoutBias()));
      layer.to(DType.FLOAT64);
      rows.add(Invariances.of(layer).named(norm.toString()).measure());
    }
    return new MeasuredInvariances(new InvarianceTable(rows));
  }

  @Override
  public String title() {
    return "What does a norm not see?";
  }

  @Override
  public void addTo(Page page) {
    page.paragraph(
            "Why it works, in one table: to which changes of its weights W and of its data x a"
                + " linear layer with a norm is invariant. Measured in double precision with d ="
                + " 0.1, 3 and 1000.")
        .invariances(table)
        .paragraph("Weights that grow get smaller gradients, and the layer below does not notice.");
  }

  @Override
  public List<Finding> findings() {
    long cells = 0;
    long equal = 0;
    for (InvarianceTable.Row row : table.rows()) {
      for (Map.Entry<Norm, List<Boolean>> paper : PAPER.entrySet()) {
        if (row.name().equals(paper.getKey().toString())) {
          for (int i = 0; i < COLUMNS.size(); i++) {
            cells++;
            boolean invariant = row.verdict(COLUMNS.get(i)).isInvariant();
            equal += invariant == paper.getValue().get(i) ? 1 : 0;
          }
        }
      }
    }
    InvarianceTable.Row batch = table.rows().get(NORMS.indexOf(Norm.BATCH));
    return List.of(
        new Finding(
            "Batch, weight and layer norm are invariant to what Table 1 says, and to nothing else"
                + " in it.",
            "Ba, Kiros and Hinton 2016, Table 1",
            "%d of its %d cells agree".formatted(equal, cells),
            equal == cells),
        new Finding(
            "Larger weights get smaller gradients behind a batch norm, and the layer below feels no"
                + " difference.",
            "Ioffe and Szegedy 2015, section 3.3",
            "at a W the gradient is dW / a: %s; that of the data is the same: %s"
                .formatted(
                    batch.verdict(GradientFact.WEIGHTS_RESCALED_DW),
                    batch.verdict(GradientFact.WEIGHTS_RESCALED_DX)),
            batch.verdict(GradientFact.WEIGHTS_RESCALED_DW).isInvariant()
                && batch.verdict(GradientFact.WEIGHTS_RESCALED_DX).isInvariant()));
  }
}
