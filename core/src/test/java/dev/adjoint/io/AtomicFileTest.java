package dev.adjoint.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {

  @TempDir Path directory;

  private static void write(Path file, String content) throws IOException {
    AtomicFile.write(file, out -> out.write(content.getBytes(UTF_8)));
  }

  private void assertOnly(String name, String content) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).containsExactly(directory.resolve(name));
    }
    assertThat(directory.resolve(name)).hasContent(content);
  }

  @Test
  void aFileIsWrittenAndReplaced() throws IOException {
    Path file = directory.resolve("file");
    write(file, "old");
    assertOnly("file", "old");
    write(file, "new");
    assertOnly("file", "new");
  }

  @Test
  void theOldFileIsThereUntilTheNewOneIsWhole() throws IOException {
    Path file = directory.resolve("file");
    write(file, "old");
    AtomicFile.write(
        file,
        out -> {
          out.write(new byte[1 << 20]);
          out.flush();
          assertThat(file).hasContent("old");
          out.write(1);
          out.close(); // as by a stream around it
        });
    assertThat(file).hasSize((1 << 20) + 1);
  }

  @Test
  void aReaderNeverSeesAPart() throws Exception {
    Path file = directory.resolve("file");
    byte[] content = new byte[1 << 17];
    AtomicFile.write(file, out -> out.write(content));
    AtomicBoolean done = new AtomicBoolean();
    Callable<Integer> reader =
        () -> {
          int reads = 0;
          for (; !done.get() || reads == 0; reads++) {
            byte[] read = Files.readAllBytes(file);
            byte[] whole = new byte[1 << 17];
            Arrays.fill(whole, read[0]);
            assertThat(Arrays.equals(read, whole)).as("a whole file").isTrue();
          }
          return reads;
        };
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Future<Integer> reads = thread.submit(reader);
      for (int i = 1; i < 50; i++) {
        Arrays.fill(content, (byte) i);
        AtomicFile.write(file, out -> out.write(content));
      }
      done.set(true);
      assertThat(reads.get()).isPositive();
    }
  }

  @Test
  void aFailureLeavesTheOldFileAndNothingElse() throws IOException {
    Path file = directory.resolve("file");
    write(file, "old");
    for (Throwable failure : new Throwable[] {new IOException("full"), new AssertionError()}) {
      assertThatThrownBy(() ->
              AtomicFile.write(
                  file,
                  out -> {
                    out.write(new byte[1 << 20]);
                    if (failure instanceof IOException e) {
                      throw e;
                    }
                    throw (Error) failure;
                  }))
          .isSameAs(failure);
      assertOnly("file", "old");
    }
  }

  @Test
  void aDirectoryIsMadeForWhoeverAsks() throws IOException {
    Path file = directory.resolve("a/b/file");
    AtomicFile.createDirectoryOf(file);
    AtomicFile.createDirectoryOf(file);
    AtomicFile.createDirectoryOf(directory.getRoot());
    write(file, "new");
    assertThat(file).hasContent("new");
  }

  @Test
  void aDirectoryThatIsNotThereIsNotMade() {
    assertThatThrownBy(() -> write(directory.resolve("missing/file"), "new"))
        .isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> write(directory.getRoot(), "new"))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("a root, not a file");
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "it has no such permissions")
  void permissionsStay() throws IOException {
    Path file = directory.resolve("file");
    Path ordinary = Files.createFile(directory.resolve("ordinary"));
    write(file, "old");
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(Files.getPosixFilePermissions(ordinary));
    Set<PosixFilePermission> secret = PosixFilePermissions.fromString("rw-------");
    Files.setPosixFilePermissions(file, secret);
    write(file, "new");
    assertThat(Files.getPosixFilePermissions(file)).isEqualTo(secret);
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "it has no such owners")
  void theOwnerStays() throws IOException {
    Path file = directory.resolve("file");
    write(file, "old");
    UserPrincipal other =
        file.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody");
    try {
      Files.setOwner(file, other);
    } catch (FileSystemException e) {
      assumeThat(e).as("who runs this test may give files away").isNull();
    }
    write(file, "new");
    assertThat(Files.getOwner(file)).isEqualTo(other);
  }

  @Test
  void whatAKilledWriterLeftOverIsRemoved() throws IOException {
    Path file = directory.resolve("file");
    List<Path> others = new ArrayList<>();
    for (String name :
        new String[] {".file.tmp", ".file.xyz.tmp", ".other.12ab.tmp", "file.1.tmp"}) {
      others.add(Files.createFile(directory.resolve(name)));
    }
    others.add(Files.createDirectory(directory.resolve(".file.ffff.tmp")));
    Files.createFile(directory.resolve(".file.12ab.tmp"));
    Files.createFile(directory.resolve(".file.0123456789abcdef.tmp"));
    write(file, "new");
    others.add(file);
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).containsExactlyInAnyOrderElementsOf(others);
    }
  }

  @Test
  void whatAWriterOfThisProcessStillWritesStays() throws IOException {
    Path file = directory.resolve("file");
    AtomicFile.write(
        file,
        out -> {
          out.write("outer".getBytes(UTF_8));
          write(file, "inner"); // which looks for leftovers
        });
    assertOnly("file", "outer");
  }

  @Test
  void whatAnotherProcessStillWritesStays() throws Exception {
    Path held = directory.resolve(".file.12ab.tmp");
    Process writer =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                String.join(
                    File.pathSeparator,
                    System.getProperty("java.class.path"),
                    System.getProperty("jdk.module.path", ""),
                    Path.of("target", "test-classes").toString()),
                LockedFile.class.getName(),
                held.toString())
            .start();
    try {
      assertThat(writer.getInputStream().read()).isEqualTo('1');
      write(directory.resolve("file"), "new");
      assertThat(held).exists();
    } finally {
      writer.destroyForcibly().waitFor();
    }
    write(directory.resolve("file"), "newer");
    assertOnly("file", "newer");
  }

  @Test
  void renamingIsTriedAgainWhileTheFileIsHeld() throws IOException {
    AtomicInteger attempts = new AtomicInteger();
    AtomicFile.retry(
        AtomicFile.MAX_WAIT_MILLIS,
        () -> {
          return switch (attempts.incrementAndGet()) {
            case 1 -> throw new AccessDeniedException("file");
            case 2 -> throw new FileSystemException("file", null, "used by another process");
            default -> attempts;
          };
        });
    assertThat(attempts).hasValue(3);
  }

  @Test
  void whatWillNotHelpIsNotTriedAgain() {
    AtomicInteger attempts = new AtomicInteger();
    assertThatThrownBy(() ->
            AtomicFile.retry(
                AtomicFile.MAX_WAIT_MILLIS,
                () -> {
                  attempts.incrementAndGet();
                  throw new NoSuchFileException("file");
                }))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(attempts).hasValue(1);
  }

  @Test
  void aFileThatStaysHeldIsReported() {
    AtomicInteger attempts = new AtomicInteger();
    assertThatThrownBy(() ->
            AtomicFile.retry(
                16,
                () -> {
                  attempts.incrementAndGet();
                  throw new AccessDeniedException("file");
                }))
        .isInstanceOf(AccessDeniedException.class);
    assertThat(attempts).hasValue(6); // after waits of 1, 2, 4, 8 and 16 milliseconds
  }

  @Test
  void aDirectoryIsNotReplaced() throws IOException {
    Path file = directory.resolve("file");
    Files.createDirectories(file);
    assertThatThrownBy(() -> write(file, "new"))
        .isInstanceOf(FileSystemException.class)
        .hasMessage(file + ": is a directory; expected a file");
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void anInterruptEndsTheWait() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() ->
            AtomicFile.retry(
                AtomicFile.MAX_WAIT_MILLIS,
                () -> {
                  throw new AccessDeniedException("file");
                }))
        .isInstanceOf(InterruptedIOException.class);
    assertThat(Thread.interrupted()).isTrue();
  }
}
