package dev.adjoint.nn.golden;

import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Adagrad;
import org.bytedeco.pytorch.AdagradOptions;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.LBFGS;
import org.bytedeco.pytorch.LBFGSOptions;
import org.bytedeco.pytorch.LossClosure;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.RMSprop;
import org.bytedeco.pytorch.RMSpropOptions;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The ways of optimizers down {@code w' A w / 2 - b' w + sum(log(cosh(w)))}, where w is the vector
 * of all elements of two parameters, u of shape (2) and v of shape (2, 2).
 *
 * <p>An output {@code u.10} is the parameter u after ten steps.
 */
final class OptimizerCases {

  private static final Set<Integer> REPORTED = Set.of(1, 2, 10, 100);
  private static final int STEPS = 100;

  // The defaults; the order in which options.betas() holds them is that of a C++ tuple in memory.
  private static final double BETA1 = .9;
  private static final double BETA2 = .999;

  private OptimizerCases() {}

  static Stream<GoldenCase> all() {
    return Stream.of(
        sgd("plain", o -> {}),
        sgd("momentum", o -> o.momentum().put(.9)),
        sgd(
            "nesterov",
            o -> {
              o.momentum().put(.9);
              o.nesterov().put(true);
            }),
        sgd(
            "dampening",
            o -> {
              o.momentum().put(.9);
              o.dampening().put(.3);
            }),
        sgd("weight-decay", o -> o.weight_decay().put(.1)),
        sgd(
            "momentum-weight-decay",
            o -> {
              o.momentum().put(.8);
              o.weight_decay().put(.1);
            }),
        adam("plain", o -> {}),
        adam("weight-decay", o -> o.weight_decay().put(.1)),
        adam("epsilon", o -> o.eps().put(.1)),
        adam("amsgrad", o -> o.amsgrad().put(true)),
        adamW("plain", o -> {}),
        adamW("weight-decay", o -> o.weight_decay().put(.2)),
        adamW("amsgrad", o -> o.amsgrad().put(true)),
        rmsProp("plain", o -> {}),
        rmsProp("centered", o -> o.centered().put(true)),
        rmsProp("momentum", o -> o.momentum().put(.8)),
        rmsProp(
            "all",
            o -> {
              o.alpha().put(.9);
              o.eps().put(1e-3);
              o.weight_decay().put(.1);
              o.momentum().put(.8);
              o.centered().put(true);
            }),
        adagrad("plain", o -> {}),
        adagrad("decay", o -> o.lr_decay().put(.1)),
        adagrad(
            "all",
            o -> {
              o.lr_decay().put(.1);
              o.weight_decay().put(.1);
              o.initial_accumulator_value().put(.5);
            }),
        lbfgs("default", o -> {}),
        lbfgs(
            "without-line-search",
            o -> {
              o.max_iter().put(3);
              o.line_search_fn().reset();
            }),
        lbfgs(
            "short",
            o -> {
              o.max_iter().put(1);
              o.history_size().put(2);
            }));
  }

  private static GoldenCase sgd(String variant, Consumer<SGDOptions> setting) {
    SGDOptions options = new SGDOptions(.02);
    setting.accept(options);
    GoldenCase c =
        start("sgd", variant, "SGD")
            .option("lr", options.get_lr())
            .option("momentum", options.momentum().get())
            .option("dampening", options.dampening().get())
            .option("nesterov", options.nesterov().get())
            .option("weight_decay", options.weight_decay().get());
    return run(c, options, SGD::new);
  }

  private static GoldenCase adam(String variant, Consumer<AdamOptions> setting) {
    AdamOptions options = new AdamOptions(.05);
    setting.accept(options);
    GoldenCase c =
        start("adam", variant, "Adam")
            .option("lr", options.get_lr())
            .option("beta1", BETA1)
            .option("beta2", BETA2)
            .option("eps", options.eps().get())
            .option("weight_decay", options.weight_decay().get())
            .option("amsgrad", options.amsgrad().get());
    return run(c, options, Adam::new);
  }

