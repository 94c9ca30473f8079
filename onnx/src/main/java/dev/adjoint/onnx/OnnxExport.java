package dev.adjoint.onnx;

import static java.util.Objects.requireNonNull;

import dev.adjoint.io.AtomicFile;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.onnx.Proto.Graph;
import dev.adjoint.onnx.Proto.Model;
import dev.adjoint.onnx.Proto.ValueInfo;
import dev.adjoint.op.Indexing;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
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
import org.jspecify.annotations.Nullable;

/**
 * Writes a model as an ONNX file, for runtimes of other languages.
 *
 * <pre>{@code
 * OnnxExport.of(model, example).save(Path.of("model.onnx"));
 * }</pre>
 *
 * <p>The model is run on examples, in eval mode, and the operations that it does are the graph:
 * twice, with another number of examples and other elements, so that the file takes any number of
 * them. Norms, convolutions, pooling, LSTM and GRU become ONNX's own operators. Parameters and
 * buffers keep their names; what depends on no input is computed once. A float64 model becomes one
 * of doubles, of which runtimes have fewer operators. What is written is read back, run and
 * compared before it is returned.
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
  private final Map<String, Object> examples = new LinkedHashMap<>();
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
    examples.put(name, example.untracked());
    return this;
  }

  /** Adds an input of indices, by an example of it: an int64 tensor of the file. */
  public OnnxExport input(String name, IntTensor example) {
    examples.put(name, example);
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
   * @throws IllegalArgumentException if Java code depends on elements of the input
   * @throws UnsupportedOnnxException if ONNX lacks an operation; the message names it
   */
  public void save(Path file) throws IOException {
    byte[] bytes = toBytes();
    AtomicFile.createDirectoryOf(file);
    AtomicFile.write(file, out -> out.write(bytes));
  }

  /** Returns the bytes of the file, as {@link #save} writes it. */
  public byte[] toBytes() {
    if (examples.isEmpty()) {
      throw new IllegalStateException("export: no input; expected at least one, with an example");
    }
    String batch = batch();
    int n = batch == null ? 0 : Math.max(2, first(batch));
    Map<String, Object> one = batch == null ? varied(0, 0, false) : varied(n, 0, false);
    Map<String, Object> other = batch == null ? varied(0, 1, true) : varied(n + 1, 1, true);
    Recorded a = Recorded.of(model, one, () -> forward.apply(new Inputs(one)));
    Recorded b = Recorded.of(model, other, () -> forward.apply(new Inputs(other)));
    Exported exported = new Exported(a, b, opset, n, n + 1, batch);
    List<ValueInfo> inputs = new ArrayList<>();
    one.forEach((name, value) -> inputs.add(input(exported, name, value, other.get(name))));
    Graph graph = exported.graph(model.getClass().getSimpleName(), inputs);
    Map<String, Long> opsets = Map.of("", opset);
    byte[] bytes =
        ProtoWriter.model(
                new Model("adjoint", opsets, graph, metadata, List.of()), opset < 23 ? 10 : 11)
            .toBytes();
    check(exported, bytes, other, b.outputs());
    return bytes;
  }

  private static ValueInfo input(
      Exported exported, String name, Object first, @Nullable Object second) {
    return first instanceof Tensor a && second instanceof Tensor b
        ? new ValueInfo(name, Exported.type(a.dtype()), exported.dims(a.shape(), b.shape()))
        : first instanceof IntTensor i && second instanceof IntTensor j
            ? new ValueInfo(name, ElementType.INT64.number, exported.dims(i.shape(), j.shape()))
            : new ValueInfo(name, 0, null);
  }

  private static Shape shape(Object example) {
    return example instanceof Tensor tensor ? tensor.shape() : ((IntTensor) example).shape();
  }

  private int first(String input) {
    return shape(requireNonNull(examples.get(input))).size(0);
  }

  /** Returns the first input that has examples along its first axis, or null. */
  private @Nullable String batch() {
    return fixedBatch
        ? null
        : examples.keySet().stream()
            .filter(name -> shape(requireNonNull(examples.get(name))).rank() > 0 && first(name) > 0)
            .findFirst()
            .orElse(null);
  }

  /**
   * Returns other examples: rows of those that are there.
   *
   * @param rows how many; 0 for as many as there are
   * @param shift from which to begin, backwards
   * @param scaled whether numbers that are not whole become smaller
   */
  private Map<String, Object> varied(int rows, int shift, boolean scaled) {
    String batch = batch();
    Map<String, Object> varied = new LinkedHashMap<>();
    examples.forEach((name, value) -> {
      Shape shape = shape(value);
      boolean follows = batch != null && shape.rank() > 0 && shape.size(0) == first(batch);
      int n = follows ? rows : shape.rank() > 0 ? shape.size(0) : 0;
      int given = shape.rank() > 0 ? Math.max(1, shape.size(0)) : 1;
      int[] index = new int[n];
      Arrays.setAll(index, i -> shift == 0 ? i % given : Math.floorMod(-i - shift, given));
      boolean moves = shape.rank() > 0 && (follows || batch == null);
      IntTensor picked = IntTensor.of(index);
      if (value instanceof IntTensor indices) {
        varied.put(name, moves ? indices.indexSelect(picked) : indices);
      } else {
        Tensor x = (Tensor) value;
        Tensor y = moves ? Indexing.indexSelect(x, 0, picked) : x.copy();
        boolean isWhole = y.equal(y.round()).all().item() != 0;
        varied.put(name, scaled && !isWhole ? y.times(0.9375) : y);
      }
    });
    return varied;
  }

  /** Throws unless the file computes what the model did in its second run. */
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
    }
    expected.forEach((name, tensor) -> {
      double[] e = tensor.toDoubleArray();
      double[] y = requireNonNull(outputs.get(name)).toDoubleArray();
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
}
