package dev.adjoint.nn.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.common.hash.Hashing;
import dev.adjoint.io.Safetensors;
import dev.adjoint.io.SealedFile;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads thousands of damaged and of forged files: each is refused by the one exception for that, or
 * is a predictor that predicts or refuses its input; and none takes memory for what it only claims.
 */
class HostilePredictorsTest {

  private static final String[] VALUES = {
    "",
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "1000000000",
    "2147483647",
    "2147483648",
    "1e-3",
    "NaN",
    "true",
    "false",
    "3,3",
    "1,2,3,4,5,6,7,8,9",
    ",",
    "RELU",
    "x",
    " ",
    "="
  };

  @TempDir private Path directory;

  private final Random random = new Random(1);

  private Path file() {
    return directory.resolve("model.safetensors");
  }

  private static long allocated() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  private SealedFile saved(Models.Case one) throws IOException {
    Predictor.of((Transform) one.model()).save(file());
    return SealedFile.load(file());
  }

  /** Seals a file and writes it: like saving, but without waiting for the disk. */
  private void write(SealedFile sealed) throws IOException {
    Map<String, String> texts = new LinkedHashMap<>(sealed.metadata());
    texts.put("sha256", Hashing.sha256().hashBytes(bytes(sealed.tensors(), texts)).toString());
    Files.write(file(), bytes(sealed.tensors(), texts));
  }

