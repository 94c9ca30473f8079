package dev.adjoint.nn;

import dev.adjoint.nn.LayerRows.Row;
import dev.adjoint.nn.norm.AdaIN;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.Imputation;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.Standardization;
import dev.adjoint.nn.sequence.CausalLanguageModel;
import dev.adjoint.nn.sequence.GRU;
import dev.adjoint.nn.sequence.LSTM;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.nn.sequence.Positions;
import dev.adjoint.nn.sequence.TransformerDecoderLayer;
import dev.adjoint.onnx.OnnxExport;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Indexing;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Every layer of the library, with inputs that it takes. */
public final class ExportedLayers {

  private static final List<Shape> SHAPES =
      List.of(
          Shape.of(3, 4, 5, 4),
          Shape.of(3, 4, 4, 4),
          Shape.of(3, 4, 4),
          Shape.of(3, 4, 4, 4, 4),
          Shape.of(3, 4));

  /**
   * A model and how it is run.
   *
   * @param examples its inputs, by name: tensors and indices
   */
  public record Case(
      String name,
      Layer layer,
      Map<String, Object> examples,
      Function<OnnxExport.Inputs, Map<String, Tensor>> forward) {

    /** A layer that turns one tensor into another. */
    public static Case of(String name, Layer layer, Tensor example) {
      return new Case(
          name,
          layer,
          Map.of("input", example),
          in -> Map.of("output", ((Transform) layer).forward(in.tensor("input"))));
    }

    /** Computes the outputs in eval mode. */
    public Map<String, Tensor> outputs(Map<String, Object> inputs) {
      return layer.inEval(() -> forward.apply(OnnxExport.Inputs.of(inputs)));
    }

    /** Returns the export of it. */
    public OnnxExport export() {
      OnnxExport export = OnnxExport.of(layer, forward);
      examples.forEach((input, value) -> {
        if (value instanceof Tensor tensor) {
          export.input(input, tensor);
        } else {
          export.input(input, (IntTensor) value);
        }
      });
      return export;
    }

    /** Returns other inputs, of so many examples. */
    public Map<String, Object> inputs(int n) {
      int[] index = new int[n];
      Arrays.setAll(index, i -> (i * 2 + 1) % 3);
      Map<String, Object> inputs = new LinkedHashMap<>();
      examples.forEach((input, value) ->
          inputs.put(
              input,
              value instanceof Tensor x
                  ? Indexing.indexSelect(x, 0, IntTensor.of(index)).times(0.875)
                  : ((IntTensor) value).indexSelect(IntTensor.of(index))));
      return inputs;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private ExportedLayers() {}

  /** Returns all layers. */
  public static List<Case> all() {
    Generator generator = Generator.seeded(5);
    List<Case> cases = new ArrayList<>();
    for (Row row : LayerRows.all()) {
      boolean isOwn = // these wrap layers with other inputs than one tensor: below
          row.layer() instanceof LayerRows.Looking
              || row.layer() instanceof LayerRows.Writing
              || row.layer().children().values().stream().anyMatch(AdaIN.class::isInstance);
      if (!isOwn) {
        Optional<Shape> shape =
            SHAPES.stream().filter(s -> row.rule().output(s, false).isPresent()).findFirst();
        cases.add(
            Case.of(row.toString(), row.layer(), generator.normal(shape.orElseThrow().toArray())));
      }
    }
    IntTensor text = IntTensor.of(new int[][] {{0, 1, 4, 2}, {3, 3, 1, 0}, {2, 4, 4, 1}});
    Embedding embedding = new Embedding(5, 6, generator);
    cases.add(
        new Case(
            embedding.toString(),
            embedding,
            Map.of("text", text),
            in -> Map.of("vectors", embedding.forward(in.indices("text")))));
    CausalLanguageModel language =
        new CausalLanguageModel(
            5, 4, 2, _ -> TransformerDecoderLayer.decoderOnly(4, 2, 6, generator), generator);
    cases.add(
        new Case(
            language.headline(),
            language,
            Map.of("text", text),
            in -> Map.of("scores", language.forward(in.indices("text")))));
    AdaIN style = new AdaIN(4);
    Map<String, Object> images = new LinkedHashMap<>();
    images.put("content", generator.normal(3, 4, 5, 4));
    images.put("style", generator.normal(3, 4, 2, 3));
    cases.add(
        new Case(
            style.headline(),
            style,
            images,
            in -> Map.of("output", style.forward(in.tensor("content"), in.tensor("style")))));
    LSTM lstm = new LSTM(4, 3, generator).layers(2);
    cases.add(
        new Case(
            lstm + " and its state",
            lstm,
            Map.of("input", generator.normal(3, 5, 4)),
            in -> {
              var read = lstm.forward(in.tensor("input"));
              Map<String, Tensor> outputs = new LinkedHashMap<>();
              outputs.put("output", read.output());
              outputs.put("h", read.state().h());
              outputs.put("c", read.state().c());
              return outputs;
            }));
    GRU gru = new GRU(4, 3, generator).bidirectional().withoutBias();
    cases.add(
        new Case(
            gru.toString(),
            gru,
            Map.of("input", generator.normal(3, 5, 4)),
            in -> Map.of("output", gru.forward(in.tensor("input")).output())));
    return cases;
  }

  /** Returns models like those of the examples. */
  public static List<Case> models() {
    Generator generator = Generator.seeded(6);
    ConvOptions same = ConvOptions.DEFAULT.padding(1);
    List<Case> cases = new ArrayList<>();
    cases.add(
        Case.of(
            "spiral",
            new Sequential(
                new Linear(2, 32, generator),
                Tensor::tanh,
                new Linear(32, 32, generator),
                Tensor::tanh,
                new Linear(32, 2, generator)),
            generator.normal(3, 2)));
    cases.add(
        Case.of(
            "digits",
            new Sequential(
                new Conv2d(1, 16, 3, same, generator).withoutBias(),
                new BatchNorm(16),
                Tensor::relu,
                new MaxPool2d(2),
                new Conv2d(16, 32, 3, same, generator).withoutBias(),
                new BatchNorm(32),
                Tensor::relu,
                new MaxPool2d(2),
                new Flatten(),
                new Linear(32 * 7 * 7, 10, generator)),
            generator.normal(3, 1, 28, 28)));
    Tensor table = generator.normal(30, 5);
    Imputation imputation = Imputation.fit(table).withIndicators();
    Standardization standardization = Standardization.fit(imputation.forward(table));
    cases.add(
        Case.of(
            "tabular",
            new Sequential(
                imputation,
                standardization,
                new Linear(standardization.mean().size(), 32, generator).withoutBias(),
                new BatchNorm(32),
                Activation.RELU,
                new Linear(32, 3, generator)),
            table.slice(0, 0, 3)));
    Sequential motion =
        new Sequential(
            t -> t.minus(5),
            new Linear(1, 32, generator),
            Activation.TANH,
            new Linear(32, 1, generator));
    motion.to(DType.FLOAT64);
    cases.add(Case.of("physics, float64", motion, generator.normal(3, 1).to(DType.FLOAT64)));
    CausalLanguageModel text =
        new CausalLanguageModel(
            30,
            32,
            2,
            _ ->
                TransformerDecoderLayer.decoderOnly(32, 4, 64, generator)
                    .selfAttention(
                        new MultiHeadAttention(32, 4, generator).positions(Positions.ALIBI))
                    .normFirst()
                    .activation(Activation.GELU),
            generator);
    cases.add(
        new Case(
            "text",
            text,
            Map.of("text", generator.integers(30, 3, 8)),
            in -> Map.of("scores", text.forward(in.indices("text")).flatten(0, 1))));
    Embedding embedding = new Embedding(27, 24, generator);
    Sequential scores =
        new Sequential(
            new Linear(240, 64, generator).withoutBias(),
            new LayerNorm(64),
            Tensor::tanh,
            new Linear(64, 27, generator));
    cases.add(
        new Case(
            "names",
            new Sequential(scores),
            Map.of("windows", generator.integers(27, 3, 10)),
            in ->
                Map.of(
                    "scores",
                    scores.forward(embedding.forward(in.indices("windows")).flatten(1, 2)))));
    return cases;
  }
}
