package dev.adjoint.onnx;

import static java.util.Objects.requireNonNull;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.io.AtomicFile;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.onnx.Proto.Graph;
import dev.adjoint.onnx.Proto.Model;
import dev.adjoint.onnx.Proto.ValueInfo;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Writes a model as an ONNX file, for runtimes of other languages.
 *
 * <pre>{@code
 * OnnxExport.of(model, example).save(Path.of("model.onnx"));
 * }</pre>
 *
 * <p>The model is run on examples, in eval mode, and the operations that it does are the graph:
 * twice, with another number of examples and other elements, so that the file takes any number of
 * them; {@link #dynamicAxis} frees other axes. Norms, convolutions, pooling, LSTM and GRU become
 * ONNX's own operators. Parameters and buffers keep their names; what depends on no input is
 * computed once. A float64 model becomes one of doubles, of which runtimes have fewer operators.
 * What is written is read back, run and compared before it is returned.
 *
 * <p>ONNX Runtime takes the variance of a layer, group or instance norm as the mean of squares less
 * the square of the mean, in float32: where the mean is 100 times the deviation, an output differs
 * by 3%, and elements that are all equal may become NaN. Standardize such inputs.
 *
 * <p>What Java code does with elements, such as a choice by their values, cannot be seen and is
 * refused, and so is an operation that ONNX does not have.
 */
public final class OnnxExport {

  private static final long OPSET = 21;

  private final Layer model;
  private final Examples examples = new Examples();
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Function<Inputs, Map<String, Tensor>> forward;
  private long opset = OPSET;
  private boolean fixedBatch;

  /** The inputs of one run of a model, by name. */
  public static final class Inputs {
    private final Map<String, Object> values;

    private Inputs(Map<String, Object> values) {
      this.values = values;
    }

    /** Returns inputs of one's own, to compare what a model computes with what its file does. */
    public static Inputs of(Map<String, Object> tensorsAndIndices) {
      return new Inputs(Map.copyOf(tensorsAndIndices));
    }

    /** Returns an input of numbers. */
    public Tensor tensor(String name) {
      return get(Tensor.class, name);
    }

    /** Returns an input of indices. */
    public IntTensor indices(String name) {
      return get(IntTensor.class, name);
    }

    private <T> T get(Class<T> type, String name) {
      if (!type.isInstance(values.get(name))) {
        throw new IllegalArgumentException(
            "export: input '%s' as a %s; expected one of %s"
                .formatted(name, type.getSimpleName(), values.keySet()));
      }
      return type.cast(values.get(name));
    }
  }

  private OnnxExport(Layer model, Function<Inputs, Map<String, Tensor>> forward) {
    this.model = model;
    this.forward = forward;
  }

  /**
   * Exports a model with the input "input" and the output "output".
   *
   * @param example an input of the model; along its first axis there may be any number in the file
   */
  public static <M extends Layer & Transform> OnnxExport of(M model, Tensor example) {
    return of(model, in -> Map.of("output", model.forward(in.tensor("input"))))
        .input("input", example);
  }

  /**
   * Exports what a predictor computes, its preprocessing included: the output "scores", and with
   * labels the output "probabilities" as well. The names of features and classes are texts of the
   * file, "features" and "labels", one a line, beside the predictor's own.
   *
   * @param example rows of features, or what the model takes
   */
  public static OnnxExport of(Predictor predictor, Tensor example) {
    boolean isNamed = !predictor.labels().isEmpty();
    OnnxExport export =
        of(
            predictor.model(),
            in -> {
              Map<String, Tensor> outputs = new LinkedHashMap<>();
              outputs.put("scores", predictor.predict(in.tensor("input")));
              if (isNamed) {
                outputs.put("probabilities", predictor.probabilities(in.tensor("input")));
              }
              return outputs;
            });
    predictor.metadata().forEach(export::metadata);
    export.text("features", predictor.features());
    export.text("labels", predictor.labels());
    return export.input("input", example);
  }

  private void text(String name, List<String> lines) {
    if (!lines.isEmpty()) {
      metadata(name, String.join("\n", lines));
    }
  }

  /**
   * Exports a model with inputs and outputs of any number and name.
   *
   * <pre>{@code
   * OnnxExport.of(model, in -> Map.of("scores", model.forward(in.indices("text"))))
   *     .input("text", example)
   * }</pre>
   *
   * @param forward computes the outputs by name
   */
  public static OnnxExport of(Layer model, Function<Inputs, Map<String, Tensor>> forward) {
    return new OnnxExport(model, forward);
  }

  // ---- options ---------------------------------------------------------------------------------

  /** Adds an input, by an example of it. */
  public OnnxExport input(String name, Tensor example) {
    examples.add(name, example.untracked());
    return this;
  }

  /** Adds an input of indices, by an example of it: an int64 tensor of the file. */
  public OnnxExport input(String name, IntTensor example) {
    examples.add(name, example);
    return this;
  }

  /**
   * Sets the version of the operators, 21 to 23; the default is 21. From 23 on there is an RMS
   * norm.
   */
  public OnnxExport opset(int version) {
    if (version < 21 || version > 23) {
      throw new IllegalArgumentException("opset: %d; expected 21 to 23".formatted(version));
    }
    opset = version;
    return this;
  }

  /**
   * Lets an axis of an input have any size in the file, as the length of sequences: {@code
   * input("text", example).dynamicAxis("text", 1, "sequence")}, PyTorch's {@code dynamic_axes}. The
   * model is run with the size of the example and with one less, and the sizes, positions and masks
   * that differ are computed in the file.
   *
   * @param axis counted from 0; the first is free already, if its size is the number of examples
   * @param name of the size in the file; axes of the same name have the same size, which is at
   *     least 3 in the examples
   */
  public OnnxExport dynamicAxis(String input, int axis, String name) {
    examples.free(input, axis, name);
    return this;
  }

  /** Takes only as many examples at a time as there are in the example inputs. */
  public OnnxExport fixedBatch() {
    fixedBatch = true;
    return this;
  }

  /** Adds a text to the file. */
  public OnnxExport metadata(String name, String text) {
    metadata.put(name, text);
    return this;
  }

  // ---- files -----------------------------------------------------------------------------------

  /**
   * Saves the model so that the file at the path is either the old one or all of the new one.
   *
   * @throws IllegalArgumentException if Java code depends on elements of the input, or the model
   *     does something else for another number of examples, or another size of a free axis
   * @throws UnsupportedOnnxException if ONNX lacks an operation; the message names it
   */
  public void save(Path file) throws IOException {
    byte[] bytes = toBytes();
    AtomicFile.createDirectoryOf(file);
    AtomicFile.write(file, out -> out.write(bytes));
  }

  /** Returns the bytes of the file, as {@link #save} writes it. */
  public byte[] toBytes() {
    FreeAxes axes = examples.axes(fixedBatch);
    List<Map<String, Object>> inputs = new ArrayList<>();
    List<Recorded> runs = new ArrayList<>();
    for (int run = 0; run < axes.runs(); run++) {
      inputs.add(examples.inputs(axes, axes.sizes(run), run > 0));
      Inputs given = new Inputs(inputs.getLast());
      runs.add(Recorded.of(model, inputs.getLast(), () -> forward.apply(given)));
    }
    Exported exported = new Exported(runs, axes, opset);
    List<ValueInfo> infos = new ArrayList<>();
    inputs
        .getFirst()
        .forEach((name, value) ->
            infos.add(
                new ValueInfo(
                    name,
                    value instanceof Tensor x ? Exported.type(x.dtype()) : ElementType.INT64.number,
                    exported.sizes.dims(
                        inputs.stream()
                            .map(each -> Examples.shape(requireNonNull(each.get(name))))
                            .toList()))));
    Graph graph = exported.graph(model.getClass().getSimpleName(), infos);
    Map<String, Long> opsets = Map.of("", opset);
    Map<String, String> texts = new LinkedHashMap<>(metadata);
    if (!exported.buffers().isEmpty()) {
      texts.put(Untrained.METADATA, String.join("\n", exported.buffers()));
    }
    byte[] bytes =
        ProtoWriter.model(
                new Model("adjoint", opsets, graph, texts, List.of()), opset < 23 ? 10 : 11)
            .toBytes();
    Map<String, Object> others = axes.axes().isEmpty() ? inputs.getLast() : examples.apart(axes);
    Map<String, Tensor> expected =
        model.inEval(() -> Autodiff.noGrad(() -> forward.apply(new Inputs(others))));
    check(exported, bytes, others, expected);
    return bytes;
  }

  /** Throws unless the file computes what the model does. */
  private static void check(
      Exported exported, byte[] bytes, Map<String, Object> inputs, Map<String, Tensor> expected) {
    Map<String, Tensor> given = new LinkedHashMap<>();
    inputs.forEach((name, value) ->
        given.put(name, value instanceof IntTensor i ? i.toTensor(DType.FLOAT64) : (Tensor) value));
    Map<String, Tensor> outputs;
    try {
      outputs = OnnxModel.of(bytes).forward(given);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (IllegalArgumentException e) {
      throw exported.refuse(
          "the file does not run for inputs of shapes %s, as the model does: %s; expected sizes that follow from those of free axes"
              .formatted(inputs.values().stream().map(Examples::shape).toList(), e.getMessage()));
    }
    expected.forEach((name, tensor) -> {
      Tensor computed = requireNonNull(outputs.get(name));
      if (!computed.shape().equals(tensor.shape())) {
        throw exported.refuse(
            "output '%s' has shape %s where the model has %s, for inputs of shapes %s; expected sizes that follow from those of free axes"
                .formatted(
                    name,
                    computed.shape(),
                    tensor.shape(),
                    inputs.values().stream().map(Examples::shape).toList()));
      }
      double[] e = tensor.toDoubleArray();
      double[] y = computed.toDoubleArray();
      double largest = Arrays.stream(e).map(Math::abs).filter(Double::isFinite).max().orElse(0);
      for (int i = 0; i < e.length; i++) {
        if (!(Math.abs(e[i] - y[i]) <= 1e-3 * Math.max(1, largest))
            && Double.compare(e[i], y[i]) != 0) { // infinite or NaN, both must be
          throw exported.refuse(
              "output '%s' has %s where the model has %s, at %s; expected only what ONNX can follow: no Java code that depends on elements of the input"
                  .formatted(name, y[i], e[i], Arrays.toString(tensor.shape().unravel(i))));
        }
      }
    });
  }

  /** Returns the model, its inputs and the version of the operators. */
  @Override
  public String toString() {
    return "OnnxExport of %s with %s, opset %s".formatted(model.headline(), examples, opset);
  }
}
