package dev.adjoint.examples.text;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Numbers the pieces of a text: words that are frequent, with the space before, and all characters,
 * of which the other words are made.
 */
public final class Pieces {

  private static final Pattern WORD = Pattern.compile(" ?\\p{L}+|.", Pattern.DOTALL);

  private final List<String> pieces;
  private final Map<String, Integer> codes = new TreeMap<>();

  private Pieces(List<String> pieces) {
    this.pieces = pieces;
    pieces.forEach(piece -> codes.put(piece, codes.size()));
  }

  /**
   * Collects the pieces of a text.
   *
   * @param text all characters that can be encoded are in it
   * @param often a word that occurs so many times is a piece
   */
  public static Pieces of(String text, int often) {
    TreeSet<String> pieces = new TreeSet<>();
    text.codePoints().mapToObj(Character::toString).forEach(pieces::add);
    Map<String, Integer> counts = new TreeMap<>();
    words(text).forEach(word -> counts.merge(word.strip(), 1, Integer::sum));
    words(text).stream()
        .filter(word -> counts.getOrDefault(word.strip(), 0) >= often)
        .forEach(pieces::add);
    return new Pieces(List.copyOf(pieces));
  }

  private static List<String> words(String text) {
    return WORD.matcher(text).results().map(MatchResult::group).toList();
  }

  /** Returns how many pieces there are. */
  public int size() {
    return pieces.size();
  }

  /** Returns the numbers of the pieces of a text, whose characters are known. */
  public int[] encode(String text) {
    List<Integer> encoded = new ArrayList<>();
    for (String word : words(text)) {
      Integer code = codes.get(word);
      if (code != null) {
        encoded.add(code);
      } else {
        word.codePoints().mapToObj(c -> codes.get(Character.toString(c))).forEach(encoded::add);
      }
    }
    return encoded.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Returns the text of pieces. */
  public String decode(int[] text) {
    return IntStream.of(text).mapToObj(pieces::get).collect(joining());
  }
}
