package dev.adjoint.spark;

import org.apache.spark.sql.SparkSession;

/** One Spark for all tests of a JVM: it takes seconds to start. */
final class LocalSpark {

  private static final SparkSession SESSION =
      SparkSession.builder()
          .master("local[2,4]")
          .config("spark.ui.enabled", false)
          .config("spark.driver.host", "127.0.0.1")
          .config("spark.driver.bindAddress", "127.0.0.1")
          .config("spark.sql.shuffle.partitions", 2)
          .config("spark.sql.codegen.wholeStage", false) // compiling takes seconds
          .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
          .config("spark.sql.warehouse.dir", "target/warehouse")
          .getOrCreate();

  private LocalSpark() {}

  static SparkSession session() {
    return SESSION;
  }

  /** Returns a session of the same Spark that generates code, as those of users do. */
  static SparkSession generating() {
    SparkSession session = SESSION.newSession();
    session.conf().set("spark.sql.codegen.wholeStage", true);
    session.conf().set("spark.sql.codegen.factoryMode", "FALLBACK");
    return session;
  }
}
