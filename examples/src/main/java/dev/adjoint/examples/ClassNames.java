package dev.adjoint.examples;

/** Reports the Java runtime that the examples run on. */
public final class ClassNames {

  private ClassNames() {}

  /** Prints the version of the running JDK, and the arguments it was given. */
  public static void main(String[] args) {
    System.out.println("Running on Java " + Runtime.version() + " " + String.join(" ", args));
  }
}
