package dev.adjoint.explain;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Finds what is computed again and again, each time from what the last time gave, such as the equal
 * layers of a deep model, and puts it into one box.
 */
final class Repeats {

  private static final int FEWEST = 3;

  /** The most boxes that are repeated together. */
  private static final int LONGEST = 12;

  private final Map<List<Object>, Integer> kinds = new HashMap<>();
  private final IdentityHashMap<Box, Integer> kindOf = new IdentityHashMap<>();

  private Repeats() {}

  /** Groups the repetitions in a box and in those inside. */
  static void group(Box top) {
    new Repeats().visit(top);
  }

  private void visit(Box box) {
    box.inside.forEach(this::visit);
    if (box.inside.size() >= FEWEST) {
      List<Box> grouped = grouped(box.inside);
      box.inside.clear();
      grouped.forEach(box::add);
    }
    kindOf.put(box, kinds.computeIfAbsent(looks(box), _ -> kinds.size()));
  }

  /** Returns all that two boxes have in common that are the same but for where they are. */
  private List<Object> looks(Box box) {
    List<Object> looks = new ArrayList<>();
    looks.add(box.kind);
    if (box.kind == Box.Kind.OPERATION) {
      looks.add(box.title);
    } else if (box.kind == Box.Kind.LAYER) {
      looks.add(box.title.contains(":") ? headline(box) : name(box).replaceFirst("#?\\d+$", ""));
    }
    if (box.value != null) {
      looks.add(box.value.shape());
    }
    box.inside.forEach(inner -> looks.add(Objects.requireNonNull(kindOf.get(inner))));
    return looks;
  }

  private List<Box> grouped(List<Box> boxes) {
    List<Box> grouped = new ArrayList<>();
    int at = 0;
    while (at < boxes.size()) {
      int best = 0;
      int covered = 0;
      for (int length = 1; length <= LONGEST && at + FEWEST * length <= boxes.size(); length++) {
        int times = times(boxes, at, length);
        if (times >= FEWEST && times * length > covered) {
          best = length;
          covered = times * length;
        }
      }
      int shift = covered == 0 ? 1 : shift(boxes, at, best, covered / best);
      grouped.addAll(boxes.subList(at, at + shift));
      at += shift;
      if (covered > 0) {
        int times = times(boxes, at, best);
        grouped.add(repeat(boxes.subList(at, at + times * best), best));
        at += times * best;
      }
    }
    return grouped;
  }

  /** Returns how many boxes to skip so that a repetition begins where parameters are. */
  private static int shift(List<Box> boxes, int at, int length, int times) {
    for (int shift = 0; shift < length && times > FEWEST; shift++) {
      Box first = boxes.get(at + shift);
      if (first.leaves(new ArrayList<>()).stream().anyMatch(b -> b.kind == Box.Kind.PARAMETER)) {
        return shift;
      }
    }
    return 0;
  }

  /** Returns how often boxes from a place on are repeated. */
  private int times(List<Box> boxes, int at, int length) {
    int times = 1;
    Map<Box, Integer> chain = null;
    for (int next = at + length; next + length <= boxes.size(); next += length) {
      Map<Box, Integer> links =
          links(boxes.subList(next - length, next), boxes.subList(next, next + length));
      if (links == null || (chain != null && !sameLinks(chain, links))) {
        break;
      }
      chain = links;
      times++;
    }
    return times;
  }

  /** Each unit reads the same places of the one before, and the same that is outside of all. */
  private static boolean sameLinks(Map<Box, Integer> chain, Map<Box, Integer> links) {
    List<Integer> one = chain.values().stream().filter(i -> i >= 0).sorted().toList();
    List<Integer> other = links.values().stream().filter(i -> i >= 0).sorted().toList();
    return one.equals(other);
  }

  /**
   * Returns what the second of two units reads from outside, with the place in the first unit where
   * it was computed, or -1 if both read the same; null if the second does not repeat the first.
   */
  private @Nullable Map<Box, Integer> links(List<Box> first, List<Box> second) {
    for (int i = 0; i < first.size(); i++) {
      if (!Objects.equals(kindOf.get(first.get(i)), kindOf.get(second.get(i)))) {
        return null;
      }
    }
    List<Box> ofFirst = leaves(first);
    List<Box> ofSecond = leaves(second);
    Map<Box, Integer> inFirst = places(ofFirst);
    Map<Box, Integer> inSecond = places(ofSecond);
    IdentityHashMap<Box, Box> pairs = new IdentityHashMap<>();
    IdentityHashMap<Box, Integer> links = new IdentityHashMap<>();
    for (int i = 0; i < ofSecond.size(); i++) {
      for (int k = 0; k < ofSecond.get(i).sources.size(); k++) {
        Box earlier = ofFirst.get(i).sources.get(k);
        Box later = ofSecond.get(i).sources.get(k);
        Integer place = inSecond.get(later);
        if (place != null || inFirst.containsKey(earlier)) {
          if (!Objects.equals(place, inFirst.get(earlier))) {
            return null;
          }
          continue;
        }
        Box pair = pairs.putIfAbsent(earlier, later);
        Integer link = inFirst.get(later);
        if ((pair != null && pair != later) || (link == null && earlier != later)) {
          return null;
        }
        links.put(later, link == null ? -1 : link);
      }
    }
    return links.values().stream().anyMatch(link -> link >= 0) ? links : null;
  }

  private static List<Box> leaves(List<Box> boxes) {
    List<Box> leaves = new ArrayList<>();
    boxes.forEach(box -> box.leaves(leaves));
    return leaves;
  }

  private static Map<Box, Integer> places(List<Box> leaves) {
    IdentityHashMap<Box, Integer> places = new IdentityHashMap<>();
    leaves.forEach(leaf -> places.put(leaf, places.size()));
    return places;
  }

  private Box repeat(List<Box> boxes, int length) {
    int times = boxes.size() / length;
    List<String> layers =
        boxes.stream().filter(box -> box.kind == Box.Kind.LAYER).map(Repeats::name).toList();
    String which =
        layers.isEmpty() ? "" : ": %s … %s".formatted(layers.getFirst(), layers.getLast());
    Box repeat = new Box(Box.Kind.REPEAT, times + " times" + which, -1, null, null);
    for (int i = 0; i < boxes.size(); i++) {
      Box box = boxes.get(i);
      box.unit = i / length;
      repeat.add(box);
      if (box.unit > 0) {
        pair(box, boxes.get(i % length));
      }
    }
    kindOf.put(repeat, kinds.computeIfAbsent(looks(repeat), _ -> kinds.size()));
    return repeat;
  }

  private static String name(Box layer) {
    return Splitter.on(':').limit(2).splitToList(layer.title).getFirst();
  }

  private static String headline(Box layer) {
    return layer.title.substring(layer.title.indexOf(':'));
  }

  private static void pair(Box box, Box twin) {
    if (box.twin == null) {
      box.twin = twin;
    }
    for (int i = 0; i < box.inside.size(); i++) {
      pair(box.inside.get(i), twin.inside.get(i));
    }
  }
}
