package dev.adjoint.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Memory;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.autodiff.Vmap;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Stories of gradients, as they are told. */
class GradientStoryTest {

  private final Generator generator = Generator.seeded(1);

  @Test
  void aTensorThatIsUsedTwiceGetsTwoParts() {
    Tensor a = Tensor.scalar(2).tracked();
    Tensor b = a.plus(a);
    Tensor c = b.plus(b);
    assertThat(Explain.backward(c).named("a", a).named("b", b).named("c", c))
        .hasToString(
            """
            The gradient of c, step by step as backward() computes it.
            In each step g is dc/d(result): how c changes with what the step has computed.

            Forward
              a  tracked                     2
              b = a + a                      4
              c = b + b                      8

            Backward: the youngest result first, so each after all that was computed from it
              1  c = b + b                   g = 1
                   dc/db = g                 = 1
                   dc/db = g                 = 1
                     added to what is there  = 1 + 1 = 2
              2  b = a + a                   g = 2
                   dc/da = g                 = 2
                   dc/da = g                 = 2
                     added to what is there  = 2 + 2 = 4

            Gradients
              dc/da                          = 4

            What is used several times gets a part from each use; they are added up within one
            backward(). Nothing is kept between two calls of it: each starts from nothing.
            """
                .stripTrailing());
  }

  @Test
  void aNeuron() {
    Tensor x = Tensor.of(2f, 0);
    Tensor w = Tensor.of(-3f, 1).tracked();
    Tensor b = Tensor.scalar(6.8813735870195432).tracked();
    Tensor y = w.times(x).sum().plus(b).tanh();
    assertThat(Explain.backward(y).named("x", x).named("w", w).named("b", b))
        .hasToString(
            """
            The gradient of L, step by step as backward() computes it.
            In each step g is dL/d(result): how L changes with what the step has computed.

            Forward
              x  constant                         [2, 0]
              w  tracked                          [-3, 1]
              b  tracked                          6.881
              t1 = w * x                          [-6, 0]
              t2 = sum(t1, axes [0])              -6
              t3 = t2 + b                         0.8814
              L = tanh(t3)                        0.7071

            Backward: the youngest result first, so each after all that was computed from it
              1  L = tanh(t3)                     g = 1
                   dL/dt3 = g * (1 - L^2)         = 0.5
              2  t3 = t2 + b                      g = 0.5
                   dL/dt2 = g                     = 0.5
                   dL/db = g                      = 0.5
              3  t2 = sum(t1, axes [0])           g = 0.5
                   dL/dt1 = g, repeated over [0]  = [0.5, 0.5]
              4  t1 = w * x                       g = [0.5, 0.5]
                   dL/dw = g * x                  = [1, 0]

            Gradients
              dL/dw                               = [1, 0]
              dL/db                               = 0.5
            """
                .stripTrailing());
  }

