package dev.adjoint.examples.why;

import static java.util.Locale.ROOT;

import dev.adjoint.nn.Activation;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.training.report.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Trains with batches whose examples resemble one another. */
record SortedBatches(Sweep sweep) implements Result {

  private static final List<String> BATCHES = List.of("shuffled", "two classes", "one class");
  private static final int BATCH = 16;
  private static final int STEPS = 1500;
  private static final double RATE = 0.05;

  static SortedBatches run(Lab lab) {
    return new SortedBatches(
        Sweep.run(
            lab,
            List.of(Norm.BATCH, Norm.RENORM, Norm.GHOST, Norm.GROUP, Norm.LAYER),
            BATCHES,
            (norm, setting, seed) -> {
              Blobs blobs = lab.hard(seed);
              Generator generator = Generator.seeded(seed).split();
              int classes = new int[] {0, 2, 1}[setting];
              Supplier<IntTensor> batches =
                  classes == 0
                      ? Learner.shuffled(blobs, BATCH, generator)
                      : ofClasses(classes, blobs.labels(), generator);
              Learner learner =
                  new Learner(
                      new Network(2, 60, Activation.RELU, norm, 0).make(Generator.seeded(seed)),
                      blobs,
                      batches,
                      RATE);
              learner.run(STEPS);
              return learner.accuracy();
            }));
  }

  /** Returns batches of as many examples of each of some classes, others each time. */
  static Supplier<IntTensor> ofClasses(int classes, IntTensor labels, Generator generator) {
    List<int[]> members = new ArrayList<>();
    for (int label = 0; label < Blobs.CLASSES; label++) {
      int wanted = label;
      members.add(IntStream.range(0, labels.size()).filter(i -> labels.get(i) == wanted).toArray());
    }
    return () -> {
      IntTensor chosen = generator.permutation(Blobs.CLASSES);
      int[] rows =
          IntStream.range(0, classes)
              .flatMap(i -> {
                int[] of = members.get(chosen.get(i));
                return IntStream.of(generator.integers(of.length, BATCH / classes).toArray())
                    .map(at -> of[at]);
              })
              .toArray();
      return IntTensor.of(rows);
    };
  }

  @Override
  public String title() {
    return "What if the batch is not a fair sample?";
  }

  @Override
  public void addTo(Page page) {
    page.paragraph(
            "Batch norm takes the batch for the world: in training it compares each example with the others of its batch, in use with averages of all batches. If batches hold two of the ten classes, or one, the two differ. The network of part c learns the hard set, %,d steps with batches of %d."
                .formatted(STEPS, BATCH))
        .plot(sweep.bars("Accuracy by what is in a batch", "test accuracy"), "Mean of the seeds.")
        .table(sweep.head("batches"), sweep.rows())
        .paragraph(
            "With one class in a batch every network drifts towards that class at each step; batch"
                + " norm moreover removes what the examples of a class have in common, which is"
                + " what there is to learn. The examples of a class follow one another, so that the"
                + " parts of 4 of ghost batch norm are of one class even where a batch has two.");
  }

  private double cost(Norm norm) {
    return sweep.mean(norm, 0) - sweep.mean(norm, 1);
  }

  @Override
  public List<Finding> findings() {
    double batch = cost(Norm.BATCH);
    double layer = cost(Norm.LAYER);
    return List.of(
        new Finding(
            "Batches that are not drawn at random hurt batch norm, and not layer norm.",
            "Ioffe 2017, on batch renormalization",
            String.format(
                ROOT, "two-class batches cost batch norm %.3f, layer norm %.3f", batch, layer),
            batch >= 0.08 && layer < 0.02),
        new Finding(
            "Batch renorm does not mind such batches.",
            "Ioffe 2017: 78.5 % with batches of 16 classes of 2, batch norm 67.0 %",
            String.format(
                ROOT,
                "two-class batches cost batch renorm %.3f, ghost batch norm %.3f, group norm %.3f",
                cost(Norm.RENORM),
                cost(Norm.GHOST),
                cost(Norm.GROUP)),
            cost(Norm.RENORM) < batch / 2));
  }
}
