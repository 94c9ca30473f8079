package com.example.starter;

import module dev.adjoint;
import module java.base;

/** The data: customers of whom it is known whether they left. */
final class Customers {

  /** What is in the file. Change this first when you put your own file in its place. */
  static final Schema<IntTensor> SCHEMA =
      Schema.label("outcome")
          .numeric("months", "charges")
          .category("contract", "month to month", "one year", "two years");

  private static final String[] CONTRACTS = {"month to month", "one year", "two years"};

  private Customers() {}

  /** Reads a CSV file with a header. */
  static Table<IntTensor> read(Path csv) throws IOException {
    return Csv.read(csv, SCHEMA);
  }

  /** Writes a CSV file of customers that are drawn at random. */
  static void write(Path csv, int count, Generator generator) throws IOException {
    int[] contracts = generator.integers(CONTRACTS.length, count).toArray();
    float[] months = generator.uniform(count).times(60).toFloatArray();
    float[] charges = generator.uniform(count).times(80).plus(20).toFloatArray();
    float[] mood = generator.normal(count).toFloatArray();
    List<String> lines = new ArrayList<>();
    lines.add("months,charges,contract,outcome");
    for (int i = 0; i < count; i++) {
      // Who is new and pays much leaves, unless a contract says otherwise.
      double score = charges[i] / 20 - months[i] / 10 - 1.5 * contracts[i] + 0.5 * mood[i];
      lines.add(
          String.format(
              Locale.ROOT,
              "%.0f,%.2f,%s,%s",
              months[i],
              charges[i],
              CONTRACTS[contracts[i]],
              score > 0 ? "leaves" : "stays"));
    }
    Files.createDirectories(csv.toAbsolutePath().getParent());
    Files.write(csv, lines);
  }
}