  @Test
  void aModelWithNamesLayersAndLines() {
    Tensor x = Tensor.of(new float[][] {{1, -1}, {2, 0.5f}});
    Tensor target = Tensor.of(new float[][] {{1, 0, 0}, {0, 0, 1}});
    Sequential model = new Sequential(new Linear(2, 3, generator), new LayerNorm(3));
    int line = new Throwable().getStackTrace()[0].getLineNumber() + 2;
    GradientStory story =
        Explain.backward(model, () -> Losses.mse(model.forward(x), target))
            .named("x", x)
            .named("target", target);
    assertThat(story.toString().replace("GradientStoryTest.java:" + line, "Example.java:31"))
        .isEqualTo(
            """
            The gradient of L, step by step as backward() computes it.
            In each step g is dL/d(result): how L changes with what the step has computed.
            @ is the matrix product and ' transposes; * goes element by element.

            Forward
              x  constant                               [[1, -1], [2, 0.5]]
              target  constant                          [[1, 0, 0], [0, 0, 1]]
              0.weight  parameter                       [[-0.02926, 0.3532],
                                                         [-0.1805, -0.08728],
                                                         [0.6422, -0.4214]]
              0.bias  parameter                         [0.1354, -0.06255, -0.4441]
              1.weight  parameter                       [1, 1, 1]
              1.bias  parameter                         [0, 0, 0]
              -- layer 0, Example.java:31
              t1 = 0.weight'                            [[-0.02926, -0.1805, 0.6422],
                                                         [0.3532, -0.08728, -0.4214]]
              t2 = x @ t1 + 0.bias                      [[-0.247, -0.1557, 0.6194], [0.2535, -0.4671, 0.6296]]
              -- layer 1, Example.java:31
              t3 = n * 1.weight + 1.bias, n = (t2 - mean) / sigma
                                                        [[-0.8212, -0.5864, 1.408], [0.2524, -1.331, 1.079]]
              -- Example.java:31
              t4 = t3 - target                          [[-1.821, -0.5864, 1.408], [0.2524, -1.331, 0.07887]]
              t5 = t4^2                                 [[3.317, 0.3439, 1.981], [0.06369, 1.772, 0.006221]]
              t6 = sum(t5, axes [0, 1])                 7.484
              L = t6 / 6                                1.247

            Backward: the youngest result first, so each after all that was computed from it
              -- Example.java:31
              1  L = t6 / 6                             g = 1
                   dL/dt6 = g / 6                       = 0.1667
              2  t6 = sum(t5, axes [0, 1])              g = 0.1667
                   dL/dt5 = g, repeated over [0, 1]     = [[0.1667, 0.1667, 0.1667], [0.1667, 0.1667, 0.1667]]
              3  t5 = t4^2                              g = [[0.1667, 0.1667, 0.1667], [0.1667, 0.1667, 0.1667]]
                   dL/dt4 = g * 2 * t4                  = [[-0.6071, -0.1955, 0.4692],
                                                           [0.08412, -0.4437, 0.02629]]
              4  t4 = t3 - target                       g = [[-0.6071, -0.1955, 0.4692],
                                                             [0.08412, -0.4437, 0.02629]]
                   dL/dt3 = g                           = [[-0.6071, -0.1955, 0.4692],
                                                           [0.08412, -0.4437, 0.02629]]
              -- layer 1, Example.java:31
              5  t3 = n * 1.weight + 1.bias, n = (t2 - mean) / sigma
                                                        g = [[-0.6071, -0.1955, 0.4692],
                                                             [0.08412, -0.4437, 0.02629]]
                   dL/dt2 = (q - mean(q) - n * mean(q * n)) / sigma, q = g * 1.weight
                                                        = [[-0.3789, 0.4234, -0.04452],
                                                           [0.3107, -0.1066, -0.2041]]
                   dL/d(1.weight) = g * n, added up     = [0.5198, 0.7054, 0.6889]
                   dL/d(1.bias) = g, added up           = [-0.523, -0.6392, 0.4955]
              -- layer 0, Example.java:31
              6  t2 = x @ t1 + 0.bias                   g = [[-0.3789, 0.4234, -0.04452],
                                                             [0.3107, -0.1066, -0.2041]]
                   dL/dt1 = x' @ g                      = [[0.2424, 0.2103, -0.4527],
                                                           [0.5343, -0.4767, -0.05753]]
                   dL/d(0.bias) = g, its rows added up  = [-0.06827, 0.3169, -0.2486]
              7  t1 = 0.weight'                         g = [[0.2424, 0.2103, -0.4527],
                                                             [0.5343, -0.4767, -0.05753]]
                   dL/d(0.weight) = g'                  = [[0.2424, 0.5343],
                                                           [0.2103, -0.4767],
                                                           [-0.4527, -0.05753]]

            Gradients
              dL/d(0.weight)                            = [[0.2424, 0.5343],
                                                           [0.2103, -0.4767],
                                                           [-0.4527, -0.05753]]
              dL/d(0.bias)                              = [-0.06827, 0.3169, -0.2486]
              dL/d(1.weight)                            = [0.5198, 0.7054, 0.6889]
              dL/d(1.bias)                              = [-0.523, -0.6392, 0.4955]
            """
                .stripTrailing());
  }

  @Test
  void aBroadcastIsUndoneBySums() {
    Tensor x = Tensor.of(new float[][] {{1, 2}, {3, 4}, {5, 6}});
    Tensor row = Tensor.of(0.5f, 1).tracked();
    Tensor column = Tensor.of(new float[][] {{1}, {2}, {3}}).tracked();
    GradientStory story = Explain.backward(x.plus(row).times(column).sum());
    assertThat(story.named("x", x).named("row", row).named("column", column).toString())
        .contains(
            """
              2  t2 = t1 * column                        g = [[1, 1], [1, 1], [1, 1]]
                   dL/dt1 = g * column                   = [[1, 1], [2, 2], [3, 3]]
                   dL/dcolumn = g * t1                   = [[1.5, 3], [3.5, 5], [5.5, 7]]
                     summed over axis 1 to shape (3, 1)  = [[4.5], [8.5], [12.5]]
              3  t1 = x + row                            g = [[1, 1], [2, 2], [3, 3]]
                   dL/drow = g                           = [[1, 1], [2, 2], [3, 3]]
                     summed over axis 0 to shape (2)     = [6, 6]
            """);
  }

