package dev.adjoint.io;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Damages files in the ways of accidents and of attackers, the same ways for the same seed. */
final class Mutator {

  private static final Pattern NUMBER = Pattern.compile("\\d+");

  private static final String[] NUMBERS = {
    "0",
    "1",
    "2",
    "3",
    "4",
    "6",
    "8",
    "24",
    "-1",
    "1.5",
    "1e9",
    "255",
    "65536",
    "2147483647",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616"
  };

  private final Random random;

  Mutator(long seed) {
    random = new Random(seed);
  }

  /** Returns the damaged file; the other one is what pieces come from. */
  byte[] mutate(byte[] file, byte[] other) {
    byte[] result = file;
    for (int rounds = 1 + random.nextInt(2); rounds > 0; rounds--) {
      result =
          switch (random.nextInt(6)) {
            case 0 -> flip(result);
            case 1 -> Arrays.copyOf(result, random.nextInt(result.length + 9)); // cut, or zeros
            case 2 -> splice(result, other);
            case 3, 4 -> number(result);
            default -> word(result);
          };
    }
    return result;
  }

  private byte[] flip(byte[] file) {
    byte[] result = file.clone();
    if (file.length > 0) {
      result[random.nextInt(file.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return result;
  }

  /** Replaces a piece by a piece of the other file, of any length. */
  private byte[] splice(byte[] file, byte[] other) {
    int from = random.nextInt(file.length + 1);
    int to = Math.min(file.length, from + random.nextInt(40));
    int begin = random.nextInt(other.length + 1);
    int end = Math.min(other.length, begin + random.nextInt(40));
    return replace(file, from, to, Arrays.copyOfRange(other, begin, end));
  }

  /** Replaces a number in a text by another one. */
  private byte[] number(byte[] file) {
    List<MatchResult> numbers = new ArrayList<>();
    NUMBER.matcher(new String(file, ISO_8859_1)).results().forEach(numbers::add);
    if (numbers.isEmpty()) {
      return file;
    }
    MatchResult number = numbers.get(random.nextInt(numbers.size()));
    byte[] text = NUMBERS[random.nextInt(NUMBERS.length)].getBytes(ISO_8859_1);
    return replace(file, number.start(), number.end(), text);
  }

  /** Overwrites two, four or eight bytes by a binary number that is small, large or negative. */
  private byte[] word(byte[] file) {
    byte[] result = file.clone();
    int at = random.nextInt(4) == 0 ? 0 : random.nextInt(file.length + 1);
    long value = random.nextLong() >> random.nextInt(64);
    for (int i = at; i < Math.min(file.length, at + (2 << random.nextInt(3))); i++) {
      result[i] = (byte) value;
      value >>= 8;
    }
    return result;
  }

  private static byte[] replace(byte[] file, int from, int to, byte[] piece) {
    byte[] result = Arrays.copyOf(file, from + piece.length + file.length - to);
    System.arraycopy(piece, 0, result, from, piece.length);
    System.arraycopy(file, to, result, from + piece.length, file.length - to);
    return result;
  }
}
