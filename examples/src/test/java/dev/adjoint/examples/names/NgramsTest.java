package dev.adjoint.examples.names;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class NgramsTest {

  private static final List<String> TRAINING = List.of("ab", "aa");
  private static final Names NAMES = new Names("test", TRAINING, List.of("ab"));
  private static final Alphabet ALPHABET = Alphabet.of(NAMES);

  @Test
  void unigramsCountCharactersAndEnds() {
    // Seen: a three times, b once, end twice; each a tenth more.
    double expected = -(Math.log(3.1 / 6.3) + Math.log(1.1 / 6.3) + Math.log(2.1 / 6.3)) / 3;
    assertThat(new Ngrams(TRAINING, ALPHABET, 0).crossEntropy(NAMES.validation()))
        .isCloseTo(expected, within(1e-12));
  }

  @Test
  void bigramsCountWhatFollowsACharacter() {
    // Of 2 starts, 2 are followed by a; of 3 a, one each by a, b and the end; of 1 b, 1 by the end.
    double expected = -(Math.log(2.1 / 2.3) + Math.log(1.1 / 3.3) + Math.log(1.1 / 1.3)) / 3;
    assertThat(new Ngrams(TRAINING, ALPHABET, 1).crossEntropy(NAMES.validation()))
        .isCloseTo(expected, within(1e-12));
  }

  @Test
  void trigramsLookAtTwoCharacters() {
    double expected = -(Math.log(2.1 / 2.3) + Math.log(1.1 / 2.3) + Math.log(1.1 / 1.3)) / 3;
    assertThat(new Ngrams(TRAINING, ALPHABET, 2).crossEntropy(NAMES.validation()))
        .isCloseTo(expected, within(1e-12));
  }
}