  @Test
  void aCheckpointIsOneStep() {
    Linear layer = new Linear(2, 2, generator);
    Tensor x = Tensor.of(new float[][] {{1, 2}}).tracked();
    Tensor y = Autodiff.checkpoint(() -> layer.forward(x).tanh()).sum();
    GradientStory story = Explain.backward(y).named(layer).named("x", x);
    assertThat(story.visits().get(1).inside()).isEqualTo(2);
    assertThat(story.toString())
        .contains(
            """
              2  t1 = checkpoint(x, bias, weight)        g = [[1, 1]]
                   (the 2 steps inside are not told)
                   dL/dx = computed again, step by step  = [[-0.1114, 0.0376]]
                   dL/dbias = computed again, step by step
                                                         = [0.249, 0.5767]
                   dL/dweight = computed again, step by step
                                                         = [[0.249, 0.4979], [0.5767, 1.153]]
            """);
    assertBits(story.gradients(), y.backward(), x, layer.weight("weight").value());
  }

  @Test
  void callsOfALayerAreToldApart() {
    Linear layer = new Linear(2, 2, generator);
    Sequential model = new Sequential(layer, Activation.TANH, layer);
    Tensor x = generator.normal(1, 2);
    String story = Explain.backward(model, () -> model.forward(x).sum()).toString();
    assertThat(story).containsSubsequence("-- layer 0#2, ", "-- layer 1, ", "-- layer 0, ");
    assertThat(story).contains("dL/d(0.weight) = g'", "added to what is there");
  }

  @Test
  void gradientsAreThoseOfBackwardToTheBit() {
    Tensor x = generator.normal(5, 8).tracked();
    Tensor s = generator.normal(5, 1).tracked();
    Tensor halves = x.slice(1, 0, 5).times(x.slice(1, 3, 8)).plus(s.times(x.slice(1, 2, 7)));
    Tensor y = halves.softmax(-1).times(x.slice(1, 0, 5).tanh()).plus(s).square().mean();
    GradientStory story = Explain.backward(y);
    assertBits(story.gradients(), y.backward(), x, s);
    for (GradientStory.Visit visit : story.visits()) {
      if (visit.step().node().isLeaf()) {
        Tensor leaf = visit.step().value();
        assertThat(visit.cotangent().toFloatArray())
            .isEqualTo(y.backward().of(leaf).toFloatArray());
      }
    }
  }

  @Test
  void aVisitSaysWhatItAddsToWhat() {
    Tensor a = Tensor.scalar(3).tracked();
    GradientStory story = Explain.backward(a.times(a).plus(a)).named("a", a);
    assertThat(
            story.visits().stream()
                .flatMap(v ->
                    v.parts().stream()
                        .map(p ->
                            v.step().label()
                                + ", input "
                                + p.input()
                                + ": "
                                + p.label()
                                + " + "
                                + p.value().item()
                                + " = "
                                + p.sum().item()
                                + " of "
                                + p.number())))
        .containsExactly(
            "L, input 0: t1 + 1.0 = 1.0 of 1",
            "L, input 1: a + 1.0 = 1.0 of 1",
            "t1, input 0: a + 3.0 = 4.0 of 2",
            "t1, input 1: a + 3.0 = 7.0 of 3");
  }

  @Test
  void aPassWithinThePassIsNotTold() {
    Tensor x = Tensor.of(1f, 2).tracked();
    Supplier<Tensor> slope =
        () -> Backward.wrt(x).createGraph().gradients(x.pow(3).sum()).getFirst().sum();
    Tensor loss = Autodiff.checkpoint(slope);
    GradientStory story = Explain.backward(loss).named("x", x);
    assertBits(story.gradients(), slope.get().backward(), x);
    assertThat(story.visits().stream().map(visit -> visit.step().label()))
        .containsExactly("L", "x");
  }

  @Test
  void aFunctionOfAUserHasItsOwnPullback() {
    CustomFunction twice =
        new CustomFunction() {
          @Override
          public String name() {
            return "twice";
          }

          @Override
          public Tensor forward(List<Tensor> inputs) {
            return inputs.getFirst().times(2);
          }

          @Override
          public List<Tensor> pullback(Tensor cotangent, List<Tensor> inputs, Tensor output) {
            return List.of(cotangent.times(2));
          }
        };
    Tensor x = Tensor.of(1f, 2).tracked();
    String story = Explain.backward(Autodiff.apply(twice, x).sum()).named("x", x).toString();
    assertThat(story).contains("t1 = twice(x)", "dL/dx = its own pullback", "= [2, 2]");
  }

  @Test
  void aMappedFunctionIsToldForAllExamples() {
    Tensor x = Tensor.of(new float[][] {{1, 2}, {3, 4}}).tracked();
    Tensor y = Vmap.map(row -> row.times(row).sum(), x).sum();
    GradientStory story = Explain.backward(() -> Vmap.map(row -> row.times(row).sum(), x).sum());
    assertBits(story.gradients(), y.backward(), x);
    assertThat(story.toString()).contains("= [[2, 4], [6, 8]]");
  }

