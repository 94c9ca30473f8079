package dev.adjoint.nn.sequence;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import dev.adjoint.io.Quoted;
import dev.adjoint.tensor.IntTensor;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a text into the pieces of a vocabulary, as BERT's uncased models do (Devlin et al. 2019,
 * arXiv:1810.04805); immutable.
 *
 * <pre>{@code
 * WordPiece tokenizer = new WordPiece(Files.readAllLines(Path.of("vocab.txt")));
 * Tokens tokens = tokenizer.encode(List.of("Sorts a list.", "Opens a file."), 128);
 * Tensor vectors = encoder.forward(tokens);
 * }</pre>
 *
 * <p>Control characters vanish, accents are taken off, letters become small. Words end at white
 * space, and each mark of punctuation and each Chinese character is a word. Of a word, the longest
 * piece that it begins with is taken, then the longest that goes on, which in the vocabulary begins
 * with {@code ##}; a word that cannot be cut so, or that has more than 100 characters, is {@code
 * [UNK]}. A text is encoded between {@code [CLS]} and {@code [SEP]}; these and {@code [PAD]},
 * {@code [UNK]} and {@code [MASK]} may stand in it.
 */
public final class WordPiece {

  private static final int LONGEST_WORD = 100;
  private static final String CLS = "[CLS]";
  private static final String SEP = "[SEP]";
  private static final String UNKNOWN = "[UNK]";
  private static final String PADDING = "[PAD]";
  private static final Pattern SPECIAL = Pattern.compile("\\[(?:PAD|UNK|CLS|SEP|MASK)]");

