package dev.adjoint.spark;

import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serial;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;

/**
 * Asks an executor whether it has the Adjoint and the Java of the driver.
 *
 * <p>It never changes, so that those of all versions understand it.
 */
final class Versions implements Function<String, String> {

  @Serial private static final long serialVersionUID = 1;

  private static final String HERE = here();

  /**
   * Requires that executors have what the driver has.
   *
   * @throws IllegalStateException if one has not
   */
  static void check(JavaSparkContext spark) {
    int tasks = Math.max(spark.defaultParallelism(), 1);
    List<String> answers;
    try {
      answers =
          spark
              .parallelize(Collections.nCopies(tasks, HERE), tasks)
              .map(new Versions())
              .distinct()
              .collect();
    } catch (Exception e) {
      if (String.valueOf(e.getMessage()).contains("ClassNotFoundException")) {
        throw new IllegalStateException(
            "Spark: the executors do not find Adjoint; expected its jars in spark.jars, or those of"
                + " the program in spark-submit",
            e);
      }
      throw e;
    }
    for (String answer : answers) {
      require(HERE, answer);
    }
  }

  /** Requires that the driver has what is here. */
  static void require(String driver) {
    require(driver, HERE);
  }

  static String driver() {
    return HERE;
  }

  private static void require(String driver, String executor) {
    if (!driver.equals(executor)) {
      throw new IllegalStateException(
          "Spark: the driver has %s, an executor has %s; expected the same, or their bits may differ"
              .formatted(driver, executor));
    }
  }

  @Override
  public String call(String driver) {
    return HERE;
  }

  private static String here() {
    Properties properties = new Properties();
    try (InputStream in =
        Tensor.class.getResourceAsStream(
            "/META-INF/maven/dev.adjoint/adjoint-core/pom.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return "Adjoint %s on Java %d"
        .formatted(
            properties.getProperty("version", "without a version"), Runtime.version().feature());
  }
}
