package dev.adjoint.examples.search;

import dev.adjoint.tensor.Generator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Methods of some classes to learn from, and of others to be judged by.
 *
 * @param all methods: those to be judged by, then those to learn from
 * @param heldCount how many are to be judged by
 * @param heldClasses how many classes these are of
 */
public record Split(List<ApiMethod> all, int heldCount, int heldClasses) {

  /** One of so many classes is held out. */
  private static final int ONE_IN = 5;

  /** Who is not among so many counts as not found. */
  private static final int MOST_FOUND = 1000;

  /**
   * Splits methods by their classes, of which those that are nested belong to the outer ones.
   *
   * @param most methods to take
   */
  public static Split of(List<ApiMethod> methods, int most, long seed) {
    Map<String, List<ApiMethod>> byClass = new LinkedHashMap<>();
    methods.forEach(
        method -> byClass.computeIfAbsent(method.outerClass(), _ -> new ArrayList<>()).add(method));
    List<String> classes = List.copyOf(byClass.keySet());
    int[] order = Generator.seeded(seed).permutation(classes.size()).toArray();
    List<ApiMethod> all = new ArrayList<>();
    List<Integer> ends = new ArrayList<>(); // of the classes
    for (int i : order) {
      List<ApiMethod> next = byClass.get(classes.get(i));
      if (next != null && all.size() + next.size() <= most) {
        all.addAll(next);
        ends.add(all.size());
      }
    }
    int held = Math.max(1, ends.size() / ONE_IN);
    return new Split(List.copyOf(all), ends.get(held - 1), held);
  }

  /** Returns the methods to be judged by. */
  public List<ApiMethod> held() {
    return all.subList(0, heldCount);
  }

  /** Returns the methods to learn from. */
  public List<ApiMethod> training() {
    return all.subList(heldCount, all.size());
  }

  /** Judges vectors of all methods: each sentence held out asks for its own among all. */
  public Recall recall(SearchIndex index) {
    List<String> sentences = held().stream().map(ApiMethod::sentence).toList();
    return Recall.of(
        index.encoder().encode(index.tokenizer(), sentences),
        index.vectors(),
        IntStream.range(0, heldCount).toArray());
  }

  /** Judges matching of words in the same way. */
  public Recall recall(Libraries libraries) throws IOException {
    Libraries.WordSearch search = libraries.search(all.stream().map(ApiMethod::words).toList());
    int[] ranks = new int[heldCount];
    for (int i = 0; i < heldCount; i++) {
      int own = i;
      int[] best = search.best(all.get(i).sentence(), MOST_FOUND);
      ranks[i] =
          1 + IntStream.range(0, best.length).filter(at -> best[at] == own).findFirst().orElse(-1);
    }
    return Recall.of(ranks);
  }
}