  @Test
  void whatIsNotRecordedIsAConstant() {
    Tensor x = Tensor.of(1f, 2).tracked();
    Supplier<Tensor> loss = () -> x.times(Autodiff.noGrad(() -> x.exp())).sum();
    assertThat(Explain.backward(loss).toString()).contains("c1  constant", "t1 = x1 * c1");
  }

  @Test
  void aStoryOutlivesStepsAndUpdates() {
    Parameter w = new Parameter("w", Tensor.of(1f, 2));
    Tensor x = Tensor.of(3f, 4);
    GradientStory[] stories = new GradientStory[1];
    Memory.step(() -> {
      stories[0] = Explain.backward(() -> w.value().times(x).sum());
    });
    String before = stories[0].named("x", x).toString();
    w.assign(Tensors.zeros(2));
    assertThat(stories[0].named("x", x)).hasToString(before);
    assertThat(before).contains("w  parameter", "dL/dw");
  }

  @Test
  void aLongStoryTellsItsBeginningAndItsEnd() {
    Transform[] layers = new Transform[200];
    for (int i = 0; i < 200; i += 2) {
      layers[i] = new Linear(4, 4, generator);
      layers[i + 1] = new LayerNorm(4);
    }
    Sequential model = new Sequential(layers);
    Tensor x = generator.normal(2, 4);
    GradientStory story = Explain.backward(model, () -> model.forward(x).sum());
    assertThat(story.toString().lines())
        .hasSizeLessThan(300)
        .allMatch(line -> line.length() <= 100);
    assertThat(story.limit(4).toString().lines()).hasSizeLessThan(60);
    assertThat(story.limit(4).toString())
        .contains("  ... 297 left out, from layer 198 to layer 1; limit(301) tells all")
        .contains("  ... 396 left out; limit(400) tells all")
        .contains("  ... 197 left out; limit(201) tells all");
    assertThat(story.limit(1000).toString()).doesNotContain("left out");
  }

  @Test
  void aLongStoryIsSummedUpByLayer() {
    Sequential[] layers = new Sequential[12];
    for (int i = 0; i < 12; i++) {
      layers[i] = new Sequential(new Linear(4, 4, generator), new LayerNorm(4), Activation.TANH);
    }
    Sequential model = new Sequential(layers);
    Tensor x = generator.normal(2, 4);
    GradientStory story = Explain.backward(model, () -> model.forward(x).sum());
    List<String> lines = story.toString().lines().toList();
    int head =
        1
            + lines.indexOf(
                "By layer: norms of the gradients of what it returned, and of the parameters it"
                    + " used");
    assertThat(lines.subList(head, head + 14).stream().map(line -> line.substring(0, 53)))
        .startsWith(
            "  layer                                         steps",
            "  outside of layers                                 1",
            "  11: Sequential(3)                                 4")
        .endsWith("  0: Sequential(3)                                  4");
    double norm =
        Math.sqrt(
            layers[11].parameters().stream()
                .map(p -> Objects.requireNonNull(story.gradients().of(p.value())))
                .mapToDouble(gradient -> gradient.square().sum().item())
                .sum());
    assertThat(lines.get(head + 2)).endsWith(" " + Numbers.text(norm));
    assertThat(story.limit(100).toString()).doesNotContain("By layer");
  }

  @Test
  void longLinesAreBroken() {
    Parameter w =
        new Parameter("encoder.layers.0.attention.projection.of.the.query", Tensor.of(1f, 2));
    Tensor x = w.value();
    Tensor y = x.times(x).plus(x).times(x.plus(x)).sum();
    assertThat(Explain.backward(y).toString().lines()).allMatch(line -> line.length() <= 100);
  }

  @Test
  void wrongUseIsExplained() {
    Tensor x = Tensor.of(1f, 2);
    assertThatThrownBy(() -> Explain.backward(x.sum()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("backward: this tensor of shape () is not tracked");
    assertThatThrownBy(() -> Explain.backward(x.tracked()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "backward: the root has shape (2); expected a scalar, or a seed of the same shape");
    assertThatThrownBy(() -> Explain.backward(x.tracked().sum()).limit(1))
        .hasMessage("limit: 1 steps; expected at least 2, the first and the last");
  }

  private static void assertBits(Gradients actual, Gradients expected, Tensor... leaves) {
    for (Tensor leaf : leaves) {
      assertThat(Objects.requireNonNull(actual.of(leaf)).toFloatArray())
          .isEqualTo(expected.of(leaf).toFloatArray());
    }
  }
}
