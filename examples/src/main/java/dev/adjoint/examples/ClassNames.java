package dev.adjoint.examples;

import dev.adjoint.optim.AdamW;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.*;

public final class ClassNames {
  public static void main(String[] args) throws Exception {
    int length = Integer.getInteger("k", 10),
        width = Integer.getInteger("d", 24),
        hidden = Integer.getInteger("h", 256);
    int batch = Integer.getInteger("b", 512), epochs = Integer.getInteger("e", 6);
    double peak = Double.parseDouble(System.getProperty("lr", "4e-3"));
    double wd = Double.parseDouble(System.getProperty("wd", "0.01"));
    long t0 = System.nanoTime();
    Names names = Names.ofRunningJdk();
    List<String> all = new ArrayList<>(names.training());
    all.addAll(names.validation());
    Alphabet alphabet = Alphabet.of(all);
    System.out.println(
        names.training().size() + " " + names.validation().size() + " " + alphabet.size());
    for (int n = 0; n < 4; n++)
      System.out.println(
          n + " " + new Ngrams(names.training(), alphabet, n).crossEntropy(names.validation()));
    System.out.println("read " + (System.nanoTime() - t0) / 1e9);
    Generator generator = Generator.seeded(1);
    CharacterModel model = new CharacterModel(alphabet.size(), length, width, hidden, generator);
    Windows training = new Windows(names.training(), alphabet, length),
        validation = new Windows(names.validation(), alphabet, length);
    AdamW adam = new AdamW(model.parameters()).weightDecay(wd);
    int steps = epochs * (training.size() / batch), step = 0;
    for (int e = 0; e < epochs; e++) {
      int[] order = generator.permutation(training.size()).toArray();
      double sum = 0;
      int c = 0;
      for (int at = 0; at + batch <= order.length; at += batch, step++, c++) {
        int[] chosen = Arrays.copyOfRange(order, at, at + batch);
        double f = (double) step / steps;
        adam.learningRate(
            peak * Math.min(1, step / 100.0) * 0.5 * (1 + Math.cos(Math.PI * f)) + 1e-6);
        Tensor loss = model.loss(training.before(chosen), training.at(chosen));
        adam.step(loss.backward());
        sum += loss.item();
      }
      System.out.printf(
          "epoch %d loss %.4f val %.4f %.1fs%n",
          e, sum / c, model.crossEntropy(validation), (System.nanoTime() - t0) / 1e9);
    }
  }
}
