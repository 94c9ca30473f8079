package dev.adjoint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.training.metric.Goal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SearchTest {

  private static Search search() {
    return new Search("loss", Goal.MINIMIZE)
        .logRange("rate", 1e-4, 1e-1)
        .choice("width", 8, 16)
        .range("share", -1, 1);
  }

  /** Is least where the rate is 0.01, and smaller with more budget. */
  private static double loss(Trial trial) {
    return Math.abs(Math.log10(trial.number("rate")) + 2) + 1.0 / trial.budget();
  }

  @Test
  void aGridTriesAllCombinationsInTheirOrder() {
    SearchResult result =
        new Search("score", Goal.MAXIMIZE)
            .choice("a", 1, 2)
            .choice("b", "x", "y", "z")
            .grid(trial -> trial.whole("a") + trial.get("b", String.class).charAt(0));
    assertThat(result.outcomes().stream().map(o -> o.trial().toString()))
        .containsExactly("a=1 b=x", "a=1 b=y", "a=1 b=z", "a=2 b=x", "a=2 b=y", "a=2 b=z");
    assertThat(result.best().trial().toString()).isEqualTo("a=2 b=z");
    assertThat(result.ranked().get(1).trial().toString()).isEqualTo("a=1 b=z"); // the earlier one
  }

  @Test
  void threadsChangeNothing() {
    List<SearchResult> results =
        List.of(
            search().random(30, 7, SearchTest::loss),
            search().threads(8).random(30, 7, SearchTest::loss));
    assertThat(results.get(0)).isEqualTo(results.get(1));
    assertThat(search().random(30, 8, SearchTest::loss)).isNotEqualTo(results.get(0));
    assertThat(search().random(5, 7, SearchTest::loss).outcomes())
        .isEqualTo(results.get(0).outcomes().subList(0, 5));
    assertThat(search().halving(27, 1, 9, 3, 7, SearchTest::loss))
        .isEqualTo(search().threads(8).halving(27, 1, 9, 3, 7, SearchTest::loss));
  }

  @Test
  void trialsRunAtTheSameTime() {
    CountDownLatch both = new CountDownLatch(2);
    SearchResult result =
        new Search("met", Goal.MAXIMIZE)
            .choice("a", 1, 2)
            .threads(2)
            .grid(_ -> {
              both.countDown();
              return both.await(60, TimeUnit.SECONDS) ? 1 : 0;
            });
    assertThat(result.outcomes()).allSatisfy(o -> assertThat(o.score()).isEqualTo(1));
  }

  @Test
  void numbersAreWithinTheirRangesAndHaveThreeDigits() {
    for (SearchResult.Outcome outcome : search().random(300, 1, _ -> 0).outcomes()) {
      Trial trial = outcome.trial();
      assertThat(trial.number("rate")).isBetween(1e-4, 1e-1);
      assertThat(trial.number("share")).isBetween(-1.0, 1.0);
      assertThat(trial.number("rate"))
          .isEqualTo(Double.parseDouble("%.2e".formatted(trial.number("rate"))));
    }
    List<SearchResult.Outcome> all = search().random(3000, 1, _ -> 0).outcomes();
    // Each decade has a third of the trials, each width a half: four deviations are 103 and 110.
    assertThat(all.stream().filter(o -> o.trial().number("rate") < 1e-3).count())
        .isBetween(1000L - 103, 1000L + 103);
    assertThat(all.stream().filter(o -> o.trial().whole("width") == 8).count())
        .isBetween(1500L - 110, 1500L + 110);
  }

  @Test
  void halvingGivesTheBestMore() {
    SearchResult result = search().halving(27, 1, 20, 3, 5, SearchTest::loss);
    assertThat(result.outcomes().stream().map(o -> o.trial().budget()).distinct())
        .containsExactly(1, 3, 9);
    assertThat(result.outcomes()).hasSize(27 + 9 + 3);
    SearchResult all = search().random(27, 5, SearchTest::loss);
    assertThat(result.best().trial().settings()).isEqualTo(all.best().trial().settings());
    assertThat(result.best().trial().budget()).isEqualTo(9);
  }

  @Test
  void whatFailsIsRecordedAndTheSearchGoesOn() {
    SearchResult result =
        new Search("loss", Goal.MINIMIZE)
            .choice("rate", 0.1, 1.0, 10.0, 100.0)
            .grid(trial -> {
              double rate = trial.number("rate");
              if (rate == 10) {
                throw new java.io.IOException("no data");
              }
              return rate == 1 ? Double.NaN : rate == 100 ? Double.NEGATIVE_INFINITY : rate;
            });
    assertThat(result.best().trial().number("rate")).isEqualTo(0.1);
    assertThat(result.table())
        .isEqualTo(
            """
            trial  loss    rate   failure
            0      0.1000  0.1
            1      -       1.0    the score is NaN
            2      -       10.0   java.io.IOException: no data
            3      -       100.0  the score is -Infinity
            """);
    SearchResult none =
        search().halving(9, 1, 9, 3, 1, _ -> Double.NaN); // of which no trial is left
    assertThat(none.outcomes()).hasSize(9);
    assertThatThrownBy(() -> new SearchResult("score", Goal.MAXIMIZE, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("SearchResult: no outcomes; expected at least one");
    assertThatThrownBy(none::best)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("best: all of 9 trials have failed, the first, rate=")
        .hasMessageEndingWith("by: the score is NaN");
    assertThatThrownBy(() ->
            search()
                .random(
                    3,
                    1,
                    _ -> {
                      throw new StackOverflowError("deep");
                    }))
        .isInstanceOf(StackOverflowError.class);
  }

  @Test
  void aSearchThatEndedGoesOnWhereItWas(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("scores");
    SearchResult whole = search().random(9, 3, SearchTest::loss);
    assertThatThrownBy(() ->
            search()
                .resume(file)
                .random(
                    9,
                    3,
                    trial -> {
                      if (trial.number() == 5) {
                        throw new OutOfMemoryError("as if");
                      }
                      return loss(trial);
                    }))
        .isInstanceOf(OutOfMemoryError.class);
    AtomicInteger computed = new AtomicInteger();
    SearchResult rest =
        search()
            .resume(file)
            .threads(3)
            .random(
                9,
                3,
                trial -> {
                  computed.incrementAndGet();
                  return loss(trial);
                });
    assertThat(rest).isEqualTo(whole);
    assertThat(computed.get()).isEqualTo(1); // the others went on, though an error ended it
    Files.writeString(file, "0.5\n");
    assertThatThrownBy(() -> search().resume(file))
        .isInstanceOf(java.io.IOException.class)
        .hasMessage(file + ": '0.5'; expected a score and its trial in each line");
  }

  @Test
  void aSearchOfNoUseIsRefused() {
    assertThatThrownBy(() -> search().grid(_ -> 0))
        .hasMessage("grid: 'rate' is a range; expected a choice of values");
    assertThatThrownBy(() -> search().choice("rate", 1))
        .hasMessage("search: 'rate' is there twice; expected each setting once");
    assertThatThrownBy(() -> search().logRange("x", 0, 1))
        .hasMessage("logRange: 'x' from 0.0 to 1.0; expected numbers above 0.0, the smaller first");
    assertThatThrownBy(() -> new Search("s", Goal.MAXIMIZE).random(3, 1, _ -> 0))
        .hasMessage("random: 3 trials of the settings []; expected at least one of both");
    assertThatThrownBy(() -> search().halving(3, 2, 1, 3, 1, _ -> 0))
        .hasMessage(
            "halving: budgets 2 to 1, growing by 3; expected 1 or more, the smaller first, and a"
                + " factor of 2 or more");
    assertThatThrownBy(() -> new Trial(0, java.util.Map.of("a", 1.5), 1).whole("a"))
        .hasMessage("trial: 'a' is 1.5; expected a setting of type Integer among {a=1.5}");
  }

  @Test
  void aPageShowsTheBestAndAllTrials(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("search.html");
    search().random(20, 3, SearchTest::loss).page("Rates").write(file);
    assertThat(Files.readString(file)).contains("best loss", "loss by rate", "Trials");
    search().random(2, 3, _ -> Double.NaN).page("None").write(file);
    assertThat(Files.readString(file)).contains("2, of which 2 failed", "the score is NaN");
  }

  @Test
  void theFileOfASearchIsReadInAnyLocale(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("scores");
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.of("fa")); // of other digits
    try {
      new Search("score", Goal.MAXIMIZE).range("x", 0, 1).resume(file).random(3, 1, _ -> 5);
    } finally {
      Locale.setDefault(before);
    }
    SearchResult again =
        new Search("score", Goal.MAXIMIZE).range("x", 0, 1).resume(file).random(3, 1, _ -> 7);
    assertThat(again.best().score()).isEqualTo(5);
  }
}
