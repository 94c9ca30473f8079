package dev.adjoint.nn.sequence;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.nn.sequence.WordPiece.Tokens;
import dev.adjoint.tensor.IntTensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordPieceTest {

  private static final List<String> VOCABULARY =
      List.of(
          "[PAD]",
          "[UNK]",
          "[CLS]",
          "[SEP]",
          "[MASK]",
          "un",
          "##aff",
          "##able",
          "##a",
          "a",
          "b",
          "cafe",
          "\u4e2d",
          "\u6587",
          "\u3042",
          "##\u3042",
          "\u03c3",
          "##\u03c3",
          "!",
          ".",
          "$",
          "+",
          "\u3002",
          "\u20ac",
          "##\u20ac",
          "i",
          "s",
          "##s",
          "\ud83d\ude42",
          "x",
          "##x");

  private final WordPiece tokenizer = new WordPiece(VOCABULARY);

  private String pieces(String text, int longest) {
    return IntStream.of(tokenizer.encode(text, longest))
        .mapToObj(VOCABULARY::get)
        .collect(joining(" "));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      ignoreLeadingAndTrailingWhitespace = false,
      delimiter = '|',
      value = {
        "unaffable|un ##aff ##able",
        "una|un ##a",
        "unb|[UNK]",
        "a unb b|a [UNK] b",
        "UN A|un a",
        "Caf\u00e9 CAFE\u0301|cafe cafe",
        "a.b!a|a . b ! a",
        "a$b+a|a $ b + a",
        "a\u20acb|[UNK]",
        "a\u20ac|a ##\u20ac",
        "a\u00a0b\u3000a\u2028b|a b a b",
        "a\u200b.\u00ad\ufffd\ue000b|a . b",
        "a\u0001b|[UNK]",
        "\u4e2d\u6587a|\u4e2d \u6587 a",
        "a\u4e2d\u3042\u3042|a \u4e2d \u3042 ##\u3042",
        "\u4e2d\u3002\u4e2d|\u4e2d \u3002 \u4e2d",
        "\ud869\udf00|[UNK]",
        "x\ud869\udf00x|x [UNK] x",
        "x\ud86e\udc20x|[UNK]",
        "\u03a3\u03a3|\u03c3 ##\u03c3",
        "\u0130S|i ##s",
        "\ud83d\ude42|\ud83d\ude42",
        "\ud83d\ude42a|\ud83d\ude42 ##a",
        "a [SEP][MASK]b|a [SEP] [MASK] b",
        "[sep]|[UNK] [UNK] [UNK]"
      })
  void aTextIsCutByTheRules(String text, String expected) {
    assertThat(pieces(text, 100)).isEqualTo("[CLS] " + expected + " [SEP]");
  }

  @Test
  void whiteSpaceOfEveryKindEndsWordsAndIsNothingElse() {
    assertThat(pieces("\ta\nb\r\n a ", 9)).isEqualTo("[CLS] a b a [SEP]");
    assertThat(pieces(" \t\n", 9)).isEqualTo("[CLS] [SEP]");
    assertThat(pieces("", 9)).isEqualTo("[CLS] [SEP]");
  }

  @Test
  void aWordMayHaveAHundredCharacters() {
    assertThat(pieces("x".repeat(100), 200)).isEqualTo("[CLS] x" + " ##x".repeat(99) + " [SEP]");
    assertThat(pieces("x".repeat(101), 200)).isEqualTo("[CLS] [UNK] [SEP]");
    String letter = "\ud835\udd4f"; // one character of two chars
    assertThat(pieces(letter.repeat(100) + " x", 200)).isEqualTo("[CLS] [UNK] x [SEP]");
  }

  @Test
  void whatIsTooLongIsCutOffInFrontOfItsEnd() {
    assertThat(pieces("a b a b", 6)).isEqualTo("[CLS] a b a b [SEP]");
    assertThat(pieces("a b a b", 5)).isEqualTo("[CLS] a b a [SEP]");
    assertThat(pieces("unaffable", 3)).isEqualTo("[CLS] un [SEP]");
    assertThat(pieces("a", 2)).isEqualTo("[CLS] [SEP]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.encode("a", 1))
        .withMessage("encode: at most 1 pieces; expected at least 2, [CLS] and [SEP]");
  }

  @Test
  void textsArePaddedToTheLongest() {
    Tokens tokens = tokenizer.encode(List.of("a", "a b x"), 4);
    assertThat(tokens.pieces()).isEqualTo(IntTensor.of(new int[][] {{2, 9, 3, 0}, {2, 9, 10, 3}}));
    assertThat(tokens.lengths()).isEqualTo(IntTensor.of(3, 4));
    assertThat(tokenizer.encode(List.of(), 4).pieces().size()).isZero();
  }

  @Test
  void textsArePaddedToAMultiple() {
    List<int[]> encoded = List.of(tokenizer.encode("a", 9), tokenizer.encode("a b x", 9));
    Tokens tokens = tokenizer.pad(encoded, 4);
    assertThat(tokens.pieces()).isEqualTo(IntTensor.of(padded(encoded, 8)));
    assertThat(tokens.lengths()).isEqualTo(IntTensor.of(3, 5));
    assertThat(tokenizer.pad(encoded, 5).pieces()).isEqualTo(tokenizer.pad(encoded).pieces());
    assertThat(tokenizer.pad(List.of(), 4).pieces().size()).isZero();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.pad(encoded, 0))
        .withMessage("pad: to a multiple of 0 pieces; expected at least 1");
  }

  /** Returns rows with as many zeros behind them, the number of [PAD], as they are short. */
  private static int[][] padded(List<int[]> rows, int length) {
    return rows.stream().map(row -> Arrays.copyOf(row, length)).toArray(int[][]::new);
  }

  @Test
  void aVocabularyHasEachPieceOnceAndTheSpecialOnes() {
    assertThat(tokenizer.vocabulary()).isEqualTo(VOCABULARY);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new WordPiece(List.of("[PAD]", "[UNK]", "[CLS]", "a")))
        .withMessage("WordPiece: no [SEP] in a vocabulary of 4 pieces; expected it");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new WordPiece(List.of("a", "a")))
        .withMessage("WordPiece: 'a' twice in the vocabulary; expected each piece once");
  }
}
