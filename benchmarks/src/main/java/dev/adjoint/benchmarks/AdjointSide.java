package dev.adjoint.benchmarks;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Memory;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Layer;
import dev.adjoint.optim.Adam;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Computes rows by Adjoint, each call in a {@link Memory#step}, as all of a {@code Trainer}'s. */
final class AdjointSide implements Side {

  private final DType dtype;
  private Supplier<?> call = () -> "nothing is prepared";

  /** Keeps what was computed last, so that it has to be computed. */
  @SuppressWarnings("UnusedVariable")
  private @Nullable Object result;

  AdjointSide(DType dtype) {
    this.dtype = dtype;
  }

  @Override
  public List<Digest> prepare(Case.Row row) {
    Model model = model(row, dtype);
    Case.Kind kind = row.of().kind();
    return switch (kind) {
      case FORWARD -> {
        call = () -> model.forward().apply(model.inputs());
        yield List.of(digest(model.forward().apply(model.inputs())));
      }
      case GRADIENTS -> gradients(model);
      case ADAM -> steps(model, new Adam(parameters(model)));
      case SGD -> steps(model, new SGD(parameters(model)).learningRate(0.01));
    };
  }

  @Override
  public void run() {
    Memory.step(() -> {
      result = call.get(); // nothing is returned: its memory is the next call's
    });
  }

  /** Computes a row and returns what was computed: never in a {@link Memory#step} of its own. */
  Object call() {
    return call.get();
  }

  /** Makes a row's model, of this type. */
  static Model model(Case.Row row, DType dtype) {
    Model model = row.of().ours().model(new Draw(1, dtype), row.sizes());
    Layer layer = model.layer();
    if (layer != null) {
      layer.to(dtype);
    }
    return model;
  }

  private static List<Parameter> parameters(Model model) {
    Layer layer = model.layer();
    return layer == null ? List.of() : layer.parameters();
  }

  private List<Digest> gradients(Model model) {
    List<Tensor> leaves = tracked(model);
    Tensor output = model.forward().apply(leaves);
    boolean scalar = output.rank() == 0;
    Tensor seed = scalar ? output : Draw.cotangent(dtype, output.shape().toArray());
    call =
        () -> {
          Tensor y = model.forward().apply(tracked(model));
          return scalar ? y.backward() : y.backward(seed);
        };
    Gradients gradients = scalar ? output.backward() : output.backward(seed);
    List<Digest> digests = new ArrayList<>();
    digests.add(digest(output));
    leaves.forEach(leaf -> digests.add(digest(gradients.of(leaf))));
    parameters(model).forEach(parameter -> digests.add(digest(gradients.of(parameter))));
    return digests;
  }

  private static List<Tensor> tracked(Model model) {
    return model.inputs().stream().map(Tensor::tracked).toList();
  }

  private List<Digest> steps(Model model, Optimizer optimizer) {
    Supplier<Tensor> body =
        () -> {
          Tensor loss = model.forward().apply(model.inputs());
          optimizer.step(loss.backward());
          return loss;
        };
    call = body;
    return Stream.generate(() -> digest(Memory.step(body))).limit(3).toList();
  }

  private static Digest digest(Tensor tensor) {
    double sum = 0;
    double absolute = 0;
    for (double element : tensor.toDoubleArray()) {
      sum += element;
      absolute += Math.abs(element);
    }
    return new Digest(sum, absolute);
  }
}