  private static GoldenCase adamW(String variant, Consumer<AdamWOptions> setting) {
    AdamWOptions options = new AdamWOptions(.05);
    setting.accept(options);
    GoldenCase c =
        start("adamw", variant, "AdamW")
            .option("lr", options.get_lr())
            .option("beta1", BETA1)
            .option("beta2", BETA2)
            .option("eps", options.eps().get())
            .option("weight_decay", options.weight_decay().get())
            .option("amsgrad", options.amsgrad().get());
    return run(c, options, AdamW::new);
  }

  private static GoldenCase rmsProp(String variant, Consumer<RMSpropOptions> setting) {
    RMSpropOptions options = new RMSpropOptions(.02);
    setting.accept(options);
    GoldenCase c =
        start("rmsprop", variant, "RMSprop")
            .option("lr", options.get_lr())
            .option("alpha", options.alpha().get())
            .option("eps", options.eps().get())
            .option("weight_decay", options.weight_decay().get())
            .option("momentum", options.momentum().get())
            .option("centered", options.centered().get());
    return run(c, options, RMSprop::new);
  }

  private static GoldenCase adagrad(String variant, Consumer<AdagradOptions> setting) {
    AdagradOptions options = new AdagradOptions(.2);
    setting.accept(options);
    GoldenCase c =
        start("adagrad", variant, "Adagrad")
            .option("lr", options.get_lr())
            .option("lr_decay", options.lr_decay().get())
            .option("weight_decay", options.weight_decay().get())
            .option("initial_accumulator_value", options.initial_accumulator_value().get())
            .option("eps", options.eps().get());
    return run(c, options, Adagrad::new);
  }

  private static GoldenCase lbfgs(String variant, Consumer<LBFGSOptions> setting) {
    LBFGSOptions options = new LBFGSOptions(1);
    options.line_search_fn().put("strong_wolfe");
    setting.accept(options);
    boolean searched = options.line_search_fn().has_value();
    GoldenCase c =
        start("lbfgs", variant, "LBFGS")
            .option("lr", options.get_lr())
            .option("max_iter", options.max_iter().get())
            .option("tolerance_grad", options.tolerance_grad().get())
            .option("tolerance_change", options.tolerance_change().get())
            .option("history_size", options.history_size().get())
            .option("line_search_fn", searched ? "strong_wolfe" : "None");
    return run(c, options, LBFGS::new);
  }

  private static GoldenCase start(String optimizer, String variant, String source) {
    return new GoldenCase("optim-%s-%s".formatted(optimizer, variant), "torch::optim::" + source);
  }

  private static <O> GoldenCase run(
      GoldenCase c, O options, BiFunction<TensorVector, O, ? extends Optimizer> constructor) {
    Tensor root = c.normal(1, 6, 6);
    Tensor a = c.constant("A", root.matmul(root.t()).add(torch.eye(6)).div(new Scalar(2)));
    Tensor b = c.constant("b", c.normal(2, 6));
    Tensor u = c.parameter("u", c.normal(1, 2));
    Tensor v = c.parameter("v", c.normal(1, 2, 2));
    Optimizer optimizer = constructor.apply(new TensorVector(u, v), options);
    LossClosure loss =
        new LossClosure() {
          @Override
          public Tensor call() {
            optimizer.zero_grad();
            Tensor w = torch.cat(new TensorVector(u, v.reshape(4)));
            Tensor quadratic = w.dot(a.mv(w)).div(new Scalar(2)).sub(b.dot(w));
            Tensor value = quadratic.add(w.cosh().log().sum());
            value.backward();
            return value;
          }
        };
    for (int step = 1; step <= STEPS; step++) {
      optimizer.step(loss);
      if (REPORTED.contains(step)) {
        c.result("u." + step, u).result("v." + step, v);
      }
    }
    return c;
  }
}
