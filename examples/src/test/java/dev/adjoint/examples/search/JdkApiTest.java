package dev.adjoint.examples.search;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JdkApiTest {

  private static final String SOURCE =
      """
      package a.b;
      import java.util.List;
      public class Box<T> {
        /** Puts <b>a thing</b> into {@link Box the box} &amp; closes it. More is said here. */
        public void put(T thing, List<? super T> others) {}
        /** {@return how many things {@link #put} and {@link List#add} brought} */
        public int size() { return 0; }
        /** Two words. */
        public void few() {}
        /** Puts a thing that nobody sees. */
        void hidden() {}
        /** Creates a new empty box. */
        public Box() {}
        /** Says the same in two classes. */
        public void same() {}
        public void silent() {}
        public interface Lid {
          /** Opens it by {@code key}s, or by {@link #open force}. */
          boolean open(String... keys);
          /** Opens it by {@code key}s, or by {@link #open force}. */
          boolean open(char[] keys);
        }
        private static class Inside {
          /** Is in no public class. */
          public void inside() {}
        }
        public enum Size {
          SMALL;
          /** Says the same in two classes. */
          public void same() {}
        }
      }
      """;

  @TempDir private Path directory;

  private Path zip() throws IOException {
    Path file = directory.resolve("src.zip");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (String name : new String[] {"java.base/a/b/Box.java", "a/bc/Box.java", "a/b/x.txt"}) {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(SOURCE.getBytes(UTF_8));
      }
    }
    return file;
  }

  @Test
  void publicMethodsAreReadWithTheirFirstSentences() throws IOException {
    assertThat(JdkApi.read(zip(), List.of("a.b")))
        .containsExactly(
            new ApiMethod(
                "a.b.Box",
                "put(T thing, List<? super T> others)",
                "Puts a thing into the box & closes it."),
            new ApiMethod("a.b.Box", "size()", "Returns how many things put and List.add brought."),
            new ApiMethod("a.b.Box.Lid", "open(String[] keys)", "Opens it by keys, or by force."));
    assertThat(JdkApi.read(zip(), List.of("b"))).isEmpty();
  }

  @Test
  void aSignatureHasNoPackageAndItsWordsAreApart() {
    ApiMethod method = new ApiMethod("java.util.Map.Entry", "comparingByKey(K[] cmp)", "");
    assertThat(method.signature()).isEqualTo("Map.Entry.comparingByKey(K[] cmp)");
    assertThat(method.words()).isEqualTo("Map Entry comparing By Key(K[] cmp)");
    assertThat(method.outerClass()).isEqualTo("java.util.Map");
  }

  @Test
  void whatIsMissingIsSaid() {
    Path file = directory.resolve("none.zip");
    assertThatThrownBy(() -> JdkApi.read(file, List.of("a")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageStartingWith(file + ": no such file; expected the sources of a JDK");
  }

  @Test
  void noClassIsBothLearnedFromAndJudgedBy() {
    List<ApiMethod> methods =
        IntStream.range(0, 100)
            .mapToObj(i -> new ApiMethod("p.C%d.D%d".formatted(i / 4, i), "m()", "s"))
            .toList();
    Split split = Split.of(methods, 1000, 7);
    assertThat(split.heldClasses()).isEqualTo(5);
    assertThat(split.held()).hasSize(20);
    assertThat(split.all()).containsExactlyInAnyOrderElementsOf(methods);
    assertThat(split.training())
        .extracting(ApiMethod::outerClass)
        .doesNotContainAnyElementsOf(split.held().stream().map(ApiMethod::outerClass).toList());
    assertThat(Split.of(methods, 1000, 7)).isEqualTo(split);
    assertThat(Split.of(methods, 1000, 8)).isNotEqualTo(split);
    assertThat(Split.of(methods, 42, 7).all()).hasSize(40);
  }

  @Test
  void recallIsOfRanks() {
    assertThat(Recall.of(new int[] {1, 2, 10, 11, 0}))
        .isEqualTo(new Recall(0.2, 0.6, (1 + 0.5 + 0.1 + 1 / 11.0) / 5));
  }
}