  private static byte[] bytes(Map<String, Tensor> tensors, Map<String, String> texts)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Safetensors.save(out, tensors, texts);
    return out.toByteArray();
  }

  @Test
  void damagedFilesAreRefused() throws IOException {
    for (Models.Case one : Models.all()) {
      saved(one);
      byte[] whole = Files.readAllBytes(file());
      for (int i = 0; i < 150; i++) {
        byte[] damaged =
            random.nextInt(4) == 0
                ? Arrays.copyOf(whole, random.nextInt(whole.length))
                : whole.clone();
        if (damaged.length == whole.length) {
          damaged[random.nextInt(whole.length)] ^= (byte) (1 << random.nextInt(8));
        }
        Files.write(file(), damaged);
        try {
          // What is not refused was damaged where it does not matter: white space of the header.
          Predictor loaded = Predictor.load(file(), Models.OWN);
          Files.write(file(), whole);
          assertThat(loaded.predict(one.x()).toFloatArray())
              .isEqualTo(Predictor.load(file(), Models.OWN).predict(one.x()).toFloatArray());
        } catch (TensorFormatException expected) {
          // Any other exception fails the test.
        }
      }
    }
  }

  @Test
  void forgedFilesAreRefusedOrPredict() throws IOException {
    int predicted = 0;
    int refused = 0;
    for (Models.Case one : Models.all()) {
      SealedFile whole = saved(one);
      for (int i = 0; i < 300; i++) {
        write(forged(whole));
        long before = allocated();
        Predictor loaded = null;
        try {
          loaded = Predictor.load(file(), Models.OWN);
        } catch (TensorFormatException e) {
          refused++;
        }
        assertThat(allocated() - before).as("bytes taken").isLessThan(5_000_000);
        if (loaded != null) {
          predicted += predictsOrRefuses(loaded, one.x());
        }
      }
    }
    assertThat(predicted).as("forged files that predict").isGreaterThan(50);
    assertThat(refused).as("forged files that are refused").isGreaterThan(1000);
  }

  /** Predicts, unless the forged sizes would make the work large. */
  private static int predictsOrRefuses(Predictor predictor, Tensor x) {
    if (predictor.toString().matches("(?s).*[0-9]{9}.*")) {
      return 0;
    }
    try {
      predictor.predict(x);
      return 1;
    } catch (IllegalArgumentException | IllegalStateException expected) {
      return 0; // Any other exception fails the test.
    }
  }

  /** Changes the text or the tensors, and seals the file anew. */
  private SealedFile forged(SealedFile whole) {
    Map<String, String> texts = new LinkedHashMap<>(whole.metadata());
    Map<String, Tensor> tensors = new LinkedHashMap<>(whole.tensors());
    for (int rounds = 1 + random.nextInt(2); rounds > 0; rounds--) {
      if (random.nextInt(3) > 0) {
        texts.computeIfPresent("adjoint.architecture", (key, text) -> forged(text));
      } else {
        List<String> names = new ArrayList<>(tensors.keySet());
        String name = names.get(random.nextInt(names.size()));
        Tensor tensor = tensors.get(name);
        switch (random.nextInt(4)) {
          case 0 -> tensors.remove(name);
          case 1 -> tensors.put(name, tensor.unsqueeze(0));
          case 2 -> tensors.put(name, Tensors.zeros(random.nextInt(4), random.nextInt(4)));
          default -> tensors.put(names.get(random.nextInt(names.size())) + "0", tensor);
        }
      }
    }
    return new SealedFile(tensors, texts);
  }

  private String forged(String text) {
    List<String> lines = new ArrayList<>(text.lines().toList());
    if (lines.isEmpty()) {
      return text;
    }
    int at = random.nextInt(lines.size());
    String line = lines.get(at);
    switch (random.nextInt(8)) {
      case 0 -> lines.remove(at);
      case 1 -> lines.add(random.nextInt(lines.size()), line);
      case 2 -> lines.set(at, "  " + line);
      case 3 -> lines.set(at, line.substring(random.nextInt(line.length() + 1)));
      case 4 -> lines.set(at, line.replaceFirst(" [a-z_]+=[^ ]*", ""));
      case 5 -> {
        String other = lines.get(random.nextInt(lines.size()));
        lines.set(at, line.replaceFirst("[A-Z]\\w+.*", other.replaceFirst("[^A-Z]*", "")));
      }
      default -> {
        List<Integer> places = new ArrayList<>();
        for (int i = line.indexOf('='); i >= 0; i = line.indexOf('=', i + 1)) {
          places.add(i + 1);
        }
        if (!places.isEmpty()) {
          int from = places.get(random.nextInt(places.size()));
          int to = line.indexOf(' ', from) < 0 ? line.length() : line.indexOf(' ', from);
          String value = VALUES[random.nextInt(VALUES.length)];
          lines.set(at, line.substring(0, from) + value + line.substring(to));
        }
      }
    }
    return String.join("\n", lines) + "\n";
  }

  private void refuses(String architecture, Map<String, Tensor> tensors, String reason)
      throws IOException {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("adjoint.architecture", architecture);
    texts.put("adjoint.features", "");
    texts.put("adjoint.labels", "");
    write(new SealedFile(tensors, texts));
    assertThatExceptionOfType(TensorFormatException.class)
        .isThrownBy(() -> Predictor.load(file()))
        .withMessage(file() + ": no predictor: " + reason);
  }

  @Test
  void theReasonSaysWhichLine() throws IOException {
    Tensor weight = Tensors.zeros(2, 3);
    refuses("", Map.of(), "architecture, line 1: the end; expected the model");
    refuses(
        "Runtime command=reboot",
        Map.of(),
        "architecture, line 1: 'Runtime' is none of the classes that are known; expected its"
            + " constructor to be given to load");
    refuses(
        "Linear in=3",
        Map.of("weight", weight),
        "architecture, line 1: Linear: no setting 'out'; expected one");
    refuses(
        "Linear in=3 out=4",
        Map.of("weight", weight),
        "architecture, line 1: Linear: weight of shape (2, 3); expected (4, 3)");
    refuses(
        "Linear in=3 out=-2",
        Map.of("weight", weight),
        "architecture, line 1: Linear: out=-2; expected a whole number of at least 0");
    refuses(
        "LayerNorm features=2 epsilon=0 channels_first=false",
        Map.of(),
        "architecture, line 1: LayerNorm: channels_first=false; expected true");
    refuses(
        "Linear in=3 out=2",
        Map.of("weight", weight, "scale", Tensors.zeros(2)),
        "architecture, line 1: Linear: no tensor 'shift'; expected one");
    refuses(
        "Linear in=3 out=2 stride=1 out=3",
        Map.of("weight", weight),
        "architecture, line 1: 'out=3'; expected name=value, each name once");
    refuses(
        "Linear in=3 out=2 stride=1",
        Map.of("weight", weight, "slope", weight),
        "architecture, line 1: Linear: unknown setting 'stride', tensor 'slope'");
    refuses(
        "Linear in=3 out=2",
        Map.of("weight", weight, "1.weight", weight),
        "architecture: no line for the tensors of '1'");
    refuses(
        "Sequential\n  0: Flatten\n  0: Flatten",
        Map.of(),
        "architecture, line 3: '0' is there for a second time");
    refuses(
        "Sequential\n  0: Flatten\n      0: Flatten",
        Map.of(),
        "architecture, line 3: a line that belongs to nothing above it");
    refuses(
        "Sequential\n  Flatten",
        Map.of(),
        "architecture, line 2: expected it to begin with a name and a colon");
    refuses(
        "Sequential\n  0: Activation function=GHOST",
        Map.of(),
        "architecture, line 2: Activation: function=GHOST; expected one of [IDENTITY, RELU,"
            + " LEAKY_RELU, ELU, SELU, GELU, SILU, SOFTPLUS, LOG_SIGMOID, MISH, SOFTSIGN,"
            + " HARDTANH, TANH, SIGMOID]");
    refuses(
        "Residual\n  body: Flatten",
        Map.of(),
        "architecture, line 1: Residual: no part 'shortcut'; expected one");
    refuses(
        "LSTM in=3 hidden=1 layers=1\n  dropout: Flatten",
        Map.of(),
        "architecture, line 1: LSTM: dropout is a Flatten; expected a Dropout");
  }

  @Test
  void sizesThatNothingCanHaveAreRefused() throws IOException {
    refuses(
        "GRU in=3 hidden=1 layers=0\n  dropout: Dropout probability=0",
        Map.of(),
        "architecture, line 1: GRU: layers 0; expected at least 1");
    refuses(
        "Conv1d in=3 out=2 kernel=1 stride=1 padding=0 dilation=1 groups=0",
        Map.of("weight", Tensors.zeros(2, 3, 1)),
        "architecture, line 1: groups: [0]; expected at least 1");
  }

  @Test
  void aTowerOfLayersDoesNotOverflowTheStack() throws IOException {
    StringBuilder text = new StringBuilder("Sequential\n");
    for (int depth = 1; depth < 3000; depth++) {
      text.append("  ".repeat(depth)).append("0: Sequential\n");
    }
    refuses(
        text.toString(), Map.of(), "architecture, line 66: within 65 others; expected at most 64");
  }
}