  /** What tells nothing; tabs and ends of lines are white space, though they are controls. */
  private static final Pattern DROPPED =
      Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Co}\ufffd&&[^\\t\\n\\r]]");

  /** The Unified Ideographs that BERT tells, in one of which it leaves out U+2B820 to U+2B91F. */
  private static final Pattern CHINESE =
      Pattern.compile(
          "[\\x{4e00}-\\x{9fff}\\x{3400}-\\x{4dbf}\\x{20000}-\\x{2a6df}\\x{2a700}-\\x{2b73f}"
              + "\\x{2b740}-\\x{2b81f}\\x{2b920}-\\x{2ceaf}\\x{f900}-\\x{faff}"
              + "\\x{2f800}-\\x{2fa1f}]");

  private static final Pattern ACCENT = Pattern.compile("\\p{Mn}");

  /** A mark, or what is between white space and marks. In ASCII all signs are marks, as $ and +. */
  private static final Pattern WORD =
      Pattern.compile("[\\p{P}$+<=>^`|~]|[^\\p{P}$+<=>^`|~\\p{IsWhite_Space}]+");

  private final ImmutableMap<String, Integer> codes;

  /**
   * Creates a tokenizer.
   *
   * @param vocabulary the pieces in the order of their numbers, from 0: each once, among them
   *     {@code [PAD]}, {@code [UNK]}, {@code [CLS]} and {@code [SEP]}
   */
  public WordPiece(List<String> vocabulary) {
    Map<String, Integer> numbered = new LinkedHashMap<>();
    for (String piece : vocabulary) {
      if (numbered.putIfAbsent(piece, numbered.size()) != null) {
        throw new IllegalArgumentException(
            "WordPiece: %s twice in the vocabulary; expected each piece once"
                .formatted(Quoted.text(piece)));
      }
    }
    for (String piece : List.of(PADDING, UNKNOWN, CLS, SEP)) {
      if (!numbered.containsKey(piece)) {
        throw new IllegalArgumentException(
            "WordPiece: no %s in a vocabulary of %d pieces; expected it"
                .formatted(piece, vocabulary.size()));
      }
    }
    codes = ImmutableMap.copyOf(numbered);
  }

  /** Returns the pieces in the order of their numbers. */
  public List<String> vocabulary() {
    return codes.keySet().asList();
  }

  /**
   * Encoded texts.
   *
   * @param pieces of shape (N, T), where T is that of the longest; padded behind the end
   * @param lengths of shape (N): how many pieces each text has
   */
  public record Tokens(IntTensor pieces, IntTensor lengths) {}

  /**
   * Encodes texts.
   *
   * @param longest cuts off what makes a text longer than so many pieces, {@code [CLS]} and {@code
   *     [SEP]} included
   */
  public Tokens encode(List<String> texts, int longest) {
    List<int[]> rows = texts.stream().map(text -> encode(text, longest)).toList();
    return pad(rows);
  }

  /** Puts texts that were encoded below one another, padded to the longest. */
  public Tokens pad(List<int[]> encoded) {
    return pad(encoded, 1);
  }

  /**
   * Puts texts that were encoded below one another, padded to the next multiple of a number of
   * pieces from the longest on: so batches have few shapes, and each can use the memory of those
   * before ({@code pad_to_multiple_of} in Python).
   */
  public Tokens pad(List<int[]> encoded, int multiple) {
    checkArgument(multiple >= 1, "pad: to a multiple of %s pieces; expected at least 1", multiple);
    int longest = encoded.stream().mapToInt(row -> row.length).max().orElse(0);
    int steps = Math.multiplyExact(Math.ceilDiv(longest, multiple), multiple);
    int[] all = new int[Math.multiplyExact(encoded.size(), steps)];
    Arrays.fill(all, requireNonNull(codes.get(PADDING)));
    for (int i = 0; i < encoded.size(); i++) {
      System.arraycopy(encoded.get(i), 0, all, i * steps, encoded.get(i).length);
    }
    return new Tokens(
        IntTensor.of(all, encoded.size(), steps),
        IntTensor.of(encoded.stream().mapToInt(row -> row.length).toArray()));
  }

  /** Encodes a text, as {@link #encode(List, int)} does. */
  public int[] encode(String text, int longest) {
    checkArgument(
        longest >= 2, "encode: at most %s pieces; expected at least 2, [CLS] and [SEP]", longest);
    List<Integer> numbers = new ArrayList<>();
    numbers.add(codes.get(CLS));
    int end = 0;
    for (MatchResult special : SPECIAL.matcher(text).results().toList()) {
      Integer number = codes.get(special.group());
      if (number != null) {
        cut(text.substring(end, special.start()), numbers);
        numbers.add(number);
        end = special.end();
      }
    }
    cut(text.substring(end), numbers);
    List<Integer> kept = numbers.subList(0, Math.min(numbers.size(), longest - 1));
    kept.add(codes.get(SEP));
    return kept.stream().mapToInt(Integer::intValue).limit(longest).toArray();
  }

  private void cut(String text, List<Integer> numbers) {
    Matcher words = WORD.matcher(normalized(text));
    while (words.find()) {
      pieces(words.group(), numbers);
    }
  }

  private static String normalized(String text) {
    String plain = CHINESE.matcher(DROPPED.matcher(text).replaceAll("")).replaceAll(" $0 ");
    String bare = ACCENT.matcher(Normalizer.normalize(plain, Normalizer.Form.NFD)).replaceAll("");
    // Letter by letter: a sigma at the end of a word is no other one.
    return bare.codePoints()
        .map(Character::toLowerCase)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private void pieces(String word, List<Integer> numbers) {
    List<Integer> found = new ArrayList<>();
    int from = 0;
    if (word.codePointCount(0, word.length()) <= LONGEST_WORD) {
      while (from < word.length()) {
        String begin = from == 0 ? "" : "##";
        int to = word.length();
        Integer number = codes.get(begin + word.substring(from, to));
        while (number == null && to > from + 1) {
          to = word.offsetByCodePoints(to, -1);
          number = to == from ? null : codes.get(begin + word.substring(from, to));
        }
        if (number == null) {
          break;
        }
        found.add(number);
        from = to;
      }
    }
    if (from == word.length()) {
      numbers.addAll(found);
    } else {
      numbers.add(codes.get(UNKNOWN));
    }
  }

  /** Returns the number of pieces. */
  @Override
  public String toString() {
    return "WordPiece of %s pieces".formatted(codes.size());
  }
}
