package dev.adjoint.nn.golden;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Holds one case that PyTorch computed in float64: what went in, and what came out.
 *
 * <p>A file under {@code golden/} is a case, each of its lines an option or a tensor:
 *
 * <pre>
 * option NAME VALUE
 * ROLE NAME SIZES : ELEMENT ELEMENT ...
 * </pre>
 *
 * where SIZES is {@code 2x3} for shape (2, 3) and {@code -} for a scalar, and ROLE one of {@link
 * Role} or {@code index} for whole numbers. Names and layouts are those of PyTorch; a boolean mask
 * is an input of 0 and 1. The option {@code source} names what was called.
 */
public final class Golden {

  /** Says what a tensor is in its case. */
  public enum Role {
    /** What the forward pass is given; a mask or the like has no gradient. */
    INPUT,
    /** A parameter or buffer before the forward pass, under its name in PyTorch's state_dict. */
    STATE,
    /** The cotangent of an output; gradients are those of the sum of output * seed. */
    SEED,
    /** What the forward pass returns. */
    OUTPUT,
    /** The gradient of an input or parameter. */
    GRAD,
    /** A buffer after the forward pass. */
    AFTER
  }

  private final String name;
  private final Map<String, String> options = new LinkedHashMap<>();
  private final Map<String, IntTensor> indices = new LinkedHashMap<>();
  private final Map<Role, Map<String, Tensor>> tensors = new EnumMap<>(Role.class);

  private Golden(String name, String text) {
    this.name = name;
    for (Role role : Role.values()) {
      tensors.put(role, new LinkedHashMap<>());
    }
    text.lines().forEach(this::readLine);
  }

  /** Reads the file {@code golden/NAME.txt}. */
  public static Golden read(String name) {
    try (InputStream file = Golden.class.getResourceAsStream("/golden/" + name + ".txt")) {
      if (file == null) {
        throw new IllegalArgumentException("Golden: no file golden/%s.txt".formatted(name));
      }
      return parse(name, new String(file.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads a case from the text of its file. */
  static Golden parse(String name, String text) {
    return new Golden(name, text);
  }

  /** Returns the names of the files that begin with a prefix, in alphabetical order. */
  public static Stream<String> names(String prefix) {
    Path directory;
    try {
      directory = Path.of(Objects.requireNonNull(Golden.class.getResource("/golden")).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString().replaceFirst("\\.txt$", ""))
          .filter(name -> name.startsWith(prefix))
          .sorted()
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the name of the file, without its ending. */
  public String name() {
    return name;
  }

  /** Tells whether there is an option. */
  public boolean has(String option) {
    return options.containsKey(option);
  }

  /** Returns the value of an option. */
  public String option(String option) {
    return get("option", options, option);
  }

  /** Returns a tensor of whole numbers. */
  public IntTensor index(String index) {
    return get("index", indices, index);
  }

  /** Returns a float64 tensor. */
  public Tensor get(Role role, String tensor) {
    return get(word(role), all(role), tensor);
  }

  /** Returns all float64 tensors of a role by name, in the order of the file. */
  public Map<String, Tensor> all(Role role) {
    return Collections.unmodifiableMap(Objects.requireNonNull(tensors.get(role)));
  }

  private <V> V get(String kind, Map<String, V> values, String key) {
    V value = values.get(key);
    if (value == null) {
      throw new IllegalArgumentException(
          "golden/%s.txt: no %s %s; expected one of %s"
              .formatted(name, kind, key, values.keySet()));
    }
    return value;
  }

  private void readLine(String line) {
    String[] words = line.split(" ", -1);
    if (words[0].equals("option") && words.length == 3) {
      put(line, options, words[1], words[2]);
      return;
    }
    if (words.length < 5 || !words[3].equals(":")) {
      throw malformed(line);
    }
    int[] sizes =
        words[2].equals("-")
            ? new int[0]
            : Stream.of(words[2].split("x", -1)).mapToInt(Integer::parseInt).toArray();
    Stream<String> elements = Stream.of(words).skip(4);
    if (words[0].equals("index")) {
      int[] values = elements.mapToInt(Integer::parseInt).toArray();
      put(line, indices, words[1], IntTensor.of(values, sizes));
      return;
    }
    Role role =
        Stream.of(Role.values())
            .filter(r -> word(r).equals(words[0]))
            .findAny()
            .orElseThrow(() -> malformed(line));
    double[] values = elements.mapToDouble(Double::parseDouble).toArray();
    put(line, tensors.get(role), words[1], Tensor.of(values, sizes));
  }

  private <V> void put(String line, Map<String, V> values, String key, V value) {
    if (values.putIfAbsent(key, value) != null) {
      throw malformed(line);
    }
  }

  private IllegalArgumentException malformed(String line) {
    return new IllegalArgumentException(
        "golden/%s.txt: cannot read, or not a second time: %s".formatted(name, line));
  }

  private static String word(Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }
}
