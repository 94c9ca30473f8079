package dev.adjoint.spark;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.hash.Hashing;
import dev.adjoint.nn.predict.Predictor;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;

/**
 * The bytes of a predictor's file, of which each JVM makes one predictor for all its threads.
 *
 * @param version of the driver
 */
record PredictorFile(byte[] bytes, String digest, String version) implements Serializable {

  private static final Cache<String, Predictor> LOADED =
      CacheBuilder.newBuilder().maximumSize(16).build();

  static PredictorFile of(byte[] bytes) {
    return new PredictorFile(
        bytes, Hashing.sha256().hashBytes(bytes).toString(), Versions.driver());
  }

  static PredictorFile of(Predictor predictor) throws IOException {
    Path file = Files.createTempFile("adjoint", ".predictor");
    try {
      predictor.save(file);
      return of(Files.readAllBytes(file));
    } finally {
      Files.delete(file);
    }
  }

  /**
   * Returns the predictor, which is loaded unless this JVM has it.
   *
   * @throws IllegalStateException if this JVM has another version than the driver
   */
  Predictor predictor() {
    Versions.require(version);
    try {
      return LOADED.get(digest, this::load);
    } catch (ExecutionException e) {
      throw new IllegalStateException("the predictor cannot be loaded: " + e.getMessage(), e);
    }
  }

  private Predictor load() throws IOException {
    Path file = Files.createTempFile("adjoint", ".predictor");
    try {
      Files.write(file, bytes);
      return Predictor.load(file);
    } finally {
      Files.delete(file);
    }
  }
}
