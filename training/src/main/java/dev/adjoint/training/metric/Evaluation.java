package dev.adjoint.training.metric;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.DataLoader;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Evaluates a model by metrics, in eval mode and without recording gradients.
 *
 * <pre>{@code
 * Evaluation<Tensor, IntTensor> evaluation =
 *     new Evaluation<>(model, model::forward, Classification.accuracy(), Classification.f1());
 * double accuracy = evaluation.of(loader).get("accuracy");
 * }</pre>
 */
public final class Evaluation<X, Y> {

  private final Layer model;
  private final Function<X, Tensor> forward;
  private final List<Metric<Y>> metrics;

  /**
   * Creates an evaluation.
   *
   * @param model is put into eval mode meanwhile
   * @param forward computes the outputs, as in {@code model::forward}
   * @param metrics at least one, each with a name of its own
   */
  @SafeVarargs
  @SuppressWarnings("varargs") // the array is copied
  public Evaluation(Layer model, Function<X, Tensor> forward, Metric<Y>... metrics) {
    this.model = model;
    this.forward = forward;
    this.metrics = List.of(metrics);
    List<String> names = this.metrics.stream().map(Metric::name).toList();
    if (names.isEmpty() || Set.copyOf(names).size() < names.size()) {
      throw new IllegalArgumentException(
          "Evaluation: metrics %s; expected at least one, each with a name of its own"
              .formatted(names));
    }
  }

  /** Returns the metrics, in their order. */
  public List<Metric<Y>> metrics() {
    return metrics;
  }

  /** Returns the value of each metric, by name, for all batches of a loader. */
  public Map<String, Double> of(DataLoader<X, Y> loader) {
    return of(loader.epoch(0));
  }

  /** Returns the value of each metric, by name, for all of these batches. */
  public Map<String, Double> of(Iterable<Batch<X, Y>> batches) {
    List<Metric.Sum<Y>> sums = metrics.stream().map(Metric::begin).toList();
    model.inEval(() ->
        Autodiff.noGrad(() -> {
          for (Batch<X, Y> batch : batches) {
            Tensor outputs = forward.apply(batch.inputs());
            sums.forEach(sum -> sum.add(outputs, batch.targets()));
          }
          return sums;
        }));
    Map<String, Double> values = new LinkedHashMap<>();
    for (int i = 0; i < sums.size(); i++) {
      values.put(metrics.get(i).name(), sums.get(i).value());
    }
    return Collections.unmodifiableMap(values);
  }

  /** Returns the model and the names of the metrics. */
  @Override
  public String toString() {
    return "Evaluation of %s by %s"
        .formatted(model.headline(), metrics.stream().map(Metric::name).toList());
  }
}
