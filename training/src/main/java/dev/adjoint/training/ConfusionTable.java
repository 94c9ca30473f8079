package dev.adjoint.training;

import dev.adjoint.training.metric.ConfusionMatrix;
import dev.adjoint.training.report.Page;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A confusion matrix as a table of a page. */
final class ConfusionTable {

  /** More classes than these do not fit on a page: then the most frequent confusions are listed. */
  private static final int MOST_CLASSES = 16;

  private static final int MOST_PAIRS = 20;

  private ConfusionTable() {}

  static void addTo(Page page, ConfusionMatrix confusion, List<String> labels) {
    int classes = confusion.classes();
    List<String> names =
        IntStream.range(0, classes)
            .mapToObj(c -> c < labels.size() ? labels.get(c) : Integer.toString(c))
            .toList();
    page.heading("What is taken for what");
    if (classes <= MOST_CLASSES) {
      page.table(
          Stream.of(List.of("is"), names, List.of("recall")).flatMap(List::stream).toList(),
          IntStream.range(0, classes).mapToObj(c -> row(confusion, names, c)).toList());
      page.paragraph(
          "A row holds the examples of one class, a column what was taken for one. Recall is the"
              + " share of a class that was taken for it.");
    } else {
      page.table(List.of("is", "taken for", "how often"), pairs(confusion, names));
    }
  }

  private static List<String> row(ConfusionMatrix confusion, List<String> names, int target) {
    List<String> row = new ArrayList<>();
    row.add(names.get(target));
    for (int taken = 0; taken < names.size(); taken++) {
      long count = confusion.count(target, taken);
      row.add(count == 0 ? "·" : String.format(Locale.ROOT, "%,d", count));
    }
    row.add(String.format(Locale.ROOT, "%.3f", confusion.recall(target)));
    return row;
  }

  private record Pair(int target, int taken, long count) {}

  private static List<List<String>> pairs(ConfusionMatrix confusion, List<String> names) {
    int classes = names.size();
    return IntStream.range(0, classes * classes)
        .mapToObj(
            i -> new Pair(i / classes, i % classes, confusion.count(i / classes, i % classes)))
        .filter(pair -> pair.target != pair.taken && pair.count > 0)
        .sorted(Comparator.comparingLong(Pair::count).reversed())
        .limit(MOST_PAIRS)
        .map(pair ->
            List.of(names.get(pair.target), names.get(pair.taken), Long.toString(pair.count)))
        .toList();
  }
}
