package dev.adjoint.examples.names;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Draws names from a model, one character after another. */
public final class Inventor {

  private static final int ROUNDS = 100;

  private final CharacterModel model;
  private final Alphabet alphabet;
  private final Generator generator;

  /** Creates an inventor of names in an alphabet. */
  public Inventor(CharacterModel model, Alphabet alphabet, Generator generator) {
    this.model = model;
    this.alphabet = alphabet;
    this.generator = generator;
  }

  /** Returns different names that are not among the known; fewer if hardly any come. */
  public List<String> invent(int count, Set<String> known) {
    Set<String> invented = new LinkedHashSet<>();
    model.eval();
    for (int round = 0; round < ROUNDS && invented.size() < count; round++) {
      for (String name : draw(count)) {
        if (!name.isBlank() && !known.contains(name) && invented.size() < count) {
          invented.add(name);
        }
      }
    }
    model.train();
    return List.copyOf(invented);
  }

  /** Draws names side by side; those that have ended wait for the others. */
  private List<String> draw(int count) {
    int context = CharacterModel.CONTEXT;
    int[][] windows = new int[count][context];
    boolean[] ended = new boolean[count];
    List<StringBuilder> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add(new StringBuilder());
    }
    for (int position = 0; position < Names.LONGEST; position++) {
      IntTensor seen = IntTensor.of(windows);
      float[] p = Autodiff.noGrad(() -> model.forward(seen).softmax(1)).toFloatArray();
      float[] chance = generator.uniform(count).toFloatArray();
      for (int i = 0; i < count; i++) {
        int code = choose(p, i * alphabet.size(), chance[i]);
        ended[i] |= code == Alphabet.END;
        if (!ended[i]) {
          names.get(i).append(alphabet.decode(code));
          System.arraycopy(windows[i], 1, windows[i], 0, context - 1);
          windows[i][context - 1] = code;
        }
      }
    }
    return names.stream().map(StringBuilder::toString).toList();
  }

  /** Returns the first code at which the sum of the probabilities exceeds a number from 0 to 1. */
  private int choose(float[] p, int from, float chance) {
    double sum = 0;
    for (int code = 0; code < alphabet.size(); code++) {
      sum += p[from + code];
      if (chance < sum) {
        return code;
      }
    }
    return Alphabet.END;
  }
}
