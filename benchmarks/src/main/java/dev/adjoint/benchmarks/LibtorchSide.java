package dev.adjoint.benchmarks;

import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Computes rows by libtorch. Each call frees its tensors when it ends, as C++ does. */
final class LibtorchSide implements Side {

  private final DType dtype;
  private Supplier<?> call = () -> "nothing is prepared";

  /** Loads libtorch and sets its threads. */
  LibtorchSide(DType dtype, int threads) {
    this.dtype = dtype;
    torch.set_num_threads(threads);
    if (dtype == DType.FLOAT64) {
      torch.set_default_dtype(torch.scalarTypeToTypeMeta(ScalarType.Double));
    }
  }

  /** Says which libtorch this is, by which library it multiplies, and what calling it costs. */
  String description() {
    List<String> config = torch.show_config().getString().lines().map(String::strip).toList();
    String products =
        config.stream()
            .filter(line -> line.contains("Math Kernel") || line.contains("CPU capability"))
            .map(line -> line.replaceFirst("^- ", "").replaceFirst(" for Intel.*", ""))
            .reduce((a, b) -> a + ", " + b)
            .orElse("no MKL");
    Tensor one = torch.ones(1);
    double call = Worker.least(0.5, one::dim);
    double handle =
        Worker.least(
            0.5,
            () -> {
              try (PointerScope _ = new PointerScope()) {
                new Tensor(one);
              }
            });
    return "libtorch %s, %s; through JNI a call of it costs %.0f ns, and a tensor that it returns %.0f ns"
        .formatted(torch.TORCH_VERSION, products, call, handle);
  }

  @Override
  public List<Digest> prepare(Case.Row row) {
    Model model = AdjointSide.model(row, dtype);
    boolean differentiates = row.of().kind() == Case.Kind.GRADIENTS;
    List<Tensor> inputs = new ArrayList<>();
    for (dev.adjoint.tensor.Tensor input : model.inputs()) {
      inputs.add(tensor(input).requires_grad_(differentiates));
    }
    Map<String, Tensor> state = new LinkedHashMap<>();
    List<Tensor> parameters = new ArrayList<>();
    Layer layer = model.layer();
    if (layer != null) {
      layer.state().forEach((name, value) -> state.put(name, tensor(value)));
      for (String name : layer.namedParameters().keySet()) {
        parameters.add(Objects.requireNonNull(state.get(name), name).requires_grad_(true));
      }
    }
    IntTensor indices = model.indices();
    Given given = new Given(inputs, indices == null ? null : tensor(indices), state);
    int[] sizes = row.sizes();
    Case.Theirs theirs = row.of().theirs();
    return switch (row.of().kind()) {
      case FORWARD -> forward(theirs, given, sizes);
      case GRADIENTS -> {
        List<Tensor> leaves = new ArrayList<>(inputs);
        leaves.addAll(parameters);
        yield gradients(theirs, given, sizes, vector(leaves));
      }
      case ADAM -> steps(theirs, given, sizes, new Adam(vector(parameters), new AdamOptions(1e-3)));
      case SGD -> steps(theirs, given, sizes, new SGD(vector(parameters), new SGDOptions(0.01)));
    };
  }

  @Override
  public void run() {
    try (PointerScope _ = new PointerScope()) {
      var _ = call.get();
    }
  }

  private List<Digest> forward(Case.Theirs theirs, Given given, int[] sizes) {
    call = () -> theirs.forward(given, sizes);
    return List.of(digest(theirs.forward(given, sizes)));
  }

  private List<Digest> gradients(
      Case.Theirs theirs, Given given, int[] sizes, TensorVector leaves) {
    Tensor output = theirs.forward(given, sizes);
    TensorVector seed = new TensorVector();
    if (output.dim() > 0) {
      int[] shape = new int[(int) output.dim()];
      for (int axis = 0; axis < shape.length; axis++) {
        shape[axis] = (int) output.size(axis);
      }
      seed.push_back(tensor(Draw.cotangent(dtype, shape)));
    }
    BoolOptional freeGraph = new BoolOptional();
    call =
        () ->
            torch.grad(
                new TensorVector(theirs.forward(given, sizes)),
                leaves,
                seed,
                freeGraph,
                false,
                false);
    TensorVector gradients =
        torch.grad(new TensorVector(output), leaves, seed, freeGraph, false, false);
    List<Digest> digests = new ArrayList<>();
    digests.add(digest(output));
    for (long i = 0; i < gradients.size(); i++) {
      digests.add(digest(gradients.get(i)));
    }
    return digests;
  }

  private List<Digest> steps(Case.Theirs theirs, Given given, int[] sizes, Optimizer optimizer) {
    Supplier<Tensor> step =
        () -> {
          optimizer.zero_grad();
          Tensor loss = theirs.forward(given, sizes);
          loss.backward();
          optimizer.step();
          return loss;
        };
    call = step;
    return List.of(digest(step.get()), digest(step.get()), digest(step.get()));
  }

  private static TensorVector vector(List<Tensor> tensors) {
    return new TensorVector(tensors.toArray(Tensor[]::new));
  }

  private static Tensor tensor(dev.adjoint.tensor.Tensor tensor) {
    long[] sizes = longs(tensor.shape().toArray());
    return tensor.dtype() == DType.FLOAT32
        ? Tensor.create(tensor.toFloatArray(), sizes)
        : Tensor.create(tensor.toDoubleArray(), sizes);
  }

  private static Tensor tensor(IntTensor tensor) {
    return Tensor.create(longs(tensor.toArray()), longs(tensor.shape().toArray()));
  }

  static long[] longs(int... values) {
    long[] longs = new long[values.length];
    for (int i = 0; i < values.length; i++) {
      longs[i] = values[i];
    }
    return longs;
  }

  private static Digest digest(Tensor tensor) {
    try (NoGradGuard _ = new NoGradGuard()) {
      Tensor wide = tensor.to(ScalarType.Double);
      return new Digest(wide.sum().item_double(), wide.abs().sum().item_double());
    }
  }
}
