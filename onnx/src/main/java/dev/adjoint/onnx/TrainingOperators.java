package dev.adjoint.onnx;

import dev.adjoint.op.Indexing;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Losses, and the steps of optimizers. */
final class TrainingOperators {

  private static final String DOMAIN = "ai.onnx.preview.training:";

  private TrainingOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("NegativeLogLikelihoodLoss", call -> List.of(call.in(0).with(loss(call, call.x(0)))));
    all.put(
        "SoftmaxCrossEntropyLoss",
        call -> {
          Tensor logProbabilities = call.x(0).logSoftmax(1);
          return List.of(
              call.in(0).with(loss(call, logProbabilities)), call.in(0).with(logProbabilities));
        });
    all.put(DOMAIN + "Momentum", call -> steps(call, 2, TrainingOperators::momentum));
    all.put(DOMAIN + "Adagrad", call -> steps(call, 2, TrainingOperators::adagrad));
    all.put(DOMAIN + "Adam", call -> steps(call, 3, TrainingOperators::adam));
  }

  private static Tensor loss(Call call, Tensor logProbabilities) {
    Tensor target = call.x(1);
    boolean ignores = call.hasAttribute("ignore_index");
    Tensor counts =
        ignores ? target.notEqual(call.integer("ignore_index", 0)) : target.equal(target);
    Tensor classes = Where.where(counts, target, Tensor.scalar(0, target.dtype()));
    IntTensor index = new Value(classes, ElementType.INT64).toIntTensor();
    int[] one = target.unsqueeze(1).shape().toArray();
    Tensor picked = Indexing.gather(logProbabilities, 1, index.reshape(one)).squeeze(1);
    Tensor weight = counts.to(logProbabilities.dtype());
    @Nullable Tensor ofClasses = call.tensorOr(2);
    if (ofClasses != null) {
      Tensor each = Indexing.indexSelect(ofClasses, 0, index.reshape(index.size()));
      weight = weight.times(each.reshape(target.shape()));
    }
    Tensor loss = picked.neg().times(weight);
    return switch (call.text("reduction", "mean")) {
      case "none" -> loss;
      case "sum" -> loss.sum();
      default -> loss.sum().div(weight.sum());
    };
  }

  /** Computes the values after a step: a tensor, its gradient, and what is remembered of it. */
  private interface Update {
    List<Tensor> of(Call call, double rate, double step, List<Tensor> values);
  }

  private static List<Value> steps(Call call, int outputs, Update update) {
    double rate = call.number(0, 0);
    double step = call.number(1, 0);
    int kinds = outputs + 1;
    int n = (call.inputs().size() - 2) / kinds;
    List<Value> results = new ArrayList<>();
    List<List<Tensor>> updated = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      List<Tensor> values = new ArrayList<>();
      for (int kind = 0; kind < kinds; kind++) {
        values.add(call.x(2 + kind * n + i));
      }
      updated.add(update.of(call, rate, step, values));
    }
    for (int kind = 0; kind < outputs; kind++) {
      for (List<Tensor> values : updated) {
        results.add(Value.of(values.get(kind)));
      }
    }
    return results;
  }

  private static List<Tensor> momentum(Call call, double rate, double step, List<Tensor> values) {
    Tensor x = values.get(0);
    Tensor g = values.get(1).plus(x.times(call.decimal("norm_coefficient", 0)));
    double alpha = call.decimal("alpha", 0);
    double beta = step > 0 ? call.decimal("beta", 0) : 1; // the first gradient counts in full
    Tensor velocity = values.get(2).times(alpha).plus(g.times(beta));
    Tensor move =
        call.text("mode", "standard").equals("nesterov") ? g.plus(velocity.times(alpha)) : velocity;
    return List.of(x.minus(move.times(rate)), velocity);
  }

  private static List<Tensor> adagrad(Call call, double rate, double step, List<Tensor> values) {
    Tensor x = values.get(0);
    Tensor g = values.get(1).plus(x.times(call.decimal("norm_coefficient", 0)));
    Tensor squares = values.get(2).plus(g.square());
    double decayed = rate / (1 + step * call.decimal("decay_factor", 0));
    Tensor move = g.div(squares.sqrt().plus(call.decimal("epsilon", 0)));
    return List.of(x.minus(move.times(decayed)), squares);
  }

  private static List<Tensor> adam(Call call, double rate, double step, List<Tensor> values) {
    Tensor x = values.get(0);
    Tensor g = values.get(1).plus(x.times(call.decimal("norm_coefficient", 0)));
    double alpha = call.decimal("alpha", 0.9f);
    double beta = call.decimal("beta", 0.999f);
    Tensor v = values.get(2).times(alpha).plus(g.times(1 - alpha));
    Tensor h = values.get(3).times(beta).plus(g.square().times(1 - beta));
    double corrected =
        step > 0 ? rate * Math.sqrt(1 - Math.pow(beta, step)) / (1 - Math.pow(alpha, step)) : rate;
    Tensor moved = x.minus(v.div(h.sqrt().plus(call.decimal("epsilon", 0))).times(corrected));
    return List.of(moved.times(1 - call.decimal("norm_coefficient_post", 0)), v, h);
  }
}
