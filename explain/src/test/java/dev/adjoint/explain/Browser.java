package dev.adjoint.explain;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.common.base.Splitter;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A headless Chromium, if this machine has one. */
final class Browser {

  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

  private Browser() {}

  /**
   * Returns the document of a page after its scripts have run; skips the test without a browser.
   */
  static String document(Path page, Path directory) throws IOException, InterruptedException {
    Optional<Path> browser =
        Splitter.on(File.pathSeparator)
            .splitToStream(System.getenv().getOrDefault("PATH", ""))
            .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(browser.isPresent(), "none of " + NAMES + " is on the path: the script is not run");
    Path document = directory.resolve("document.html");
    Process process =
        new ProcessBuilder(
                browser.get().toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--user-data-dir=" + directory.resolve("profile"),
                "--virtual-time-budget=2000",
                "--dump-dom",
                page.toUri().toString())
            .redirectOutput(document.toFile())
            .redirectError(directory.resolve("browser.log").toFile())
            .start();
    boolean ended = process.waitFor(60, TimeUnit.SECONDS);
    process.destroyForcibly();
    assumeTrue(ended, "the browser did not end within a minute: the script is not run");
    return Files.readString(document, StandardCharsets.UTF_8);
  }
}
