package dev.adjoint.training.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.training.ForkedJvm;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads files that were made to do harm, in a process that has 256 MB of memory. {@code
 * -Dhostile=true} reads more of them than a usual build has time for.
 */
class HostileFilesTest {

  private static final boolean SLOW = Boolean.getBoolean("hostile");

  @TempDir private Path directory;

  @Test
  @Timeout(600)
  void everyKindIsRefusedWithinTimeAndMemory() throws Exception {
    Process process =
        ForkedJvm.start(
            List.of("-Xmx256m"),
            HostileReading.class,
            List.of(directory.toString(), Boolean.toString(SLOW)));
    String table = new String(process.getInputStream().readAllBytes(), UTF_8);
    System.out.print(table);
    assertThat(process.waitFor()).as("%s", table).isZero();
    assertThat(table.lines()).hasSizeGreaterThan(35);
  }
}
