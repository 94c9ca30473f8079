package dev.adjoint.examples.why;

import static java.util.stream.Collectors.toMap;

import dev.adjoint.training.report.BarPlot;
import dev.adjoint.training.report.LinePlot;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A number for each norm in each of some settings.
 *
 * @param settings by name
 * @param numbers for each norm one for each setting
 */
record Sweep(List<String> settings, Map<Norm, List<Spread>> numbers) {

  /** A trial: gives the number of one norm, one setting and one seed. */
  interface Trial {
    double run(Norm norm, int setting, long seed);
  }

  static Sweep run(Lab lab, List<Norm> norms, List<?> settings, Trial trial) {
    Map<Norm, List<List<Double>>> all =
        lab.run(
            norms,
            (norm, seed) ->
                IntStream.range(0, settings.size())
                    .mapToObj(setting -> trial.run(norm, setting, seed))
                    .toList());
    Map<Norm, List<Spread>> numbers =
        all.entrySet().stream()
            .collect(
                toMap(
                    Map.Entry::getKey,
                    entry -> spreads(entry.getValue()),
                    (a, b) -> a,
                    () -> new EnumMap<>(Norm.class)));
    return new Sweep(settings.stream().map(Object::toString).toList(), numbers);
  }

  private static List<Spread> spreads(List<List<Double>> bySeed) {
    return IntStream.range(0, bySeed.getFirst().size())
        .mapToObj(setting -> Spread.of(bySeed.stream().map(all -> all.get(setting)).toList()))
        .toList();
  }

  Spread at(Norm norm, int setting) {
    return all(norm).get(setting);
  }

  double mean(Norm norm, int setting) {
    return at(norm, setting).mean();
  }

  /** Returns the largest mean of a norm in the settings before one. */
  double largest(Norm norm, int before) {
    return Collections.max(means(norm, before));
  }

  /** Returns by how much the means of a norm differ, at most, in the settings before one. */
  double range(Norm norm, int before) {
    return largest(norm, before) - Collections.min(means(norm, before));
  }

  private List<Double> means(Norm norm, int before) {
    return all(norm).subList(0, before).stream().map(Spread::mean).toList();
  }

  private List<Spread> all(Norm norm) {
    return Objects.requireNonNull(numbers.get(norm));
  }

  /** Draws the numbers over the settings. */
  LinePlot lines(String title, String xTitle, String yTitle) {
    LinePlot plot = new LinePlot(title, xTitle, yTitle).xLabels(settings);
    double[] x = IntStream.range(0, settings.size()).asDoubleStream().toArray();
    numbers.forEach((norm, all) -> {
      plot.color(norm.toString(), norm.color());
      plot.line(norm.toString(), x, each(all, Spread::mean));
      plot.errorBars(norm.toString(), x, each(all, Spread::low), each(all, Spread::high));
    });
    return plot;
  }

  /** Draws the means as bars. */
  BarPlot bars(String title, String yTitle) {
    BarPlot plot = new BarPlot(title, yTitle, settings);
    numbers.forEach((norm, all) -> {
      plot.color(norm.toString(), norm.color());
      plot.bars(norm.toString(), each(all, Spread::mean));
    });
    return plot;
  }

  private static double[] each(List<Spread> all, ToDoubleFunction<Spread> number) {
    return all.stream().mapToDouble(number).toArray();
  }

  /** Returns the titles of a table: what the settings are, and each of them. */
  List<String> head(String what) {
    return Stream.concat(Stream.of(what), settings.stream()).toList();
  }

  /** Returns the rows of a table of means, one for each norm. */
  List<List<String>> rows() {
    return numbers.entrySet().stream()
        .map(entry ->
            Stream.concat(
                    Stream.of(entry.getKey().toString()),
                    entry.getValue().stream()
                        .map(s -> String.format(Locale.ROOT, "%.3f", s.mean())))
                .toList())
        .toList();
  }
}
